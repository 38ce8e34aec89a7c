"""One measurement in a process of its own: `python -m bench.way MODULE.FUNCTION {words}` prints what it found as JSON.

The functions stand in bench/ways; Django is set up before their modules are imported.
"""

import json
import sys
from importlib import import_module
from pathlib import Path

import django


def main() -> None:
    module, _, name = sys.argv[1].rpartition(".")
    django.setup()
    found = getattr(import_module(f"bench.ways.{module}"), name)(**json.loads(sys.argv[2]))
    print(json.dumps({**found, "rss": peak_memory()}))


def peak_memory() -> int:
    """MB at most so far. Not getrusage, which gives the peak of whoever started this process if that is higher."""
    line = next(line for line in Path("/proc/self/status").read_text("ascii").splitlines() if line.startswith("VmHWM:"))
    return round(int(line.split()[1]) / 1024)


if __name__ == "__main__":
    main()
