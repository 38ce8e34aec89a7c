"""What is kept of leads on their way in: mappings, runs with their parts, files and reports that arrive."""

from maxops.imports.models.arrivals import Answer, Upload
from maxops.imports.models.mappings import Mapping, MappingVersion, make_secret
from maxops.imports.models.runs import MOVING, OPEN_PARTS, SENDABLE, Part, Run, RunEvent, Tally

__all__ = [
    "MOVING",
    "OPEN_PARTS",
    "SENDABLE",
    "Answer",
    "Mapping",
    "MappingVersion",
    "Part",
    "Run",
    "RunEvent",
    "Tally",
    "Upload",
    "make_secret",
]
