"""One write on its way out: entered in the ledger, sent, settled by the answer or by reading, its answer kept.

What stays unanswered is settled by reading, never by guessing (targets: fault 6).
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from django.db import DatabaseError, transaction
from django.utils import timezone

from maxops.mirror.author import Author
from maxops.mirror.early import names_of
from maxops.mirror.errors import NotKept
from maxops.mirror.last_sets import remember
from maxops.mirror.models import LastSet, Ledger, Mirrored
from maxops.mirror.records import columns_of, is_so, jsonable, keep, reclaim
from maxops.mirror.secrecy import HIDDEN, without
from maxops.remote.connect import maxcontact
from maxops.remote.errors import Busy, Garbled, RemoteError, Unanswered
from maxops.remote.fields import Record, Verb
from maxops.remote.maxcontact.management import Collection

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")
NO_PROOF = (Busy,)  # a proxy says 503 for a server that has begun: before a form is sent again, a look
CANNOT_BE_ASKED = "MaxContact cannot be asked whether it was taken. It is safe to set it again."
DOUBT = "Whether it did what was asked is not known."  # what remote/http.py adds to a write without an answer


@dataclass(frozen=True)
class Sending:
    """One person's write about one record: sends it, settles its ledger entry, keeps the answer."""

    model: type[Mirrored]
    pk: int | None
    subject: str
    author: Author
    secrets: tuple[str, ...] = ()
    remarks: list[str] = field(default_factory=list)
    entries: list[Ledger] = field(default_factory=list)

    @property
    def collection(self) -> Collection:
        return maxcontact().management.collection(self.model.kind())

    def enter(self, operation: str, changes: Mapping[str, tuple[Any, Any]]) -> Ledger:
        """Into the ledger before the first byte: if we die on the way, it stands there as unknown."""
        _ = self.collection  # a wrong setup shows itself before anything is entered
        secret = {field.attribute for field in self.model.entity.fields if field.write_only}
        shown = {
            name: [None, HIDDEN] if name in secret else [jsonable(before), jsonable(after)]
            for name, (before, after) in changes.items()
        }
        entry = Ledger.objects.create(
            staff=self.author.login,
            source=self.author.source,
            address=self.author.address,
            operation=operation,
            kind=self.model.kind(),
            remote_id=self.pk,
            subject=self.subject,
            changes=shown,
            answer="Sent; no answer yet.",
        )
        self.entries.append(entry)
        return entry

    def settle(self, entry: Ledger, outcome: str, answer: str, remote_id: int | None = None) -> None:
        entry.outcome, entry.answer, entry.remote_id = outcome, answer, remote_id or entry.remote_id
        log.info("%s %s: %s", entry.operation, entry.remote_id or "", outcome)
        try:
            entry.save(update_fields=["outcome", "answer", "remote_id"])
        except DatabaseError:
            log.exception("%s %s was %s, but the ledger could not be written", entry.operation, self.pk, outcome)

    def attempt(
        self,
        entry: Ledger,
        send: Callable[[], Answer],
        look: Callable[[RemoteError], Answer],
        *,
        in_doubt: tuple[type[RemoteError], ...] = (),
    ) -> Answer:
        """The answer; or, when it is not known whether we were heard, what `look` finds out."""
        try:
            answer = send()
        except RemoteError as error:
            error.message = without(self.secrets, error.message)
            if error.taken == "unknown" or isinstance(error, in_doubt):
                return look(error)
            self.settle(entry, Ledger.Outcome.REFUSED, error.message)
            raise
        new_id = answer.get("id") if isinstance(answer, Record) else None
        self.settle(entry, Ledger.Outcome.ACCEPTED, "", new_id)
        return answer

    def steps(self, wanted: Mapping[str, Any]) -> list[tuple[list[str], Callable[[Record], Record]]]:
        """First one PUT with all that a PUT carries, then each verb: [(attributes, send)]."""
        verbs = {verb.field.attribute: verb for verb in self.model.entity.verbs}
        put = {name: value for name, value in wanted.items() if name not in verbs}
        steps: list[tuple[list[str], Callable[[Record], Record]]] = []
        if put:
            steps.append((list(put), partial(self.send_put, changes=put)))
        for verb in self.model.entity.verbs:
            name = verb.field.attribute
            if name in wanted:
                steps.append(([name], partial(self.send_verb, verb=verb, value=wanted[name])))
        return steps

    def send_put(self, record: Record, changes: Mapping[str, Any]) -> Record:
        moves = {name: (record.get(name), value) for name, value in changes.items()}
        entry = self.enter(f"update {self.model.entity.label}", moves)

        def look(error: RemoteError) -> Record:
            return self.read_back(entry, changes, error)

        answer = self.attempt(entry, lambda: self.collection.update(record, changes), look, in_doubt=NO_PROOF)
        return merge(record, answer)

    def send_verb(self, record: Record, verb: Verb, value: Any) -> Record:
        """The record with the verb's value in it; without `raw` when MaxContact showed no whole record."""
        name = verb.field.attribute
        operation = f"{verb.name.replace('_', ' ')} of {self.model.entity.label}"
        entry = self.enter(operation, {name: (record.get(name), value)})

        def look(error: RemoteError) -> Record:
            return self.read_back(entry, {name: value}, error)

        with self.remembering(name, 0, int(value)) if self.is_unreported(name) else nullcontext():
            in_doubt = () if self.is_unreported(name) else NO_PROOF
            send = partial(self.collection.perform, verb.name, self.pk, value)
            answer = self.attempt(entry, send, look, in_doubt=in_doubt)
        return merge(record, answer) if answer is not None else Record({**record, name: value})

    def is_unreported(self, name: str) -> bool:
        return name not in columns_of(self.model)

    @contextmanager
    def remembering(self, name: str, other_id: int, value: int) -> Iterator[None]:
        """Around a write that MaxContact will never show: what stands now, or at least what was asked for."""
        try:
            yield
        except RemoteError as error:
            if error.taken == "unknown":
                self.remember(name, other_id, value, is_certain=False)
            raise
        self.remember(name, other_id, value)

    def remember(self, name: str, other_id: int, value: int, *, is_certain: bool = True) -> None:
        kind, staff = self.model.kind(), self.author.login
        one = LastSet(kind=kind, remote_id=self.pk, name=name, other_id=other_id, value=value, staff=staff)
        one.is_certain = is_certain
        remember([one])

    def read_back(self, entry: Ledger, sent: Mapping[str, Any], error: RemoteError) -> Record:
        """No answer, or none that can be read: what does MaxContact show now?"""
        now = self.read_again(entry, lambda: self.collection.get(self.pk), error)
        visible = [name for name in sent if name in now]
        taken = [name for name in visible if is_so(self.model, now, name, sent[name])]
        if visible and taken == visible:
            words = self.note(f"{settled(error.message)} It was read again: it is saved.")
            self.settle(entry, Ledger.Outcome.ACCEPTED, words)
            return now
        if taken:
            self.keep(now, ours=sent)
            words = "It was read again: a part is saved. Re-read this page and compare."
            raise self.doubt(entry, Ledger.Outcome.PARTLY, words, error)
        if visible:
            words = "It was read again: nothing was saved. You may save again."
            raise self.doubt(entry, Ledger.Outcome.REFUSED, words, error)
        raise self.doubt(entry, Ledger.Outcome.UNKNOWN, CANNOT_BE_ASKED, error)

    def look_for_new(self, entry: Ledger, given: Mapping[str, Any], known: set[int], error: RemoteError) -> Record:
        """Whether a create without an answer was taken: an id we did not know, under our name or login."""
        named = names_of(self.model)
        label = self.model.entity.label
        records = self.read_again(entry, self.collection.all, error)
        new = [
            record
            for record in records
            if record["id"] not in known and all(record.get(name) == given.get(name) for name in named)
        ]
        ours = [record for record in new if self.shows(record, given)]
        if len(ours) == 1:
            words = self.note(f"{settled(error.message)} It was read again: the {label} is there.")
            self.settle(entry, Ledger.Outcome.ACCEPTED, words, ours[0]["id"])
            return ours[0]
        if not new:
            words = f"It was read again: there is no such {label}. You may save again."
            raise self.doubt(entry, Ledger.Outcome.REFUSED, words, error)
        words = (
            f"It was read again: there is a new {label} of that name, perhaps not yours. Look before you save again."
        )
        raise self.doubt(entry, Ledger.Outcome.UNKNOWN, words, error)

    def shows(self, record: Record, given: Mapping[str, Any]) -> bool:
        """Whether the record has every value given, as far as it tells."""
        return all(is_so(self.model, record, name, value) for name, value in given.items() if name in record)

    def note(self, words: str) -> str:
        self.remarks.append(words)
        return words

    def read_again(self, entry: Ledger, read: Callable[[], Answer], error: RemoteError) -> Answer:
        try:
            return read()
        except RemoteError as silence:
            words = (
                "It could not be read again either, so it is not known whether it was taken. Re-read before you save."
            )
            raise self.doubt(entry, Ledger.Outcome.UNKNOWN, words, error) from silence

    def doubt(self, entry: Ledger, outcome: str, words: str, error: RemoteError) -> RemoteError:
        """Settle the entry so, and give the error a person can act upon."""
        message = f"{settled(error.message)} {words}"
        self.settle(entry, outcome, message)
        # A busy dialler stays one: whoever has more to send need not try.
        kind = Busy if isinstance(error, Busy) else Unanswered
        doubt = kind(message, system=error.system, operation=error.operation, detail=error.detail)
        doubt.taken = "no" if outcome == Ledger.Outcome.REFUSED else "unknown"
        return doubt

    def read_whole(self, record: Record) -> Record | None:
        """The record as MaxContact shows it now, its last answer having been less; None if it cannot be read."""
        try:
            return self.collection.get(record["id"])
        except RemoteError:
            return None

    def keep(self, record: Record, ours: Iterable[str] = ()) -> Mirrored:
        """`ours` are the attributes this write set; what differs beside them was changed by somebody else."""
        return self.write_down(record["id"], lambda: self.stored(record, tuple(ours)))

    def stored(self, record: Record, ours: Sequence[str]) -> Mirrored:
        with transaction.atomic():
            row = keep(self.model, record, timezone.now(), ours=ours)
            if self.entries:
                reclaim(row, ours, self.entries[0].at, is_new=self.pk is None)
        return row

    def keep_one(self, name: str, value: Any) -> Mirrored:
        """Only this value is known. A blank fingerprint lets the next reading write the whole row."""

        def write() -> Mirrored:
            row = self.model._default_manager.get(pk=self.pk)
            if name in columns_of(self.model):
                setattr(row, name, value)
                row.seen_at, row.fingerprint = timezone.now(), ""
                row.save(update_fields=[name, "seen_at", "fingerprint"])
            return row

        return self.write_down(self.pk, write)

    def write_down(self, remote_id: int, write: Callable[[], Mirrored]) -> Mirrored:
        """MaxContact has taken it: whatever our own database does now is no refusal."""
        try:
            row = write()
        except (DatabaseError, Garbled) as error:
            log.exception("%s %s was taken, but its row could not be written", self.model.entity.label, remote_id)
            raise NotKept(remote_id) from error
        row.remark = " ".join(self.remarks)
        return row


def settled(message: str) -> str:
    """The failure without its doubt: what was read afterwards decides that, or is in doubt in its own words."""
    return message.replace(DOUBT, "").strip()


def merge(record: Record, answer: Record) -> Record:
    """The answer over what was known before, should it be less than whole."""
    return Record({**record, **answer}, raw={**record.raw, **answer.raw})
