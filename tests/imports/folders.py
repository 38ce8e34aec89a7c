"""Runs made at once, their folders written by hand: what a check and a report would have left of any number of rows."""

import csv
import io
from array import array
from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from maxops.imports.files import LINE, OFFSET, REWRITTEN, SIZE
from maxops.imports.mapping import files_of
from maxops.imports.models import Mapping, Part, Run, Tally
from maxops.imports.rejections import ACCEPTED, FIRST_REASON, HELD_BACK, NOT_ATTEMPTED, UNKNOWN

REASONS = ["Duplicate", "DoNotCall", "DuplicateInFile", "InvalidSourceFormat", "InvalidPhoneNumber"]
FATES = {"Duplicate": "duplicate", "DuplicateInFile": "duplicate", "DoNotCall": "do_not_call"}


class ReportedRun(Run):
    """A run with what only tests do to one."""

    class Meta:
        proxy = True
        app_label = "imports"

    def rewrite(self, row: int, content: bytes) -> None:
        """As an accepted correction leaves it."""
        files = files_of(self)
        start = files.rewritten.stat().st_size if files.rewritten.exists() else 0
        with files.rewritten.open("ab") as file:
            file.write(content + b"\n")
        for path, kind, value in (
            (files.offsets, OFFSET, REWRITTEN | start),
            (files.sizes, SIZE, len(content) + 1),
        ):
            entries = array(kind, path.read_bytes())
            entries[row] = value
            path.write_bytes(entries.tobytes())

    def delete_files(self) -> None:
        for path in files_of(self).personal:
            path.unlink(missing_ok=True)
        self.files_deleted_at = timezone.now()
        self.save()


def make_run(header: bytes, rows: Sequence[bytes], outcomes: Sequence[int], **more: Any) -> ReportedRun:
    """A run that MaxContact has reported on; outcomes from 10 on are `reasons` in their order."""
    line_end = more.get("line_end", b"\n")
    names = next(csv.reader(io.StringIO(header.removeprefix(b"\xef\xbb\xbf").decode(), newline="")))
    fields = {"phone": names[0]}
    mapping = (
        more.get("mapping")
        or Mapping.objects.get_or_create(name="By hand", defaults={"columns": names, "fields": fields})[0]
    )
    run = ReportedRun.objects.create(
        mapping=mapping,
        file_name=more.get("file_name", "leads.csv"),
        sha256=more.get("sha256", "0" * 64),
        state=more.get("state", "finished_with_rejects"),
        staff="tester",
        header=names,
        encoding="utf-8",
        delimiter=",",
        rows=len(rows),
        sent=sum(outcome not in (HELD_BACK, NOT_ATTEMPTED) for outcome in outcomes),
        accepted=list(outcomes).count(ACCEPTED),
        held_back=list(outcomes).count(HELD_BACK),
        not_attempted=list(outcomes).count(NOT_ATTEMPTED),
        unknown=list(outcomes).count(UNKNOWN),
        surplus=more.get("surplus", 0),
        finished_at=timezone.now(),
    )
    write_folder(run, header, rows, line_end, more)
    files = files_of(run)
    files.outcomes.write_bytes(bytes(outcomes))
    files.codes.write_bytes(bytes(more.get("codes", bytes(len(rows)))))
    count_reasons(run, outcomes, more.get("reasons", REASONS))
    return run


def write_folder(run: Run, header: bytes, rows: Sequence[bytes], line_end: bytes, more: dict[str, Any]) -> None:
    files = files_of(run)
    files.folder.mkdir(parents=True)
    content, offsets, sizes, lines, line = bytearray(header + line_end), array(OFFSET), array(SIZE), array(LINE), 2
    for row in rows:
        offsets.append(len(content))
        lines.append(line)
        content += row + line_end
        sizes.append(len(content) - offsets[-1])
        line += 1 + row.count(line_end)
    if more.get("ends_open"):
        del content[-len(line_end) :]
        sizes[-1] -= len(line_end)
    files.original.write_bytes(content)
    files.header.write_bytes(header.removeprefix(b"\xef\xbb\xbf") + b"\n")
    for path, entries in ((files.offsets, offsets), (files.sizes, sizes), (files.lines, lines)):
        path.write_bytes(entries.tobytes())


def count_reasons(run: Run, outcomes: Sequence[int], reasons: Sequence[str]) -> None:
    counted = bytes(outcomes)
    rejected = {}
    for code, reason in enumerate(reasons, FIRST_REASON):
        if rows := counted.count(code):
            rejected[reason] = rows
            Tally.objects.create(run=run, reason=reason, fate=FATES.get(reason, "invalid"), code=code, rows=rows)
    Part.objects.create(
        run=run,
        number=1,
        first_row=0,
        last_row=len(counted) - 1,
        rows=run.sent,
        bytes=1000,
        first_line=2,
        state=Part.State.ANSWERED,
        accepted=run.accepted,
        rejected=rejected,
        unknown=run.unknown,
    )
