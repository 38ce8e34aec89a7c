"""Local -> remote: create, update, verbs and links. The dialler is asked first and its answer is what we store.

Design: fetch fresh, lay only the changed fields over it, PUT; fields with an address of their own go by their verb.
"""

from collections.abc import Mapping
from typing import Any

from maxops.mirror.errors import Conflict, NotKept, Partly
from maxops.mirror.models import Mirrored
from maxops.mirror.records import as_column, columns_of, is_so
from maxops.mirror.sending import Sending
from maxops.remote.errors import Refused, RemoteError
from maxops.remote.fields import Record

__all__ = ["Conflict", "NotKept", "Partly", "create", "link", "perform", "unlink", "update"]


def create(model: type[Mirrored], values: Mapping[str, Any], staff: str, source: str) -> Mirrored:
    """A new record; values left None are left to MaxContact. A POST is never sent twice."""
    given = {name: value for name, value in values.items() if value is not None}
    sending = Sending(model, None, str(model(**_readable(model, given))), staff, source, _secrets(model, given))
    known = set(model._default_manager.values_list("pk", flat=True))
    entry = sending.enter(f"create {model.entity.label}", {name: (None, value) for name, value in given.items()})

    def look(error: RemoteError) -> Record:
        return sending.look_for_new(entry, given, known, error)

    record = sending.attempt(entry, lambda: sending.collection.create(given), look)
    if not columns_of(model).keys() <= record.keys():
        record = sending.read_whole(record) or record
    return sending.keep(record)


def update(
    instance: Mirrored, changes: Mapping[str, Any], opened: Mapping[str, Any], staff: str, source: str
) -> Mirrored:
    """Lay the changed fields over a fresh reading and send that. `opened` is what the person saw, {} if nothing."""
    _refuse_locked(instance)
    model = type(instance)
    sending = Sending(model, instance.pk, str(instance), staff, source, _secrets(model, changes))
    fresh = _read_first(sending, instance.pk)
    _look_for_conflict(model, fresh, changes, opened)
    wanted = {name: value for name, value in changes.items() if not is_so(model, fresh, name, value)}
    record, saved = fresh, []
    try:
        for names, send in sending.steps(wanted):
            record = send(record)
            saved += names
    except RemoteError as error:
        if not saved:
            raise
        sending.keep(record)
        unsaved = [name for name in wanted if name not in saved]
        raise Partly(_partly_words(model, saved, unsaved, error), saved, unsaved, error) from error
    return sending.keep(record if record.raw else sending.read_whole(record) or record)


def perform(instance: Mirrored, verb: str, value: Any, staff: str, source: str) -> Mirrored:
    """One verb of the entity (set_active, set_status ...): sent whatever stands there now."""
    _refuse_locked(instance)
    sending = Sending(type(instance), instance.pk, str(instance), staff, source)
    row = type(instance).entity.verb(verb)
    before = Record({row.field.attribute: getattr(instance, row.field.attribute, None), "id": instance.pk})
    record: Record | None = sending.send_verb(before, row, value)
    if not columns_of(type(instance)).keys() <= record.keys():
        record = sending.read_whole(record)
    # It was taken in any case: if only the look afterwards failed, the one value is what we know.
    return sending.keep(record) if record is not None else sending.keep_one(row.field.attribute, value)


def link(instance: Mirrored, link: str, other: int, staff: str, source: str) -> None:
    """Associate (a list or team with a campaign, a user with a team). MaxContact cannot be asked what is associated."""
    sending = Sending(type(instance), instance.pk, str(instance), staff, source)
    entry = sending.enter(f"add to {link} of {instance.entity.label}", {link: (None, other)})
    sending.attempt(entry, lambda: sending.collection.link(link, instance.pk, other), sending.cannot_look(entry))


def unlink(instance: Mirrored, link: str, other: int, staff: str, source: str) -> None:
    sending = Sending(type(instance), instance.pk, str(instance), staff, source)
    entry = sending.enter(f"take from {link} of {instance.entity.label}", {link: (other, None)})
    sending.attempt(entry, lambda: sending.collection.unlink(link, instance.pk, other), sending.cannot_look(entry))


def _read_first(sending: Sending, remote_id: int) -> Record:
    """What stands there now. Without it nothing is sent, and that is certain whatever kept us from reading."""
    try:
        return sending.collection.get(remote_id)
    except RemoteError as error:
        error.taken = "no"
        error.message = f"MaxContact could not be read, so your change was not sent. {error.message}"
        raise


def _refuse_locked(instance: Mirrored) -> None:
    if instance.is_locked:
        raise Refused(f"{instance} is the vendor's own account and must not be edited; nothing was sent.")


def _secrets(model: type[Mirrored], values: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        str(values[field.attribute])
        for field in model.entity.fields
        if field.write_only and values.get(field.attribute)
    )


def _readable(model: type[Mirrored], values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in columns_of(model)}


def _look_for_conflict(
    model: type[Mirrored], fresh: Record, changes: Mapping[str, Any], opened: Mapping[str, Any]
) -> None:
    moved = {}
    for name, yours in changes.items():
        if name not in opened or name not in fresh or name not in columns_of(model):
            continue
        theirs = as_column(columns_of(model)[name], fresh[name])
        if theirs != opened[name] and not is_so(model, fresh, name, yours):
            moved[name] = (opened[name], theirs, yours)
    if moved:
        names = ", ".join(str(columns_of(model)[name].verbose_name) for name in moved)
        raise Conflict(f"Changed in MaxContact since you opened this page: {names}. Nothing was sent.", moved)


def _partly_words(model: type[Mirrored], saved: list[str], unsaved: list[str], error: RemoteError) -> str:
    def named(names: list[str]) -> str:
        return ", ".join(str(getattr(columns_of(model).get(name), "verbose_name", name)) for name in names)

    return f"Saved in MaxContact and here: {named(saved)}. Not saved: {named(unsaved)}. {error.message}"
