"""Rejected rows put right on the page, and the next attempt made of them; nothing is sent from here.

What a person typed lies in the run's folder only. A row that went into a next attempt is remembered, so that it cannot
go into a second one: its own rejects are then corrected there.
"""

import codecs
import json
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction

from maxops.imports.attempts import family_of, first_of
from maxops.imports.chosen_rows import REASONS, Choice, ChosenRows, both, count_of, either, mark
from maxops.imports.counts import note
from maxops.imports.downloads import reason_for_none
from maxops.imports.errors import WrongState
from maxops.imports.files import RunFiles, write_atomically
from maxops.imports.intake import Wish, receive, stage
from maxops.imports.mapping import files_of
from maxops.imports.models import Run
from maxops.imports.rejections import HELD_BACK, NOT_ATTEMPTED, read_outcomes
from maxops.imports.report import has_doubt
from maxops.imports.row_reading import cells_of, read_rows, write_cells
from maxops.locks import hold

PATIENCE = 10
MOST_ATTEMPTS = 255
LINE_END = b"\n"
BUSY = "Somebody else is correcting rows of this run just now. Nothing was changed; press again."
NOT_YOURS = "This row was not rejected, so there is nothing to correct."
IN_ATTEMPT = "This row is already in a later attempt. Correct it there."
NOTHING = "There is no such row left to send: what was rejected is already in a later attempt, or was loaded."
IN_DOUBT = (
    "It is not yet certain which rows MaxContact's line numbers mean, so leads that were loaded may be among these. "
    "Compare a few with MaxContact, then say that you did."
)


@dataclass(slots=True)
class Corrections:
    """Row number -> its cells as typed; `attempts` are the runs that rows went into, in order."""

    rows: dict[int, list[str]] = field(default_factory=dict)
    attempts: list[int] = field(default_factory=list)

    def as_bytes(self) -> bytes:
        return json.dumps({"rows": self.rows, "attempts": self.attempts}).encode()


def read_corrections(files: RunFiles) -> Corrections:
    if not files.corrections.exists():
        return Corrections()
    kept = json.loads(files.corrections.read_bytes())
    return Corrections({int(row): cells for row, cells in kept["rows"].items()}, kept["attempts"])


def taken_path(files: RunFiles) -> Path:
    """One byte a row: 0, or which of `Corrections.attempts` it went into, counted from 1."""
    return files.folder / "taken"


def correctable(run: Run) -> Choice:
    """Rows that are certainly not in MaxContact and that nothing will send any more."""
    outcomes = REASONS | {HELD_BACK}
    return Choice(outcomes | {NOT_ATTEMPTED} if run.state == Run.State.CANCELLED else outcomes)


def free_rows(run: Run, files: RunFiles, choice: Choice) -> ChosenRows:
    """Of these rows those that may go into a next attempt."""
    count = count_of(files)
    if not count:
        return ChosenRows(b"")
    marks = both(choice.marks(files, 0, count), correctable(run).marks(files, 0, count))
    path = taken_path(files)
    if path.exists():
        marks = both(marks, mark(path.read_bytes().ljust(count, b"\0")[:count], {0, *called_off(files)}))
    return ChosenRows(marks)


def free_among(run: Run, files: RunFiles, numbers: Collection[int]) -> set[int]:
    """The same for single rows, at the cost of these only."""
    outcomes, taken = correctable(run).outcomes, places_taken(files, numbers)
    return {
        number
        for number in numbers
        if number < count_of(files) and number not in taken and read_outcomes(files, number, 1)[0] in outcomes
    }


def called_off(files: RunFiles) -> set[int]:
    """The bytes of attempts that were cancelled before anything was sent: their rows are free again.

    So are those of an attempt that maxops stopped in: it was never made.
    """
    attempts = read_corrections(files).attempts
    standing = Run.objects.filter(pk__in=attempts).exclude(state=Run.State.CANCELLED, sent=0)
    kept = set(standing.values_list("pk", flat=True))
    never_made = range(len(attempts) + 1, MOST_ATTEMPTS + 1)
    return {*never_made, *(place for place, pk in enumerate(attempts, 1) if pk not in kept)}


def corrected_rows(run: Run, files: RunFiles) -> set[int]:
    """Rows with a correction that no attempt has taken yet."""
    return free_among(run, files, read_corrections(files).rows) if count_of(files) else set()


@contextmanager
def editing(run: Run) -> Iterator[tuple[RunFiles, Corrections]]:
    """The corrections of a run, kept when all went well. One person at a time."""
    if reason := reason_for_none(run):
        raise WrongState(reason)
    files = files_of(run)
    with hold(files.folder / "corrections.lock", patience=PATIENCE) as mine:
        if not mine:
            raise WrongState(BUSY)
        corrections = read_corrections(files)
        before = corrections.as_bytes()
        yield files, corrections
        if corrections.as_bytes() != before:
            write_atomically(files.corrections, corrections.as_bytes())


