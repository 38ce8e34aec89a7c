"""The web server as the Procfile starts it, for the sections that need one."""

import subprocess
import sys
from pathlib import Path

from honcho.environ import parse_procfile

from bench.places import ROOT, Database, Place, WayFailed, free_port, wait_for


def start_web(place: Place, database: Database) -> int:
    """Its port. It ends with the run."""
    place.environment["PATH"] = f"{Path(sys.executable).parent}:{place.environment['PATH']}"
    port = free_port()
    place.environment["PORT"] = str(port)
    place.start(database, "/bin/sh", "-c", parse_procfile((ROOT / "Procfile").read_text("utf-8")).processes["web"])
    wait_for(port)
    return port


def told(process: subprocess.Popen) -> str:
    """The first line that a process says."""
    line = process.stdout.readline()
    if not line:
        raise WayFailed(f"{process.args}: ended before its time")
    return line.strip()


def peak_of_children(port: int) -> int:
    """MB at most of any worker of the server that listens on this port, found by what it was called with."""
    peaks = [0]
    for folder in Path("/proc").iterdir():
        call = folder / "cmdline"
        if folder.name.isdigit() and call.exists() and f"127.0.0.1:{port}".encode() in call.read_bytes():
            lines = (folder / "status").read_text("ascii", errors="replace").splitlines()
            peaks += [int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM:")]
    return max(peaks)
