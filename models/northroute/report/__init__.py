"""Tables, figures and the page: everything a reader sees, each stamped with what it rests on."""

from northroute.report.page import write
from northroute.report.site import Site

__all__ = ["Site", "write"]
