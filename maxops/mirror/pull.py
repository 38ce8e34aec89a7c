"""Remote -> local: compare by fingerprint, write what differs, mark what vanished, refuse a suspicious answer.

Correct whoever else pulls or pushes meanwhile: a row written after the reading began is never overwritten by it.
Nothing is decoded, loaded or written for rows whose bytes are those of the last reading.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from maxops.mirror import bulk_write, leases, retention
from maxops.mirror.author import Author
from maxops.mirror.differences import (
    KEPT_A_READING,
    Delta,
    Recorder,
    Stored,
    compare,
    mark_missing,
    missing_ones,
    store_slice,
)
from maxops.mirror.errors import PullRefused
from maxops.mirror.models import Difference, Mirrored, Reading, mirrored_models
from maxops.mirror.records import as_columns, keep, slices
from maxops.remote.connect import maxcontact
from maxops.remote.errors import NotFound
from maxops.remote.maxcontact.management import Collection, Snapshot

Part = tuple[list[list[Any]], list[str]]  # a slice of records as columns of values, and their fingerprints


@dataclass(frozen=True, slots=True)
class PullResult:
    """`differences` only of a dry run; those of others are in the table."""

    kind: str
    reading_id: int
    read: int
    created: int
    changed: int
    unchanged: int
    missing: int
    seconds: float
    differences: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Wish:
    """How to pull. `accept_loss`: True, or the largest number of rows that may be marked as missing.

    `wait`: seconds to wait for another pull. `reading`: the waiting one that asks for this; it says the rest itself.
    """

    dry_run: bool = False
    accept_loss: bool | int = False
    author: Author | None = None
    source: str = "command"
    wait: float = 0
    reading: Reading | None = None

    def of(self, kind: str) -> Reading:
        if self.reading:
            return self.reading
        author = self.author or Author("", self.source)
        accepted = None if isinstance(self.accept_loss, bool) else self.accept_loss
        return Reading(
            kind=kind, dry_run=self.dry_run, source=author.source, staff=author.login, loss_accepted=accepted
        )


def collection_of(kind: str) -> Collection:
    return getattr(maxcontact().management, kind)


def store(kind: str, records: Sequence[Mapping[str, Any]], *, at: datetime, source: str = "emergency") -> Stored:
    """Take over records somebody else has read; `at` is when they were asked for. Marks nothing as missing."""
    model = mirrored_models()[kind]
    names = {name: None for record in records for name in record}
    values = {name: [record.get(name) for record in records] for name in names}
    part = (as_columns(model, values, len(records)), [""] * len(records))
    return _store(model, [part], Recorder(kind, at, source))


def read_one(instance: Mirrored) -> Mirrored:
    """Read this record anew. NotFound also marks the row as missing; any other RemoteError changes nothing."""
    at, model = timezone.now(), type(instance)
    try:
        record = collection_of(instance.kind()).get(instance.pk)
    except NotFound as error:
        if error.code:  # a web page saying 404 comes from something in between, and knows no record
            mark_missing(model, [instance.pk], Recorder(instance.kind(), at, "page"))
        raise
    rows = model._default_manager
    with transaction.atomic():
        # What was written here after we asked is newer than the answer.
        newer = rows.select_for_update().filter(pk=instance.pk, seen_at__gt=at).first()
        return newer or keep(model, record, at, source="page")


def pull(kind: str, **wish: Any) -> PullResult:
    """Read one kind whole, as the Wish says. RemoteError and PullRefused change no row."""
    model, wanted, collection = mirrored_models()[kind], Wish(**wish), collection_of(kind)
    reading = leases.begin(wanted.of(kind), wanted.wait)
    with leases.settled(reading):
        found = Pull(model, reading, collection, wanted.accept_loss is True).run()
    retention.prune_now_and_then(reading)
    counts = {name: getattr(reading, name) for name in leases.COUNTED}
    return PullResult(kind, reading.pk, **counts, seconds=reading.seconds, differences=[it.as_dict() for it in found])


class Pull:
    """One reading at work, from the answer to the last mark."""

    def __init__(self, model: type[Mirrored], reading: Reading, collection: Collection, accepts_any_loss: bool) -> None:
        self.model = model
        self.reading = reading
        self.at = reading.started_at
        self.collection = collection
        self.accepts_any_loss = accepts_any_loss

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self.reading.steps[name] = round(time.monotonic() - began, 3)

    def run(self) -> list[Delta]:
        """What a dry run found; what another found is in the rows already."""
        with self.step("read"):
            last = Reading.latest_good(self.reading.kind)
            snapshot = self.collection.snapshot(lambda mark: self._stands(last, mark))
        leases.still_ours(self.reading)
        self.reading.body_mark = snapshot.mark
        if last is not None and snapshot.rows is None:
            self.reading.read = self.reading.unchanged = last.read
            return []
        with self.step("compare"):
            self.reading.read = len(snapshot.rows.ids)
            marks = snapshot.rows.marks()
            places, gone, present = self._differing(snapshot.rows.ids, marks)
            parts = self._decoded(snapshot, places, marks)
        if self.reading.dry_run:
            with self.step("write"):
                return self._rehearse(parts, gone)
        self._refuse_loss(gone, present)
        with self.step("write"):
            self._take_over(parts, gone)
        return []

    def _stands(self, last: Reading | None, mark: str) -> bool:
        """Whether this is the answer of the last good reading, and all rows are still as that one left them.

        Their times alone do not tell: what was asked for before it may have been written after it.
        """
        if last is None or last.body_mark != mark:
            return False
        there = Q(missing_since=None)
        written = Q(seen_at__gt=last.started_at) | (there & Q(fingerprint=""))
        rows = self.model._default_manager.aggregate(
            there=Count("pk", filter=there), written=Count("pk", filter=written)
        )
        return rows == {"there": last.read, "written": 0}

    def _differing(self, ids: Sequence[int], marks: Sequence[str]) -> tuple[list[int], list[int], int]:
        """Places of the rows whose bytes are new, in the order of their ids; ids that are gone; how many were there."""
        known = bulk_write.fingerprints(self.model)
        places = [place for place, row_id in enumerate(ids) if known.get(row_id) != marks[place]]
        gone, present = sorted(known.keys() - ids), len(known)
        if gone:
            rows = self.model._default_manager.filter(missing_since=None, seen_at__gt=self.at)
            later = set(rows.values_list("pk", flat=True))
            gone, present = [row_id for row_id in gone if row_id not in later], present - len(later)
        return sorted(places, key=ids.__getitem__), gone, present

    def _decoded(self, snapshot: Snapshot, places: Sequence[int], marks: Sequence[str]) -> list[Part]:
        """All of them before the first is written: one value that cannot be stored refuses the whole."""
        parts = []
        for some in slices(places):
            columns = as_columns(self.model, snapshot.columns(some), len(some))
            parts.append((columns, [marks[place] for place in some]))
        return parts

    def _refuse_loss(self, gone: Sequence[int], present: int) -> None:
        accepted = self.reading.loss_accepted
        if self.accepts_any_loss:
            accepted = self.reading.loss_accepted = len(gone)
        if len(gone) * 3 <= present or (accepted is not None and len(gone) <= accepted):
            return
        self.reading.missing = len(gone)
        self._keep_lost(gone)
        raise PullRefused(
            f"MaxContact answered with {self.reading.read} {self.reading.kind}; {len(gone)} of the {present} known "
            "ones would be marked as missing. That is over a third, so nothing was taken over. If it is right, "
            "accept the loss.",
            missing=len(gone),
            present=present,
        )

    def _keep_lost(self, gone: Sequence[int]) -> None:
        """For people to look at before they accept it; the list of the latest refusal is enough."""
        refused = Reading.objects.filter(kind=self.reading.kind, state=Reading.State.REFUSED)
        before = Difference.objects.filter(taken=False, reading__in=refused)
        last = refused.order_by("-pk").first()
        if last and (last.body_mark, last.missing) == (self.reading.body_mark, len(gone)) and before.exists():
            before.update(reading=self.reading)
            return
        before.delete()
        self._recorder().keep(missing_ones(self.model, gone), taken=False)

    def _recorder(self) -> Recorder:
        limit = 0 if self.reading.dry_run else KEPT_A_READING
        return Recorder(self.reading.kind, self.at, self.reading.source, reading=self.reading, limit=limit)

    def _rehearse(self, parts: Sequence[Part], gone: Sequence[int]) -> list[Delta]:
        found: list[Delta] = []
        for columns, marks in parts:
            found += compare(self.model, list(zip(*columns, strict=True)), marks).deltas
            leases.beat(self.reading)
        newer = set(self.model._default_manager.filter(seen_at__gt=self.at).values_list("pk", flat=True))
        found = [delta for delta in found if delta.remote_id not in newer]
        created = sum(delta.sort == Difference.Sort.ADDED for delta in found)
        self._count(created, len(found) - created, len(gone))
        found += missing_ones(self.model, gone)
        self._recorder().keep(found, taken=False)
        return found

    def _take_over(self, parts: Sequence[Part], gone: Sequence[int]) -> None:
        recorder = self._recorder()
        recorder.silent = not self.model._default_manager.exists()
        stored = _store(self.model, parts, recorder)
        self._count(stored.created, stored.changed, mark_missing(self.model, gone, recorder))
        self.reading.message = recorder.words

    def _count(self, created: int, changed: int, missing: int) -> None:
        """A row skipped because it was written here meanwhile stays as it is: unchanged by this reading."""
        self.reading.created, self.reading.changed, self.reading.missing = created, changed, missing
        self.reading.unchanged = self.reading.read - created - changed


def _store(model: type[Mirrored], parts: Sequence[Part], recorder: Recorder) -> Stored:
    total = Stored()
    for columns, marks in parts:
        total += store_slice(model, compare(model, list(zip(*columns, strict=True)), marks), recorder)
        if recorder.reading:
            leases.beat(recorder.reading)
    return total
