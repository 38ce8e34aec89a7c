"""What 'Line: N' counts: the document does not say (S000 Q01), so it is inferred from what the check predicted.

The reading under which the lines named are the rows that we expected to be rejected for just that reason wins, if it
wins clearly; it is kept per mapping with its evidence. MAXCONTACT_LINE_BASE other than auto overrules it.
"""

from array import array
from collections.abc import Sequence
from typing import NamedTuple

from django.apps import apps

from maxops.imports.files import RunFiles
from maxops.imports.findings import KINDS
from maxops.imports.models import Mapping
from maxops.remote.platforms.interface import FIRST_NUMBERS

BASES = ("record", "file", "physical", "data_line", "record0")
ASSUMED = "record"
BASE_WORDS = {
    "record": "the first row under the header is line 1",
    "record0": "the first row under the header is line 0",
    "file": "the header is line 1",
    "physical": "the header is line 1, and line breaks inside cells count",
    "data_line": "the first line under the header is line 1, and line breaks inside cells count",
}
PREDICTIONS = {
    "InvalidSourceFormat": ("column_count", "control_character"),
    "InvalidPhoneNumber": ("phone_empty", "phone_spreadsheet", "phone_shape", "phone_lost_zero", "phone_international"),
    "DuplicateInFile": ("duplicate_in_file",),
}
CODES = {reason: frozenset(KINDS[kind].code for kind in kinds) for reason, kinds in PREDICTIONS.items()}
CONVINCING = 3  # one expected row in so many must be named; fewer are hits by chance
OUTSIDE = 3  # a number that names no row of the part weighs as much as three that fit

PHYSICAL = {"physical": 0, "data_line": 1}  # lines of the request that are not counted: none, or the header

Lines = Sequence[tuple[int, str]]


class Inference(NamedTuple):
    """`base` is "" when the evidence does not decide; `score` is how well the best reading fits."""

    base: str
    score: int
    evidence: str


class Known(NamedTuple):
    """How a mapping's line numbers are read; what is not certain has to be said wherever rows are shown."""

    base: str
    is_certain: bool
    words: str


class SentPart(NamedTuple):
    """What the inference needs of a part: its row numbers, the findings on them, their physical lines as sent."""

    rows: array
    codes: bytes
    physical: Sequence[int]


def look_at(files: RunFiles, rows: array) -> SentPart:
    first = rows[0]
    codes = files.codes_of(first, rows[-1] - first + 1)
    return SentPart(rows, bytes(codes[row - first] for row in rows), physical_lines(files, rows))


def physical_lines(files: RunFiles, rows: array) -> Sequence[int]:
    """The line each row starts on in the request that carried it, the header being line 1."""
    first, count = rows[0], rows[-1] - rows[0] + 1
    offsets = files.offsets_of(first, count + 1)
    with files.clean.open("rb") as file:
        file.seek(offsets[0])
        text = file.read(offsets[-1] - offsets[0])
    if len(rows) == count and text.count(b"\n") == count:
        return range(2, 2 + count)
    lines, line, base = array("I"), 2, offsets[0]
    for row in rows:
        lines.append(line)
        line += text.count(b"\n", offsets[row - first] - base, offsets[row - first + 1] - base)
    return lines


def infer(part: SentPart, lines: Lines) -> Inference:
    """The reading that fits best. Two readings that name the same rows are one: the simpler of them is taken."""
    places = {base: _places(part, lines, base) for base in BASES}
    scores = {base: _score(part, lines, places[base]) for base in BASES}
    best = max(BASES, key=lambda base: scores[base])
    rivals = [scores[base] for base in BASES if places[base] != places[best]]
    second = max(rivals, default=0)
    predicted = sum(reason in CODES for _, reason in lines)
    if scores[best] <= max(0, second) or scores[best] * CONVINCING < predicted:
        return Inference("", scores[best], "")
    evidence = (
        f"{scores[best]} of {predicted} rows that we expected to be rejected were named when {BASE_WORDS[best]}; "
        f"the next best reading fits {max(second, 0)}."
    )
    return Inference(best, scores[best], evidence)


def numbers_of(part: SentPart, base: str) -> Sequence[int]:
    """What the platform calls each row of the part when it counts physical lines."""
    skipped = PHYSICAL[base]
    return [line - skipped for line in part.physical] if skipped else part.physical


def known_base(mapping: Mapping) -> Known:
    """By setting, by what this mapping's reports showed, by what all others of the platform did; else assumed."""
    fixed = apps.get_app_config("imports").line_base
    if fixed in BASE_WORDS:
        return Known(fixed, True, f"Set for this installation: {BASE_WORDS[fixed]}.")
    if mapping.line_base:
        return Known(mapping.line_base, True, f"{BASE_WORDS[mapping.line_base]}. {mapping.line_base_evidence}")
    others = Mapping.objects.filter(platform=mapping.platform).exclude(line_base="")
    learned = set(others.values_list("line_base", flat=True))
    if len(learned) == 1:
        base = learned.pop()
        return Known(base, True, f"{BASE_WORDS[base]}, as reports for other mappings have shown.")
    return Known(ASSUMED, False, f"It is assumed that {BASE_WORDS[ASSUMED]}.")


def _places(part: SentPart, lines: Lines, base: str) -> list[int]:
    """Position in the part for each line named, -1 where there is none."""
    count = len(part.rows)
    if base in PHYSICAL:
        known = {line: place for place, line in enumerate(numbers_of(part, base))}
        return [known.get(number, -1) for number, _ in lines]
    first = FIRST_NUMBERS[base]
    return [number - first if 0 <= number - first < count else -1 for number, _ in lines]


def _score(part: SentPart, lines: Lines, places: list[int]) -> int:
    score = 0
    for place, (_, reason) in zip(places, lines, strict=True):
        if place < 0:
            score -= OUTSIDE
        elif reason in CODES:
            score += part.codes[place] in CODES[reason]
    return score
