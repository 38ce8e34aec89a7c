"""How far a run has come: its phases, and the big numbers of its page (screens.md 3 and 4).

What became of rows is told only once a part was reported on or the run has stopped; before that, zeros would be lies.
"""

from typing import NamedTuple

from maxops.imports.findings import KINDS
from maxops.imports.holding import rows_to_hold
from maxops.imports.models import Part, Run

# Each phase before it is done, and once it is.
PHASES = (
    ("Received", "Received"),
    ("Check", "Checked"),
    ("Send", "Sent"),
    ("Waiting for MaxContact", "Reported by MaxContact"),
    ("Finished", "Finished"),
)
CURRENT_PHASE = {
    "received": 1,
    "checking": 1,
    "ready": 2,
    "sending": 2,
    "waiting": 3,
    "no_answer": 3,
    "interrupted": 2,
    "partly_sent": 2,
    "finished": 5,
    "finished_with_rejects": 5,
}
STUCK = frozenset({"interrupted", "partly_sent", "no_answer"})
TOLD = frozenset({Part.State.ANSWERED, Part.State.UNKNOWN})


class Phase(NamedTuple):
    label: str
    state: str


class Card(NamedTuple):
    label: str
    value: int
    note: str
    tone: str


def phases_of(run: Run) -> list[Phase]:
    checked_at = 2 if run.rows else 1
    if run.state == Run.State.CANCELLED:
        done = [Phase(label, "done") for _, label in PHASES[:checked_at]]
        return [*done, Phase("Cancelled", "current")]
    current = CURRENT_PHASE.get(run.state, checked_at)
    phases = []
    for place, (coming, done) in enumerate(PHASES):
        state = "done" if place < current else "todo"
        if place == current:
            state = "failed" if run.state in STUCK or run.state == Run.State.FAILED else "current"
            coming = "Sending" if run.state == Run.State.SENDING else coming
        phases.append(Phase(done if state == "done" else coming, state))
    return phases


def has_news_coming(run: Run) -> bool:
    return run.is_moving or bool(run.state in STUCK and (run.waiting or run.unknown))


def has_outcomes(run: Run, parts: list[Part]) -> bool:
    """Whether it can be told what became of any row, be it that nobody knows."""
    if any(part.state in TOLD for part in parts):
        return True
    return bool(parts) and run.state not in (Run.State.SENDING, Run.State.WAITING)


def cards_of(run: Run, parts: list[Part]) -> list[Card]:
    if run.state == Run.State.CANCELLED:
        return [Card("Rows", run.rows, "under the header", ""), Card("Not sent", run.rows, "cancelled", "")]
    if not parts:
        return cards_before(run)
    return cards_after(run, parts) if has_outcomes(run, parts) else cards_meanwhile(run, parts)


def cards_before(run: Run) -> list[Card]:
    """Four big numbers before sending."""
    held = rows_to_hold(run)
    look = sum(finding["count"] for finding in row_findings(run) if not finding["holds_back"])
    return [
        Card("Rows", run.rows, "under the header", ""),
        Card("Will be sent", run.rows - held, "as proposed", "ok"),
        Card("Will be held back", held, "MaxContact would reject them", "warn" if held else ""),
        Card("Need a look", look, "sent as they are", "info" if look else ""),
    ]


def cards_meanwhile(run: Run, parts: list[Part]) -> list[Card]:
    """While rows go out and nothing has been reported."""
    gone = [part for part in parts if part.state == Part.State.WAITING]
    cards = [
        Card("Rows sent", sum(part.rows for part in gone), f"of {run.rows - run.held_back:,} to be sent", "info"),
        Card("Parts sent", len(gone), f"of {len(parts):,}", "info"),
        Card("Held back", run.held_back, "not sent, as chosen", "warn"),
    ]
    return [card for place, card in enumerate(cards) if place < 2 or card.value]


def cards_after(run: Run, parts: list[Part]) -> list[Card]:
    """What became of the rows: loaded and rejected as soon as a report came, the rest where it is not zero."""
    rejected = sum(tally.rows for tally in run.tallies.all())
    is_sending = run.state == Run.State.SENDING
    cards = [
        Card("Loaded", run.accepted, f"of {run.rows:,} rows", "ok"),
        Card("Rejected", rejected, "by MaxContact", "warn" if rejected else ""),
        Card("Held back", run.held_back, "not sent, as chosen", "warn"),
        Card("Waiting", run.waiting, "for MaxContact's report", "info"),
        Card("Not known", run.unknown, "whether loaded", "bad"),
        Card("Still to send", run.not_attempted, "goes on by itself", "info")
        if is_sending
        else Card("Not attempted", run.not_attempted, "not sent", "bad"),
    ]
    is_reported = any(part.state == Part.State.ANSWERED for part in parts)
    return [card for place, card in enumerate(cards) if card.value or (is_reported and place < 2)]


def row_findings(run: Run) -> list[dict]:
    """Findings about rows, not about the file as a whole."""
    return [finding for finding in run.findings if KINDS[finding["kind"]].code]


def file_findings(run: Run) -> list[dict]:
    return [finding for finding in run.findings if not KINDS[finding["kind"]].code]
