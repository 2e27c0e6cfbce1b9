"""Maps of regions with their boundaries: rates and how sure they are, raw counts, hubs and corridor, and their section."""

from northroute.report.maps.kinds import rate_map, regions_map
from northroute.report.maps.values import alt_text, posterior, regions_text

__all__ = ["alt_text", "posterior", "rate_map", "regions_map", "regions_text"]
