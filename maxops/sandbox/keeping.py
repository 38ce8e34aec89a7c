"""What the stand-in remembers across a restart, so that a demo goes on where it was left. The tests never use it."""

import os
import pickle
from pathlib import Path

from maxops.sandbox.maxcontact.state import State

KEPT = (
    "records",
    "activity",
    "links",
    "skills",
    "passwords",
    "leads",
    "dnc",
    "mappings",
    "uploads",
    "callbacks",
    "emergency",
    "emergency_calls",
)


def keep(state: State, path: Path) -> None:
    """Written whole or not at all: the demo may be stopped at any moment."""
    with state.lock:
        state.settle()
        content = pickle.dumps({name: getattr(state, name) for name in KEPT})
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".new")
    unfinished.write_bytes(content)
    os.replace(unfinished, path)


def take_up(state: State, path: Path) -> None:
    """Nothing kept, or kept by another version: the stand-in starts as seeded."""
    try:
        kept = pickle.loads(path.read_bytes())
        values = {name: kept[name] for name in KEPT}
    except (OSError, pickle.UnpicklingError, AttributeError, ImportError, KeyError, TypeError, EOFError):
        return
    for name, value in values.items():
        setattr(state, name, value)
