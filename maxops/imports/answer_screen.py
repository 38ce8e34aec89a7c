"""What the page of received reports shows of one that waits for a person: what it says, what speaks for which part."""

from typing import Any, NamedTuple

from maxops.imports.answer_forms import assignable_parts
from maxops.imports.models import Answer, Part
from maxops.imports.report import name_reason

MOST_PARTS = 50


class Candidate(NamedTuple):
    """A part it may be about. `evidence` are sentences, `fits` says that the row counts are the same."""

    part: Part
    fits: bool
    evidence: list[str]


class Waiting(NamedTuple):
    answer: Answer
    reasons: list[tuple[str, int]]
    references: str
    alike: int
    candidates: list[Candidate]
    others: list[Candidate]


def waiting_of(answer: Answer) -> Waiting:
    facts = answer.facts
    weighed = {fact["part"]: fact for fact in facts.get("weighed", [])}
    total = facts.get("total")
    candidates = [candidate_of(part, total, weighed.get(part.pk)) for part in assignable_parts(answer)[:MOST_PARTS]]
    return Waiting(
        answer,
        [(name_reason(reason)[0], rows) for reason, rows in facts.get("reasons", {}).items()],
        ", ".join(facts.get("references", [])[:5]),
        Answer.objects.filter(mapping=answer.mapping, sha256=answer.sha256, state=answer.state).count() - 1,
        [candidate for candidate in candidates if candidate.fits],
        [candidate for candidate in candidates if not candidate.fits],
    )


def candidate_of(part: Part, total: int | None, fact: dict[str, Any] | None) -> Candidate:
    rows = (part.rows, part.rows - part.rejected_at_once)
    fits = total is None or total in rows
    return Candidate(part, fits, [row_words(part, total), *(line_words(fact) if fact else [])])


def row_words(part: Part, total: int | None) -> str:
    if total is None:
        return "The report does not say how many rows it is about."
    if total == part.rows:
        return "As many rows as the report counts."
    if total == part.rows - part.rejected_at_once:
        return f"As many rows as the report counts, with the {part.rejected_at_once:,} rejected at once."
    more = total - part.rows
    return f"The report counts {abs(more):,} rows {'more' if more > 0 else 'fewer'}."


def line_words(fact: dict[str, Any]) -> list[str]:
    words = []
    if fact["foreseen"]:
        words.append(f"It rejects {fact['hits']:,} of {fact['foreseen']:,} rows that the check expected to fail.")
    if fact["outside"]:
        words.append(f"{fact['outside']:,} of the lines it names are not in this part.")
    return words
