"""The page on which the next attempt is put together: which rows could go into it, and which usually should."""

from collections.abc import Mapping as Values
from typing import Any, NamedTuple

from django.http import QueryDict

from maxops.imports.attempts import first_of
from maxops.imports.chosen_rows import Choice, count_of
from maxops.imports.corrections import corrected_rows, free_rows
from maxops.imports.downloads import reason_for_none
from maxops.imports.mapping import files_of, list_words
from maxops.imports.models import Run
from maxops.imports.reasons import choice_of, reasons_of
from maxops.imports.rejections import NOT_ATTEMPTED
from maxops.imports.report import has_doubt

# Sent again as they are, these come back again; only a corrected row of them is worth another try.
AS_THEY_ARE_IN_VAIN = frozenset({"Duplicate", "DoNotCall", "duplicate_in_file", "DuplicateInFile", "accepted_before"})


class Offer(NamedTuple):
    """Rows of one reason that may go."""

    key: str
    label: str
    fate: str
    rows: int
    advice: str
    choice: Choice
    is_usual: bool


def offers_of(run: Run) -> list[Offer]:
    files = files_of(run)
    offers = []
    for reason in reasons_of(run):
        choice, _ = choice_of(run, reason.key)
        rows = free_rows(run, files, choice).total
        usual = reason.key not in AS_THEY_ARE_IN_VAIN
        if rows:
            offers.append(Offer(reason.key, reason.label, reason.fate, rows, reason.advice, choice, usual))
    unsent = Choice(frozenset({NOT_ATTEMPTED}))
    if run.state == Run.State.CANCELLED and (rows := free_rows(run, files, unsent).total):
        offers.append(Offer("unsent", "Not sent", "Not sent", rows, "", unsent, is_usual=True))
    return offers


def offers_screen(run: Run, typed: QueryDict | None = None, fault: str = "") -> dict[str, Any]:
    """With what was ticked before, when it could not be done."""
    files, because = files_of(run), reason_for_none(run)
    offers = [] if because or not count_of(files) else offers_of(run)
    corrected = 0 if because else len(corrected_rows(run, files))
    ticked = set(typed.getlist("reason")) if typed else {offer.key for offer in offers if offer.is_usual}
    return {
        "run": run,
        "first": first_of(run),
        "offers": [{"offer": offer, "is_ticked": offer.key in ticked} for offer in offers],
        "corrected": corrected,
        "takes_corrected": was_asked(typed, corrected),
        "list_words": list_words(run),
        "has_doubt": has_doubt(run),
        "because": because,
        "fault": fault,
    }


def was_asked(typed: Values[str, str] | None, corrected: int) -> bool:
    return typed.get("rows") == "corrected" if typed else bool(corrected)
