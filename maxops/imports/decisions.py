"""Parts that a person said are not in MaxContact: not sent again yet, while a report on them may come after all."""

from django.db.models import Q

from maxops.imports.models import OPEN_PARTS, Part

DECIDED = "Looked up in MaxContact by"  # what a decided part's detail starts with
NOT_THERE = ": the leads are not there."
UNSENT = (Part.State.PLANNED, Part.State.REFUSED)

MISSING = Q(state__in=UNSENT, tries__gt=0, detail__startswith=DECIDED)
# A part that is to go out once more may still have been taken the first time.
REPORTABLE = Q(state__in=OPEN_PARTS) | Q(state=Part.State.PLANNED, in_doubt=True) | MISSING


def is_missing(part: Part) -> bool:
    return part.state in UNSENT and part.tries > 0 and part.detail.startswith(DECIDED)


def decision_on(part: Part) -> str:
    """What a person found stays with a part until it has left once more, whatever keeps it from leaving."""
    found, words, _ = part.detail.partition(NOT_THERE)
    return found + words if words and found.startswith(DECIDED) else ""


def detail_of(part: Part, state: str, words: str) -> str:
    """What is to be said of a part that gets this state."""
    decision = decision_on(part) if state in UNSENT else ""
    return words if words.startswith(DECIDED) else f"{decision} {words}".strip()
