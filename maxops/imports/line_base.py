"""What 'Line: N' counts: the document does not say (S000 Q01), so it is inferred from what the check predicted.

The reading under which the lines named are the rows that we expected to be rejected for just that reason wins, if it
wins clearly; it is kept per mapping with its evidence. MAXCONTACT_LINE_BASE record or file fixes what the first line
is called, not whether line breaks inside cells count. What one report's lines leave possible: line_readings.py.
"""

from array import array
from itertools import compress, islice
from operator import eq
from typing import NamedTuple

from django.apps import apps

from maxops.imports.findings import HOLDING_CODES, KINDS
from maxops.imports.models import Mapping, Run
from maxops.imports.part_rows import SentPart
from maxops.remote.lines import NamedLines, Numbering

BASES = ("record", "file", "physical", "data_line", "record0")
ASSUMED = "record"
FIRST_NUMBERS = {"record": 1, "record0": 0, "file": 2, "physical": 2, "data_line": 1}
PHYSICAL = frozenset({"physical", "data_line"})
FAMILIES = {"record": ("record", "data_line"), "file": ("file", "physical")}  # of one first number
SIMPLER = {"data_line": "record", "physical": "file"}
BREAKS_UNTOLD = "Whether line breaks inside cells count has not shown yet."
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
ENOUGH = 20_000  # lines of one reason
OUTSIDE = 3  # a number that names no row of the part weighs as much as three that fit
OF_GOOD_ROWS = frozenset({"Duplicate", "DuplicateInFile", "DoNotCall"})  # what may befall a good number as well


class Inference(NamedTuple):
    """`base` is "" when the evidence does not decide; `score` is how well the best reading fits.

    By it `hits` of the `foreseen` lines are rows that we expected, and `outside` name no row at all. `fits` are all
    readings that were weighed.
    """

    base: str
    score: int
    evidence: str
    hits: int = 0
    foreseen: int = 0
    outside: int = 0
    fits: tuple["Fit", ...] = ()


class Known(NamedTuple):
    """How a mapping's line numbers are read; what is not certain has to be said wherever rows are shown.

    More `readings` than one are those between which each report with line breaks inside its rows has to decide.
    """

    base: str
    is_certain: bool
    words: str
    readings: tuple[str, ...]


class Fit(NamedTuple):
    """How well one reading fits a report."""

    base: str
    hits: int
    outside: int

    @property
    def score(self) -> int:
        return self.hits - OUTSIDE * self.outside


def infer(part: SentPart, lines: NamedLines) -> Inference:
    """The reading that fits best, if it clearly does, and no other allowed one places lines that it cannot."""
    foretold = foretold_by(part, lines)
    chosen = chosen_lines(lines, foretold)
    foreseen = sum(map(len, chosen.values()))
    fits = tuple(
        Fit(base, count_hits(part, chosen, numbering, foretold), numbering.count_outside(lines.numbers, part.count))
        for base in allowed_bases()
        if base == plain(part, base) and (numbering := numbering_of(part, base))
    )
    best = max(fits, key=lambda fit: fit.score, default=Fit(ASSUMED, 0, 0))
    figures = (best.hits, foreseen, best.outside, fits)
    is_weighed = part.breaks is not None  # else the readings that count lines could not be
    if not is_weighed or best.score <= 0 or best.score * CONVINCING < foreseen:
        return Inference("", best.score, "", *figures)
    family = family_of(best.base)
    alike = [fit for fit in fits if fit.base in family and is_alike(part, lines, best.base, fit.base)]
    others = [fit for fit in fits if fit not in alike]
    second = max((fit.score for fit in others), default=0)
    is_disproved = best.outside and not all(fit.outside for fit in others)
    if is_disproved or best.score <= second:
        return Inference("", best.score, "", *figures)
    evidence = (
        f"{best.hits:,} of {foreseen:,} rows that we expected to be rejected were named when {BASE_WORDS[best.base]}; "
        f"the next best reading fits {max(second, 0):,}."
    )
    if len(family) == 1 or (part.breaks.broken and len(alike) == 1):
        return Inference(best.base, best.score, evidence, *figures)
    return Inference(best.base, best.score, f"{evidence} {BREAKS_UNTOLD}", *figures)


def allowed_bases() -> tuple[str, ...]:
    fixed = apps.get_app_config("imports").line_base
    return FAMILIES.get(fixed, (fixed,)) if fixed in BASE_WORDS else BASES


def family_of(base: str) -> tuple[str, ...]:
    """The readings that call the first row as this one does, the simpler first."""
    return FAMILIES.get(SIMPLER.get(base, base), (base,))


