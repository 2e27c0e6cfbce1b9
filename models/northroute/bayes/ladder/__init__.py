"""The ladder: from one rate for all to outcomes, places and reporting, each step one idea more than the last."""
