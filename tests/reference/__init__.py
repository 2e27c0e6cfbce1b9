"""Published numbers with the small data they are of, typed in: tests of them need nothing that is not committed."""
