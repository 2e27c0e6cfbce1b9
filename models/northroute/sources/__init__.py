"""Providers' files turned into tidy tables, one module a provider."""

from northroute.sources.table import Table

__all__ = ["Table"]
