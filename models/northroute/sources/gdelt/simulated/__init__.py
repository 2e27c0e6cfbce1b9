"""A simulated GDELT archive in the true formats, with known truth and the true faults."""

from northroute.sources.gdelt.simulated.archive import Archive, write
from northroute.sources.gdelt.simulated.world import CLEAN, ArchiveWorld, Faults, Truth

__all__ = ["CLEAN", "Archive", "ArchiveWorld", "Faults", "Truth", "write"]
