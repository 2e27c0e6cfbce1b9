"""Balanced, validated panels of counts by unit and month."""

from northroute.panel.building import build
from northroute.panel.panel import Panel, Scaling
from northroute.panel.store import load, save
from northroute.panel.transforms import lag, log_rate, original_slope, standardise, within_between

__all__ = [
    "Panel",
    "Scaling",
    "build",
    "lag",
    "load",
    "log_rate",
    "original_slope",
    "save",
    "standardise",
    "within_between",
]
