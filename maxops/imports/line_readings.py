"""Which rows the lines of one report mean: by our predictions, by what was learned, by the lines that exist at all.

A reading by which a line named is no row of the part is disproved where another allowed one finds a row for each.
"""

from typing import NamedTuple

from maxops.imports.line_base import (
    BASE_WORDS,
    BREAKS_UNTOLD,
    Fit,
    Inference,
    Known,
    family_of,
    infer,
    is_alike,
    known_base,
    plain,
)
from maxops.imports.models import Mapping
from maxops.imports.part_rows import SentPart
from maxops.remote.lines import NamedLines


class Reading(NamedTuple):
    """What is not certain is shown with doubt; `is_lesson`: it holds for the mapping's other reports as well."""

    base: str
    is_certain: bool
    evidence: str = ""
    is_lesson: bool = False


def read_lines(mapping: Mapping, part: SentPart, lines: NamedLines) -> Reading:
    known = known_base(mapping)
    if not lines:
        return Reading(known.base, known.is_certain)
    inference = infer(part, lines)
    if inference.base:
        return Reading(inference.base, True, inference.evidence, is_lesson=True)
    if part.breaks is None:
        return Reading(known.base, known.is_certain and len(known.readings) == 1 and not misses(known, inference))
    return read_by_place(part, lines, known, inference, mapping.line_base)


def misses(known: Known, inference: Inference) -> bool:
    """Whether lines are no rows by what is known; never where it could not be weighed."""
    return any(fit.outside for fit in inference.fits if fit.base == known.base)


def read_by_place(part: SentPart, lines: NamedLines, known: Known, inference: Inference, learned: str) -> Reading:
    """The one reading, of those that are known to be possible or else of all, by which each line is a row."""
    whole = [fit for fit in inference.fits if not fit.outside]
    possible = {plain(part, base) for base in known.readings}
    expected = [fit for fit in whole if fit.base in possible]
    left = expected or whole
    if not left or not all(is_alike(part, lines, left[0].base, fit.base) for fit in left):
        return Reading(known.base, False)
    is_settled = bool(expected) and known.is_certain
    rivals = [fit.hits for fit in inference.fits if fit.base in possible or not is_settled]
    if len(rivals) > 1 and left[0].hits < max(rivals):
        return Reading(known.base, False)  # what was predicted speaks for one reading, the places for another
    bases = {fit.base for fit in left}
    base = known.base if known.base in bases else left[0].base
    if is_settled and (len(left) > 1 or len(possible) == 1):
        return Reading(base, True)  # nothing that was not known
    contradicts = not expected and learned in BASE_WORDS and known.base == learned
    is_lesson = not contradicts and bases <= set(family_of(base))
    return Reading(base, not contradicts, words_of_place(part, lines, base, left), is_lesson)


def words_of_place(part: SentPart, lines: NamedLines, base: str, left: list[Fit]) -> str:
    words = f"Only when {BASE_WORDS[base]}, each of the {len(lines):,} lines that a report named is a row."
    is_told = len(left) == 1 and (len(family_of(base)) == 1 or bool(part.breaks and part.breaks.broken))
    return words if is_told else f"{words} {BREAKS_UNTOLD}"
