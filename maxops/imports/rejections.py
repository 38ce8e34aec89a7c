"""The fate of every row, one byte each in the run's folder; a million rejections are a megabyte and no database rows.

Bytes from FIRST_REASON on are reasons, which the run's tallies name.
"""

import json
import os
import re
from array import array
from collections.abc import Collection, Iterator
from itertools import compress

from maxops.imports.files import RunFiles, write_atomically
from maxops.remote.lines import NamedLines
from maxops.remote.platforms.interface import Report

NOT_ATTEMPTED, HELD_BACK, WAITING, ACCEPTED, UNKNOWN, UNNAMED = range(6)
"""UNNAMED: loaded, or among the rejected rows that the platform counted without naming."""
FIRST_REASON = 10
LAST_REASON = 255
SENT_ROWS = re.compile(b"[^" + re.escape(bytes([HELD_BACK])) + b"]+")


def start_outcomes(files: RunFiles, held_back: Collection[int] = ()) -> int:
    """A fresh file; rows whose finding is among the codes given are held back. Returns how many are."""
    table = bytearray(256)
    for code in held_back:
        table[code] = HELD_BACK
    outcomes = files.codes.read_bytes().translate(table)
    write_atomically(files.outcomes, outcomes)
    return outcomes.count(HELD_BACK)


def read_outcomes(files: RunFiles, first: int = 0, count: int | None = None) -> bytes:
    with files.outcomes.open("rb") as file:
        file.seek(first)
        return file.read() if count is None else file.read(count)


def sent_rows(files: RunFiles, first: int, last: int) -> array:
    """Row numbers from first to last without those held back."""
    outcomes = read_outcomes(files, first, last - first + 1)
    return array("I", (first + place for place, code in enumerate(outcomes) if code != HELD_BACK))


def write_outcomes(files: RunFiles, first: int, last: int, codes: bytes) -> None:
    """Sets the byte of each row from first to last but those held back; parts never share a row, so without a lock.

    ValueError when there are not as many such rows as bytes.
    """
    with files.outcomes.open("r+b") as file:
        known = os.pread(file.fileno(), last - first + 1, first)
        if len(known) - known.count(HELD_BACK) != len(codes):
            raise ValueError("there are not as many rows as outcomes")
        os.pwrite(file.fileno(), codes if len(known) == len(codes) else _spread(known, codes), first)
        os.fsync(file.fileno())


def _spread(known: bytes, codes: bytes) -> bytearray:
    """The bytes over the rows that were sent; those held back stay."""
    spread, done = bytearray(known), 0
    for sent in SENT_ROWS.finditer(known):
        begin, end = sent.span()
        spread[begin:end] = codes[done : done + end - begin]
        done += end - begin
    return spread


def mark_rows(files: RunFiles, first: int, last: int, code: int) -> None:
    """One byte for all rows from first to last but those held back."""
    table = bytes(HELD_BACK if known == HELD_BACK else code for known in range(256))
    with files.outcomes.open("r+b") as file:
        known = os.pread(file.fileno(), last - first + 1, first)
        os.pwrite(file.fileno(), known.translate(table), first)
        os.fsync(file.fileno())


def replace_outcome(files: RunFiles, first: int, last: int, old: int, new: int) -> None:
    """Another byte for those of the rows from first to last that have the old one."""
    with files.outcomes.open("r+b") as file:
        known = os.pread(file.fileno(), last - first + 1, first)
        os.pwrite(file.fileno(), known.replace(bytes([old]), bytes([new])), first)
        os.fsync(file.fileno())


def keep_early_report(files: RunFiles, part: int, report: Report) -> None:
    """The rows that the answer to the upload named as rejected; the later report does not repeat them."""
    lines = report.lines
    kept = {"success": report.success, "reasons": lines.reasons, "count": len(lines), "references": report.references}
    head = json.dumps(kept).encode() + b"\n"
    write_atomically(files.folder / f"early-{part}", head + lines.numbers.tobytes() + bytes(lines.codes))


def early_report(files: RunFiles, part: int) -> Report | None:
    path = files.folder / f"early-{part}"
    if not path.exists():
        return None
    with path.open("rb") as file:
        kept = json.loads(file.readline())
        numbers = array("I", file.read(4 * kept["count"]))
        codes = file.read()
    lines = NamedLines()
    table = bytes(map(lines.code_of, kept["reasons"])).ljust(256, b"\0")
    lines.extend(numbers, codes.translate(table))
    return Report(kept["success"], lines=lines, references=tuple(kept["references"]))


def select_rows(outcomes: bytes, codes: Collection[int]) -> Iterator[int]:
    """Numbers of the rows with one of these bytes, ascending."""
    table = bytes(code in codes for code in range(256))
    return compress(range(len(outcomes)), outcomes.translate(table))


def count_rows(outcomes: bytes, codes: Collection[int]) -> int:
    return sum(map(outcomes.count, set(codes)))
