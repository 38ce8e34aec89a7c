"""Local -> remote: create, update, verbs; links and skills beside it. The dialler is asked first and its answer kept.

Design: wait for one's turn, fetch fresh, lay only the changed fields over it, PUT; some fields go by their own verb.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from django.utils import timezone

from maxops.mirror import early
from maxops.mirror.author import Author
from maxops.mirror.errors import Conflict, NotKept, Partly
from maxops.mirror.links import link, unlink
from maxops.mirror.models import Ledger, Mirrored
from maxops.mirror.records import as_column, columns_of, is_so, same
from maxops.mirror.sending import NO_PROOF, Sending
from maxops.mirror.skills import give_skill, take_skill
from maxops.mirror.turns import turn
from maxops.remote.errors import RemoteError
from maxops.remote.fields import Record

__all__ = [
    "Conflict",
    "NotKept",
    "Partly",
    "create",
    "give_skill",
    "link",
    "perform",
    "take_skill",
    "unlink",
    "update",
]

Answer = TypeVar("Answer")
DOUBTED = timedelta(days=1)  # how long a save without an answer makes us look before the same is created again


def create(model: type[Mirrored], values: Mapping[str, Any], author: Author) -> Mirrored:
    """A new record; values left None are left to MaxContact. A POST is never sent twice."""
    given = {name: value for name, value in values.items() if value is not None}
    sending = Sending(model, None, str(model(**_readable(model, given))), author, _secrets(model, given))
    with turn(f"create-{model.kind()}", model.entity.label):
        known = early.refuse_creation(model, given)
        _look_for_twin(sending, given, known)
        entry = sending.enter(f"create {model.entity.label}", {name: (None, value) for name, value in given.items()})

        def look(error: RemoteError) -> Record:
            return sending.look_for_new(entry, given, known, error)

        record = sending.attempt(entry, lambda: sending.collection.create(given), look, in_doubt=NO_PROOF)
        if not columns_of(model).keys() <= record.keys():
            record = sending.read_whole(record) or record
        return sending.keep(record, ours=columns_of(model))


def update(instance: Mirrored, changes: Mapping[str, Any], opened: Mapping[str, Any], author: Author) -> Mirrored:
    """Lay the changed fields over a fresh reading and send that. `opened` is what the person saw, {} if nothing."""
    model = type(instance)
    early.refuse_locked(instance)
    early.refuse_update(model, changes)
    sending = Sending(model, instance.pk, str(instance), author, _secrets(model, changes))
    with turn(f"{model.kind()}-{instance.pk}", model.entity.label):
        fresh = _read_first(lambda: sending.collection.get(instance.pk))
        _look_for_conflict(model, fresh, changes, opened)
        wanted = {name: value for name, value in changes.items() if not is_so(model, fresh, name, value)}
        record = _send_steps(sending, fresh, wanted)
        # What somebody else had set to the same value meanwhile was not sent, so it is none of ours.
        return sending.keep(record if record.raw else sending.read_whole(record) or record, ours=wanted)


def perform(instance: Mirrored, verb: str, value: Any, author: Author) -> Mirrored:
    """One verb of the entity (set_active, set_status ...): sent whatever stands there now."""
    model = type(instance)
    early.refuse_locked(instance)
    sending = Sending(model, instance.pk, str(instance), author)
    row = model.entity.verb(verb)
    name = row.field.attribute
    before = Record({name: getattr(instance, name, None), "id": instance.pk})
    with turn(f"{model.kind()}-{instance.pk}", model.entity.label):
        record: Record | None = sending.send_verb(before, row, value)
        if not columns_of(model).keys() <= record.keys():
            record = sending.read_whole(record)
        if record is not None:
            return sending.keep(record, ours=[name])
        # It was taken in any case: if only the look afterwards failed, the one value is what we know.
        if name == "active":
            sending.remember(name, 0, int(value))
        return sending.keep_one(name, value)


def _send_steps(sending: Sending, fresh: Record, wanted: Mapping[str, Any]) -> Record:
    """The record after all steps. One that fails after others were taken leaves these kept, and says so."""
    record, saved = fresh, []
    try:
        for names, send in sending.steps(wanted):
            record = send(record)
            saved += names
    except RemoteError as error:
        if not saved:
            raise
        sending.keep(record, ours=saved)
        unsaved = [name for name in wanted if name not in saved]
        raise Partly(_partly_words(sending.model, saved, unsaved, error), saved, unsaved, error) from error
    return record


def _read_first(read: Callable[[], Answer]) -> Answer:
    """What stands there now. Without it nothing is sent, and that is certain whatever kept us from reading."""
    try:
        return read()
    except RemoteError as error:
        error.taken = "no"
        error.message = f"MaxContact could not be read, so your change was not sent. {error.message}"
        raise


def _secrets(model: type[Mirrored], values: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        str(values[field.attribute])
        for field in model.entity.fields
        if field.write_only and values.get(field.attribute)
    )


def _readable(model: type[Mirrored], values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in columns_of(model)}


def _look_for_twin(sending: Sending, given: Mapping[str, Any], known: set[int]) -> None:
    """After a save of this name without an answer: it may be there by now, and our mirror would not know."""
    label, kind = sending.model.entity.label, sending.model.kind()
    lately = Ledger.objects.filter(kind=kind, operation=f"create {label}", at__gte=timezone.now() - DOUBTED)
    if not lately.filter(outcome=Ledger.Outcome.UNKNOWN, subject=sending.subject).exists():
        return
    for record in _read_first(sending.collection.all):
        for name in early.names_of(sending.model):
            if record["id"] not in known and record.get(name) == given.get(name):
                words = f"MaxContact has a new {label} of this name ({record['id']}), perhaps from your earlier save."
                early.refuse({name: f"{words} Read the {kind} again before you save."})


def _look_for_conflict(
    model: type[Mirrored], fresh: Record, changes: Mapping[str, Any], opened: Mapping[str, Any]
) -> None:
    moved = {}
    for name, yours in changes.items():
        if name not in opened or name not in fresh or name not in columns_of(model):
            continue
        theirs = as_column(columns_of(model)[name], fresh[name])
        if not same(theirs, opened[name]) and not is_so(model, fresh, name, yours):
            moved[name] = (opened[name], theirs, yours)
    if moved:
        names = ", ".join(str(columns_of(model)[name].verbose_name) for name in moved)
        raise Conflict(f"Changed in MaxContact since you opened this page: {names}. Nothing was sent.", moved)


def _partly_words(model: type[Mirrored], saved: list[str], unsaved: list[str], error: RemoteError) -> str:
    def named(names: list[str]) -> str:
        return ", ".join(str(getattr(columns_of(model).get(name), "verbose_name", name)) for name in names)

    return f"Saved in MaxContact and here: {named(saved)}. Not saved: {named(unsaved)}. {error.message}"