def correct_row(run: Run, row: int, cells: list[str]) -> None:
    """The cells that this row is to have in the next attempt; those it has already take a correction back."""
    with editing(run) as (files, corrections):
        if row not in free_among(run, files, [row]):
            raise WrongState(IN_ATTEMPT if row in places_taken(files, [row]) else NOT_YOURS)
        while len(cells) > len(run.header) and not cells[-1]:
            cells = cells[:-1]
        if cells == cells_now(files, row):
            corrections.rows.pop(row, None)
        else:
            corrections.rows[row] = cells


def cells_now(files: RunFiles, row: int) -> list[str]:
    return next(cells_of(content) for _, _, content in files.row_bytes([row]))


def take_back(run: Run, rows: Collection[int] | None = None) -> int:
    """Forgets the corrections of these rows, or all, but those already in an attempt; how many there were."""
    with editing(run) as (files, corrections):
        gone = free_among(run, files, corrections.rows)
        if rows is not None:
            gone &= set(rows)
        for row in gone:
            del corrections.rows[row]
    return len(gone)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows a person wants in the next attempt: the corrected ones, or all that some choices mean."""

    choices: Collection[Choice] | None
    staff: str
    was_compared: bool = False


def make_attempt(run: Run, wanted: Wanted) -> Run:
    """A run of its own with these rows, to be checked and looked at; whoever calls queues its check."""
    with editing(run) as (files, corrections):
        if has_doubt(run) and not wanted.was_compared:
            raise WrongState(IN_DOUBT)
        rows = rows_wanted(run, files, corrections, wanted)
        if not rows.total:
            raise WrongState(NOTHING)
        if len(corrections.attempts) == MOST_ATTEMPTS:
            raise WrongState("So many attempts were made of this run that no other can be. Use the newest one.")
        staged = stage(attempt_file(run, files, rows, corrections))
        first, place = first_of(run), len(family_of(run)) + 1
        matches = run.matches if run.has_header else {}
        wish = Wish(run.mapping, run.list_id, run.options, first, wanted.staff, matches)
        with transaction.atomic():
            attempt = receive(staged, f"{Path(first.file_name).stem}-attempt-{place}.csv", wish)
            words = f"{rows.total:,} row{'' if rows.total == 1 else 's'} went into run {attempt.pk}"
            note(run, f"{words}, made by {wanted.staff}. Nothing was sent by that.")
            # Before the commit: rather a row that no attempt can take than one that two take.
            corrections.attempts.append(attempt.pk)
            remember(files, rows, len(corrections.attempts))
            write_atomically(files.corrections, corrections.as_bytes())
    return attempt


def rows_wanted(run: Run, files: RunFiles, corrections: Corrections, wanted: Wanted) -> ChosenRows:
    count = count_of(files)
    if wanted.choices is not None:
        return ChosenRows(either([free_rows(run, files, choice).marks(0, count) for choice in wanted.choices], count))
    return rows_by_number(free_among(run, files, corrections.rows), count)


def rows_by_number(numbers: Collection[int], count: int) -> ChosenRows:
    marks = bytearray(count)
    for number in numbers:
        if number < count:
            marks[number] = 1
    return ChosenRows(bytes(marks))


def remember(files: RunFiles, rows: ChosenRows, attempt: int) -> None:
    count = count_of(files)
    path = taken_path(files)
    taken = bytearray(path.read_bytes().ljust(count, b"\0")[:count] if path.exists() else bytes(count))
    for row in rows:
        taken[row] = attempt
    write_atomically(path, bytes(taken))


def attempt_file(run: Run, files: RunFiles, rows: ChosenRows, corrections: Corrections) -> Iterator[bytes]:
    """The header and the rows, corrected where they are. Blank lines, which are no rows, keep each on the line that it
    has in the person's own file, so that every finding and every report of the attempt names that line; but rows that
    stood above the place of the header that is added here (in a file without one) move below it.
    """
    header = write_cells(run.header)
    line = 1 + lines_in(header)
    # Damaged rows by themselves would look like another encoding than the file they come from.
    yield codecs.BOM_UTF8 + header + LINE_END
    for some in read_rows(files, rows.marks):
        written = []
        for place, own_line, content in zip(some.places, some.lines, some.contents, strict=True):
            corrected = corrections.rows.get(some.first + place)
            row = content if corrected is None else write_cells(corrected)
            written.append(LINE_END * max(0, own_line - line) + row + LINE_END)
            line = max(own_line, line) + lines_in(row)
        yield b"".join(written)


def lines_in(content: bytes) -> int:
    return 1 if b"\n" not in content and b"\r" not in content else len(content.splitlines())


def places_taken(files: RunFiles, numbers: Collection[int]) -> dict[int, int]:
    """Row number -> the run it went into, of those that did and that was not called off."""
    path = taken_path(files)
    if not path.exists():
        return {}
    attempts, gone = read_corrections(files).attempts, called_off(files)
    with path.open("rb") as file:
        taken = {number: os.pread(file.fileno(), 1, number) for number in numbers}
    return {number: attempts[which[0] - 1] for number, which in taken.items() if which > b"\0" and which[0] not in gone}
