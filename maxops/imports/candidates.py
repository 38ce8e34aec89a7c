"""Which part a report belongs to, and what speaks for it.

The callback address belongs to a mapping, not to an import, and the document's own example carries no import id. So: by
id; else by the open parts of the mapping, their row counts and the lines we expected; else a person decides.
"""

from typing import Any, NamedTuple

from django.db.models import Q

from maxops.imports.decisions import REPORTABLE, is_missing
from maxops.imports.line_base import Inference, infer
from maxops.imports.mapping import files_of
from maxops.imports.models import Answer, Part
from maxops.imports.part_rows import look_at
from maxops.remote.lines import NamedLines, Numbering
from maxops.remote.platforms.interface import Report

MOST_WEIGHED = 20  # parts whose rows are looked at for one report
SAYS_NOTHING = (
    "It names no rows and no counts, and the only part that it may be about was perhaps never taken: look in "
    "MaxContact whether those leads are there."
)
ON_ITS_WAY = "Came while a part was still being sent."


class Choice(NamedTuple):
    """`part` None and `wait`: a part is still being sent and may be the one. `weighed` is what spoke for which part."""

    part: Part | None
    evidence: str
    wait: bool = False
    weighed: tuple[dict[str, Any], ...] = ()


class Claim(NamedTuple):
    """What of a report decides which parts it can be about, kept with the answer for when a part changes."""

    total: int | None
    references: tuple[str, ...]

    @classmethod
    def of(cls, report: Report) -> "Claim":
        return cls(report.total, report.references)


def choose_part(answer: Answer, report: Report) -> Choice:
    claim = Claim.of(report)
    if part := by_reference(answer, claim):
        return Choice(part, f"By import id {', '.join(sorted(references_of(part).intersection(claim.references)))}.")
    possible = possible_parts(answer, claim)
    if any(is_on_its_way(part) for part in possible):
        return Choice(None, ON_ITS_WAY, wait=True)
    if not possible:
        return Choice(None, words_of_none(claim))
    return weigh(possible, report)


def by_reference(answer: Answer, claim: Claim) -> Part | None:
    """The part that the platform gave one of these ids: however old it is."""
    if not claim.references:
        return None
    rule = Q()
    for reference in claim.references[:MOST_WEIGHED]:
        rule |= Q(reference__contains=reference)
    named = Part.objects.filter(rule, run__mapping=answer.mapping).select_related("run__mapping").order_by("-id")
    wanted = set(claim.references)
    return next((part for part in named if references_of(part) & wanted), None)


def references_of(part: Part) -> set[str]:
    return {text for text in part.reference.split(",") if text}


def possible_parts(answer: Answer, claim: Claim) -> list[Part]:
    """Open parts sent before it came that have as many rows as it counts, and no other id than it has."""
    parts = open_parts(answer).select_related("run__mapping").order_by("-id")
    return [part for part in parts if _may_be(part, answer, claim)]


def open_parts(answer: Answer) -> Any:
    return Part.objects.filter(REPORTABLE, run__mapping=answer.mapping, sent_at__isnull=False)


def _may_be(part: Part, answer: Answer, claim: Claim) -> bool:
    if answer.received_at < part.run.created_at:
        return False
    is_sent_twice = part.tries > 1 or is_missing(part)  # its earlier try had another hour, and perhaps another id
    if not is_sent_twice and (part.sent_at > answer.received_at or (claim.references and references_of(part))):
        return False
    return claim.total is None or claim.total in (part.rows, part.rows - part.rejected_at_once)


def is_on_its_way(part: Part) -> bool:
    return part.state == Part.State.SENDING or (part.state == Part.State.PLANNED and part.in_doubt)


def words_of_none(claim: Claim) -> str:
    if claim.references:
        numbers = ", ".join(claim.references[:MOST_WEIGHED])
        stranger = Part.objects.filter(reference__in=claim.references).select_related("run__mapping").first()
        if stranger:
            return (
                f"Its import id {numbers} is that of run {stranger.run_id}, which was sent with the mapping "
                f"'{stranger.run.mapping}': the Response URLs of the two are mixed up in MaxContact."
            )
    return "No part of this mapping that waits for a report has as many rows."


def weigh(possible: list[Part], report: Report) -> Choice:
    """Only an answer that cannot be another part's is taken; a wrong guess would load a wrong report."""
    if len(possible) == 1 and may_be_elsewhere(possible[0]) and report.total is None and not report.lines:
        return Choice(None, SAYS_NOTHING, weighed=(facts_of(possible[0], Inference("", 0, "")),))
    if len(possible) == 1 and not names_others(possible[0], report.lines):
        return Choice(possible[0], f"The only part {_words_of_total(report)}.")
    weighed = [(part, infer_of(part, report.lines)) for part in possible[:MOST_WEIGHED]]
    weighed.sort(key=lambda pair: -pair[1].score)
    facts = tuple(facts_of(part, inference) for part, inference in weighed)
    if len(possible) == 1:
        words = "The only waiting part with as many rows has none of most lines that it names."
        return Choice(None, words, weighed=facts)
    part, first = weighed[0]
    if first.score > 0 and first.score > weighed[1][1].score and len(possible) == len(weighed):
        return Choice(part, f"{first.hits:,} rejected lines are rows of this part that we expected.")
    return Choice(None, f"It fits {len(possible)} waiting parts of this mapping alike.", weighed=facts)


def may_be_elsewhere(part: Part) -> bool:
    """Nobody knows whether it was ever taken."""
    return part.state == Part.State.UNKNOWN or part.in_doubt or is_missing(part)


def names_others(part: Part, lines: NamedLines) -> bool:
    """Whether most lines named are beyond the part's last, however lines are counted: then it is another's report."""
    if not lines or max(lines.numbers) <= Numbering(2).number_of(part.rows - 1):
        return False
    breaks = look_at(files_of(part.run), part).breaks
    if breaks is None:
        return False
    last = Numbering(2).number_of(part.rows - 1) + (breaks.surplus[-1] if breaks.surplus else 0)
    return sum(map(last.__lt__, lines.numbers)) * 2 > len(lines)


def _words_of_total(report: Report) -> str:
    if report.total is None:
        return "of this mapping that waits for a report"
    return f"waiting that has {report.total:,} row{'' if report.total == 1 else 's'}"


def infer_of(part: Part, lines: NamedLines) -> Inference:
    return infer(look_at(files_of(part.run), part), lines)


def facts_of(part: Part, inference: Inference) -> dict[str, Any]:
    """For the person who has to choose; no more than figures."""
    return {"part": part.pk, "hits": inference.hits, "foreseen": inference.foreseen, "outside": inference.outside}


def earlier_try(answer: Answer, claim: Claim) -> Part | None:
    """A part that was sent more than once and is settled: this may be the report on its other try."""
    if not claim.total:
        return None
    parts = Part.objects.filter(
        run__mapping=answer.mapping, state=Part.State.ANSWERED, tries__gt=1, rows=claim.total
    ).order_by("-id")
    return next(iter(parts.select_related("run")), None)
