"""A part whose report says nothing of most of its rows, once a person has looked in MaxContact."""

from maxops.imports.decisions import DECIDED
from maxops.imports.mapping import files_of
from maxops.imports.models import Answer, Part
from maxops.imports.rejections import ACCEPTED, UNKNOWN, UNNAMED, replace_outcome


def count_rest(part: Part, words: str) -> None:
    """The rows that the report names keep what it says of them; all others count as loaded."""
    now = UNNAMED if part.unplaced else ACCEPTED
    replace_outcome(files_of(part.run), part.first_row, part.last_row, UNKNOWN, now)
    part.accepted, part.unknown, part.detail = part.accepted + part.unknown, 0, words
    part.save()


def set_report_aside(part: Part, staff: str) -> None:
    """A report that told nothing: one that tells something may still come and is then the first."""
    part.difference = 0
    words = f"It told nothing of any row. {DECIDED} {staff} instead."
    part.answers.filter(state=Answer.State.MATCHED).update(state=Answer.State.ASIDE, part=None, evidence=words)
