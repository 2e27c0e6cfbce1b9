"""The main job: from data to the page, step by step, each step kept."""

from northroute.workflow.recovery import Recovery, recover
from northroute.workflow.reproduce import Options, Result, reproduce

__all__ = ["Options", "Recovery", "Result", "recover", "reproduce"]