def is_alike(part: SentPart, lines: NamedLines, base: str, other: str) -> bool:
    """Whether two readings find the same rows in these lines."""
    one, two = numbering_of(part, base), numbering_of(part, other)
    if one is None or two is None or (base in PHYSICAL) == (other in PHYSICAL):
        return base == other
    count, numbers = part.count, lines.numbers
    return all(map(eq, one.places(numbers, count), two.places(numbers, count)))


def numbering_of(part: SentPart, base: str) -> Numbering | None:
    """What the platform calls the rows of a part by this reading; None where it can no longer be told."""
    first = FIRST_NUMBERS[base]
    if base not in PHYSICAL:
        return Numbering(first)
    return None if part.breaks is None else Numbering(first, *part.breaks)


def known_base(mapping: Mapping) -> Known:
    """By what this mapping's reports showed, by what all others of the platform did, by setting; else assumed."""
    allowed = allowed_bases()
    if mapping.line_base in allowed:
        words = f"{BASE_WORDS[mapping.line_base]}. {mapping.line_base_evidence}"
        is_told = BREAKS_UNTOLD not in mapping.line_base_evidence
        return Known(mapping.line_base, True, words, readings_of(mapping.line_base, is_told))
    told, untold = learned_elsewhere(mapping)
    learned = told | {base for base in untold if not told.intersection(family_of(base))}
    if len(learned) == 1:
        base = learned.pop()
        words = f"{BASE_WORDS[base]}, as reports for other mappings have shown."
        return Known(base, True, words, readings_of(base, base in told))
    if len(allowed) == len(BASES):
        return Known(ASSUMED, False, f"It is assumed that {BASE_WORDS[ASSUMED]}.", allowed)
    words = f"Set for this installation: {BASE_WORDS[allowed[0]]}."
    return Known(allowed[0], True, f"{words} {BREAKS_UNTOLD}" if len(allowed) > 1 else words, allowed)


def readings_of(base: str, is_told: bool) -> tuple[str, ...]:
    return (base,) if is_told else family_of(base)


def learned_elsewhere(mapping: Mapping) -> tuple[set[str], set[str]]:
    """What the platform's other mappings showed: with certainty, and but for the line breaks inside cells."""
    others = Mapping.objects.filter(platform=mapping.platform, line_base__in=allowed_bases()).exclude(pk=mapping.pk)
    told, untold = set(), set()
    for base, evidence in others.values_list("line_base", "line_base_evidence"):
        (untold if BREAKS_UNTOLD in evidence else told).add(base)
    return told, untold


def why_assumed(run: Run) -> str:
    """What kept a report from showing how lines are counted, where that was our doing."""
    if not run.held_back:
        return ""
    return "The rows held back were those that would have shown it; a probe shows it, or one upload sent whole."


def plain(part: SentPart, base: str) -> str:
    """Where no row has a line break inside, counting lines and counting rows are one: the simpler word is taken."""
    has_breaks = part.breaks is not None and part.breaks.broken
    return base if has_breaks or SIMPLER.get(base) not in allowed_bases() else SIMPLER[base]


def foretold_by(part: SentPart, lines: NamedLines) -> dict[int, frozenset[int]]:
    """The report's reasons that the check can foresee, as bytes -> the findings that foretell them."""
    foretold = {}
    for code, reason in enumerate(lines.reasons):
        if part.is_probe and reason not in OF_GOOD_ROWS:
            foretold[code] = HOLDING_CODES  # only one of its rows has anything wrong with it
        elif reason in CODES:
            foretold[code] = CODES[reason]
    return foretold


def chosen_lines(lines: NamedLines, foretold: dict[int, frozenset[int]]) -> dict[int, array]:
    """The numbers that foretold reasons go with; of very many an even choice, which tells as much."""
    chosen = {}
    for code in foretold:
        flags = lines.codes.translate(bytes(byte == code for byte in range(256)))
        step = -(-flags.count(1) // ENOUGH)
        chosen[code] = array("I", islice(compress(lines.numbers, flags), None, None, step))
    return chosen


def count_hits(
    part: SentPart, chosen: dict[int, array], numbering: Numbering, foretold: dict[int, frozenset[int]]
) -> int:
    """Lines that name a row of which just that reason was expected."""
    hits = 0
    for code, findings in foretold.items():
        places = numbering.places(chosen[code], part.count)
        found = bytes(part.codes[place] for place in places if place >= 0)
        hits += sum(map(found.count, findings))
    return hits
