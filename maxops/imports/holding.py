"""Which flagged rows stay behind: what the check proposes by kind, changed by a person kind by kind before sending."""

from django.db import transaction

from maxops.imports.counts import note
from maxops.imports.errors import WrongState
from maxops.imports.findings import KINDS
from maxops.imports.models import Run

# Neither bytes that are no text nor NUL characters leave as clean UTF-8, whoever wishes it.
NEVER_SENT = frozenset({"undecodable", "control_character"})
# Not meant by "send all": what an earlier attempt loaded goes again only when somebody says so of just these rows.
STAYING = NEVER_SENT | {"accepted_before"}
TOO_LATE = "That is done before anything is sent, while the check of the file stands."


def held_kinds(run: Run, choice: str) -> dict[str, int]:
    """Kinds of findings whose rows stay behind by this choice, with how many rows each has."""
    kinds = {finding["kind"]: finding["count"] for finding in run.findings if is_held(finding)}
    return kinds if choice == Run.HeldBack.DROP else {kind: kinds[kind] for kind in kinds if kind in STAYING}


def is_held(finding: dict) -> bool:
    return bool(KINDS[finding["kind"]].code) and (finding["holds_back"] or finding["kind"] in NEVER_SENT)


def codes_to_hold(run: Run, choice: str) -> frozenset[int]:
    return frozenset(KINDS[kind].code for kind in held_kinds(run, choice))


def rows_to_hold(run: Run, choice: str = Run.HeldBack.DROP) -> int:
    return sum(held_kinds(run, choice).values())


def choose(run: Run, kind: str, staff: str, *, holds_back: bool) -> None:
    """Whether rows with this finding stay behind when the flagged ones do."""
    with transaction.atomic():
        run = find_unsent(run, [Run.State.READY])
        chosen = next((finding for finding in run.findings if finding["kind"] == kind), None)
        if chosen is None or not KINDS[kind].code:
            raise WrongState("No row of this file has that finding.")
        if kind in NEVER_SENT and not holds_back:
            raise WrongState(f"{chosen['text']}: such rows are never sent. {chosen['advice']}")
        chosen["holds_back"] = holds_back
        run.save(update_fields=["findings"])
        words = "held back" if holds_back else "sent"
        note(run, f"{chosen['count']:,} rows to be {words} ({chosen['text'].lower()}), said by {staff}.")


def find_unsent(run: Run, states: list[str]) -> Run:
    """The run as it is now, locked; WrongState unless it is in one of these states and nothing of it was sent."""
    run = Run.objects.select_for_update().select_related("mapping").get(pk=run.pk)
    if run.state not in states or run.parts.exists():
        raise WrongState(TOO_LATE)
    return run
