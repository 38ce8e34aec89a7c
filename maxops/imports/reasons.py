"""The figures of a report by name, the reasons behind them, and which rows each of them means."""

from collections.abc import Iterable
from typing import NamedTuple

from maxops.imports.chosen_rows import SELECTIONS, Choice, both, count_of
from maxops.imports.files import RunFiles
from maxops.imports.findings import KINDS, ROW_KINDS
from maxops.imports.mapping import files_of
from maxops.imports.models import Run, Tally
from maxops.imports.rejections import HELD_BACK, read_outcomes
from maxops.imports.report import ADVICE, name_reason
from maxops.remote.platforms.interface import Fate

FATE_WORDS = {
    Fate.DUPLICATE: ("Duplicate", "info"),
    Fate.DO_NOT_CALL: ("Do not call", "bad"),
    Fate.INVALID: ("Invalid", "warn"),
    Fate.REJECTED: ("Rejected", "warn"),
}
EVERY_BYTE = bytes(range(256))


class Counter(NamedTuple):
    """A figure of the report; `key` is what its rows are filtered by."""

    key: str
    label: str
    note: str
    tone: str
    value: int = 0


REJECTED = {
    counter.key: counter
    for counter in (
        Counter("duplicates_in_list", "Duplicates in list", "already there", "info"),
        Counter("duplicates_in_file", "Duplicates in file", "same number twice", "info"),
        Counter("do_not_call", "Do not call", "must not be dialled", "bad"),
        Counter("bad_numbers", "Bad number", "not a phone number", "warn"),
        Counter("unreadable", "Unreadable", "not readable as a row", "warn"),
        Counter("other_reasons", "Other reasons", "see below", "warn"),
    )
}
BY_REASON = {
    "Duplicate": "duplicates_in_list",
    "DuplicateInFile": "duplicates_in_file",
    "DoNotCall": "do_not_call",
    "InvalidPhoneNumber": "bad_numbers",
    "InvalidSourceFormat": "unreadable",
}
BY_FATE = {Fate.DUPLICATE: "duplicates_in_list", Fate.DO_NOT_CALL: "do_not_call"}


class Reason(NamedTuple):
    """A line of the reason table; `key` is what the rows are filtered by, `word` the dialler's own if it differs."""

    key: str
    label: str
    word: str
    fate: str
    rows: int
    advice: str
    tone: str
    share: float = 0.0


def counter_of(tally: Tally) -> str:
    return BY_REASON.get(tally.reason) or BY_FATE.get(tally.fate, "other_reasons")


def counters_of(run: Run) -> list[Counter]:
    """What became of every row, by name; those that are zero are left out, but how many were accepted is told."""
    counted = dict.fromkeys(REJECTED, 0)
    for tally in run.tallies.all():
        counted[counter_of(tally)] += tally.rows
    is_sending = run.state == Run.State.SENDING
    counters = [
        Counter("accepted", "Accepted", f"of {run.rows:,} rows", "ok", run.accepted),
        *(counter._replace(value=counted[key]) for key, counter in REJECTED.items()),
        Counter("held_back", "Held back", "not sent, as chosen", "mute", run.held_back),
        Counter("unsent", "Still to send", "goes on by itself", "info", run.not_attempted)
        if is_sending
        else Counter("unsent", "Not attempted", "not sent", "bad", run.not_attempted),
        Counter("unknown", "Waiting", "for MaxContact's report", "info", run.waiting),
        Counter("unknown", "No answer", "not known whether loaded", "bad", run.unknown),
    ]
    return [counter for place, counter in enumerate(counters) if counter.value or not place]


def reasons_of(run: Run) -> list[Reason]:
    """Why rows were not loaded, the most frequent first; shares are of all rows of the file."""
    reasons = [
        Reason(
            tally.reason,
            *name_reason(tally.reason),
            FATE_WORDS.get(tally.fate, FATE_WORDS[Fate.REJECTED])[0],
            tally.rows,
            ADVICE.get(tally.reason, ""),
            FATE_WORDS.get(tally.fate, FATE_WORDS[Fate.REJECTED])[1],
        )
        for tally in run.tallies.all()
        if tally.rows
    ]
    if run.held_back:
        reasons += held_back_reasons(files_of(run))
    reasons.sort(key=lambda reason: -reason.rows)
    return [reason._replace(share=100 * reason.rows / run.rows) for reason in reasons if run.rows]


def held_back_reasons(files: RunFiles) -> Iterable[Reason]:
    """By the finding that every held-back row has: findings alone would count rows that were sent all the same."""
    if not count_of(files):
        return []
    codes = files.codes.read_bytes()
    held = read_outcomes(files, 0, len(codes)).translate(bytes(255 * (byte == HELD_BACK) for byte in EVERY_BYTE))
    found = both(codes, held)
    counted = [(kind, found.count(code)) for code, kind in ROW_KINDS.items()]
    return [Reason(kind.name, kind.text, "", "Held back", rows, kind.advice, "mute") for kind, rows in counted if rows]


def choice_of(run: Run, reason: str) -> tuple[Choice, str]:
    """The rows that a word of an address means, and that word; every row not loaded, and "", for whatever is none."""
    codes = {tally.code for tally in run.tallies.all() if reason in (tally.reason, counter_of(tally))}
    if codes:
        return Choice(codes), reason
    if reason in KINDS and KINDS[reason].code:
        return Choice(frozenset({HELD_BACK}), frozenset({KINDS[reason].code})), reason
    if reason in SELECTIONS and reason != "rejects":
        return SELECTIONS[reason], reason
    return SELECTIONS["rejects"], ""


def label_of(run: Run, reason: str) -> str:
    """A filter in words."""
    if reason in REJECTED:
        return REJECTED[reason].label
    named = {counter.key: counter.label for counter in counters_of(run)}
    return ({"corrected": "Corrected here"} | named).get(reason) or name_reason(reason)[0]
