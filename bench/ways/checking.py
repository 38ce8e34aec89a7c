"""The check of a lead file: maxops' own, bare csv.reader, and what a careful developer writes."""

import csv
import re
import shutil
import time
from pathlib import Path
from typing import Any

from bench.leads import HEADER
from maxops.imports.checks import Expected, check_file
from maxops.imports.files import RunFiles
from maxops.imports.phones import shapes_of

DROPPED = re.compile(r"[\s().\-\u00a0]+")


def ignore(*_: int) -> None:
    """Progress that nobody looks at."""


def warm(folder: Path) -> None:
    """As a worker is that has checked a file before: its modules loaded."""
    files = RunFiles(folder, 0)
    shutil.rmtree(files.folder, ignore_errors=True)
    files.folder.mkdir(parents=True)
    files.original.write_text(",".join(HEADER) + "\n" + ",".join(["07700900123"] * len(HEADER)) + "\n")
    check_file(files, Expected(HEADER, "phone"), shapes_of("GB"), ignore)


def preflight(path: str, folder: str) -> dict[str, Any]:
    """`check_file` on a run's folder: the file is linked into it, as it lies there after the upload."""
    warm(Path(folder))
    files = RunFiles(Path(folder), 1)
    shutil.rmtree(files.folder, ignore_errors=True)
    files.folder.mkdir(parents=True)
    files.original.hardlink_to(path)
    started = time.perf_counter()
    checked = check_file(files, Expected(HEADER, "phone"), shapes_of("GB"), ignore)
    seconds = time.perf_counter() - started
    kinds = {finding.kind: finding.count for finding in checked.findings}
    return {"seconds": seconds, "rows": checked.rows, "kinds": kinds}


def bare_csv(path: str, encoding: str, delimiter: str) -> dict[str, Any]:
    started = time.perf_counter()
    with Path(path).open(encoding=encoding, newline="") as file:
        rows = sum(1 for _ in csv.reader(file, delimiter=delimiter))
    return {"seconds": time.perf_counter() - started, "rows": rows}


def careful(path: str, encoding: str, delimiter: str) -> dict[str, Any]:
    """csv.reader, the number cleaned, a set of what was seen."""
    started = time.perf_counter()
    seen: set[int] = set()
    wrong = repeated = 0
    with Path(path).open(encoding=encoding, newline="") as file:
        for row in csv.reader(file, delimiter=delimiter):
            digits = DROPPED.sub("", row[0]).removeprefix("0") if len(row) == len(HEADER) else ""
            if not (digits.isascii() and digits.isdigit() and 9 <= len(digits) <= 10):
                wrong += 1
            elif int(digits) in seen:
                repeated += 1
            else:
                seen.add(int(digits))
    return {"seconds": time.perf_counter() - started, "wrong": wrong, "repeated": repeated}
