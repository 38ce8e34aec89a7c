"""numpy where it is installed, None where not. It is loaded with the first thing that is asked of it: the check does,
the web server's workers hardly ever, and those stay smaller by a sixth.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Any


class Late:
    """Stands for the module until it is needed, and hands on whatever is asked."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module("numpy"), name)


np: Any = Late() if find_spec("numpy") else None
