"""Tables, figures and the page: everything a reader sees, each stamped with what it rests on."""

from northroute.report.page import write
from northroute.report.site import DataSource, Picture, Section, Site

__all__ = ["DataSource", "Picture", "Section", "Site", "write"]
