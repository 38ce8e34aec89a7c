"""The rows that a part carried, as reports count them: how many, what the check found on them, which took more lines.

It is read from the run's arrays, so that it can be told long after the lead file itself is gone.
"""

import os
from array import array
from contextlib import ExitStack
from itertools import accumulate, compress, pairwise
from typing import NamedTuple

from maxops.imports.files import PLACE, REWRITTEN, RunFiles
from maxops.imports.models import Part, Run
from maxops.imports.rejections import HELD_BACK, read_outcomes

ROWS_AT_ONCE = 8_192
NOT_HELD = bytes(code != HELD_BACK for code in range(256))


class Breaks(NamedTuple):
    """Rows of a part that take more lines than one, and how many lines more up to and including each of them."""

    broken: array
    surplus: array


class SentPart(NamedTuple):
    """`breaks` is None where the lead file is gone and nothing else tells how many lines its rows took."""

    count: int
    codes: bytes
    breaks: Breaks | None
    is_probe: bool = False


def look_at(files: RunFiles, part: Part) -> SentPart:
    first, count = part.first_row, part.last_row - part.first_row + 1
    sent = read_outcomes(files, first, count).translate(NOT_HELD)
    with files.codes.open("rb") as file:
        codes = os.pread(file.fileno(), count, first)
    if b"\0" in sent:
        codes = bytes(compress(codes, sent))
    return SentPart(len(codes), codes, breaks_of(files, part, sent), part.run.is_probe)


def breaks_of(files: RunFiles, part: Part, sent: bytes) -> Breaks | None:
    """`sent` has a 1 for each row of the part that was sent, else a 0."""
    breaks = Breaks(array("I"), array("I"))
    if spans_no_more_lines(files, part):
        return breaks
    count_surplus = surplus_by_content if files.sendable.exists() else surplus_by_place
    if count_surplus is surplus_by_place and was_translated(part.run):
        return None
    total = passed = 0
    for start in range(0, len(sent), ROWS_AT_ONCE):
        flags = sent[start : start + ROWS_AT_ONCE]
        first = part.first_row + start
        found = count_surplus(files, first, suspects_in(files, first, len(flags)))
        if found is None:
            return None
        before = list(accumulate(flags, initial=passed))
        for row, surplus in found:
            if surplus and flags[row]:
                total += surplus
                breaks.broken.append(before[row])
                breaks.surplus.append(total)
        passed = before[-1]
    return breaks


def spans_no_more_lines(files: RunFiles, part: Part) -> bool:
    """Whether each row but the last surely takes one line: the usual file, known by two numbers."""
    (begin,), (end,) = files.lines_of(part.first_row, 1), files.lines_of(part.last_row, 1)
    return end - begin == part.last_row - part.first_row


def was_translated(run: Run) -> bool:
    """Whether the rows lay in a file of ours, in which blank lines between them left no trace."""
    return run.delimiter != "," or not run.encoding.startswith("utf-8")


def suspects_in(files: RunFiles, first: int, count: int) -> dict[int, int]:
    """Rows, counted from `first`, behind which the next begins later than on the next line; how many lines later."""
    steps = [after - before - 1 for before, after in pairwise(files.lines_of(first, count + 1))]
    return {row: steps[row] for row in compress(range(len(steps)), steps)}


def surplus_by_content(files: RunFiles, first: int, suspects: dict[int, int]) -> list[tuple[int, int]]:
    """Line ends inside each of these rows as it was sent; CR and LF alone are one each."""
    count = max(suspects, default=-1) + 1
    offsets, sizes = files.offsets_of(first, count), files.sizes_of(first, count)
    with ExitStack() as stack:
        own = stack.enter_context(files.sendable.open("rb"))
        other = stack.enter_context(files.rewritten.open("rb")) if files.rewritten.exists() else own
        found = []
        for row in suspects:
            file = other if offsets[row] & REWRITTEN else own
            content = os.pread(file.fileno(), sizes[row], offsets[row] & PLACE)
            found.append((row, len(content.splitlines()) - 1))
        return found


def surplus_by_place(files: RunFiles, first: int, suspects: dict[int, int]) -> list[tuple[int, int]] | None:
    """The same without the lead file: rows that lay end to end had no blank line between them."""
    count = max(suspects, default=-1) + 2
    offsets, sizes = files.offsets_of(first, count), files.sizes_of(first, count)
    for row in suspects:
        is_elsewhere = (offsets[row] | offsets[row + 1]) & REWRITTEN
        if is_elsewhere or offsets[row] + sizes[row] != offsets[row + 1]:
            return None
    return list(suspects.items())
