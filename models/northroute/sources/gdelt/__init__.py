"""GDELT: from the provider's own files to incidents."""
