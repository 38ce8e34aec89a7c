"""The Management API 1.3: the four collections, skills, global emergency.

A PUT replaces the whole entity, so `update` sends back the row as received with the changes laid over it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from maxops.remote.codec import decode, decode_member, encode
from maxops.remote.cutting import DecodedRows, Rows, cut, new_mark
from maxops.remote.errors import Garbled, NotFound, Refused, RemoteError, Unanswered
from maxops.remote.fields import Entity, Record
from maxops.remote.http import Answer, Call, Timeouts
from maxops.remote.maxcontact import skills
from maxops.remote.maxcontact.entities import CAMPAIGN, LIST, TEAM, USER
from maxops.remote.maxcontact.envelope import TOLERATED, Envelope, find_envelope, judged, read_envelope, rows_of
from maxops.remote.maxcontact.session import Session

# The handle must not hang: it says at once what is known, and the emergency service reads the campaigns.
EMERGENCY_TIMEOUTS = Timeouts(connect=2, read=5, total=8)


def _send(session: Session, call: Call) -> Envelope:
    def read(answer: Answer) -> Envelope:
        return read_envelope(call, session.transport, answer)

    return session.call(call, read)


class Collection:
    """All campaigns, lists, teams or users. Every method raises RemoteError; `taken` says what is known then."""

    def __init__(self, session: Session, entity: Entity) -> None:
        self.entity = entity
        self._session = session
        self._path = f"management/{entity.path}"

    def all(self) -> list[Record]:
        """Every row, each Id once; Garbled rather than a part of them."""
        call = self._call("read all", "GET", repeat=True)
        records = [self._read(call, row) for row in self._rows(call, _send(self._session, call))]
        self._refuse_twins(call, [record["id"] for record in records])
        return records

    def snapshot(self, is_known: Callable[[str], bool] = lambda _: False) -> "Snapshot":
        """Every row as it came, undecoded; without any where the mark of the answer, of all its bytes, is known."""
        call = replace(self._call("read all", "GET", repeat=True), digest=new_mark)

        def read(answer: Answer) -> Snapshot:
            mark = answer.digest
            if answer.status not in call.tolerated and is_known(mark):
                return Snapshot(self, call, mark, None)
            return Snapshot(self, call, mark, self._cut(call, answer))

        return self._session.call(call, read)

    def _cut(self, call: Call, answer: Answer) -> Rows:
        transport, rows = self._session.transport, cut(answer.body)
        if rows is not None:
            judged(call, transport, answer, find_envelope(rows.envelope))
        else:
            envelope = read_envelope(call, transport, answer, decode)
            wires = self._rows(call, envelope)
            rows = DecodedRows(envelope, wires, [self._read(call, wire)["id"] for wire in wires])
        self._refuse_twins(call, rows.ids)
        return rows

    def _rows(self, call: Call, envelope: Envelope) -> list[dict[str, Any]]:
        rows = rows_of(envelope.data)
        if rows is None:
            raise self.garbled(call, "without any collection in it")
        return rows

    def _refuse_twins(self, call: Call, ids: Sequence[int]) -> None:
        if len(set(ids)) != len(ids):
            raise self.garbled(call, "with the same Id twice")

    def get(self, remote_id: int) -> Record:
        call = self._call("read", "GET", f"/{int(remote_id)}", repeat=True)
        record = self._whole(call, self._ask(call, remote_id))
        if record is None:
            error = NotFound(f"MaxContact has no {self.entity.label} {remote_id}.", operation=call.operation)
            error.code = "no data"
            raise error
        if record["id"] != remote_id:
            raise self.garbled(call, f"about {self.entity.label} {record['id']} when asked for {remote_id}")
        return record

    def create(self, values: Mapping[str, Any]) -> Record:
        """The new row with the Id MaxContact gave it. Never sent twice unless it is certain that it was not taken."""
        self._require_secrets(values)
        wire = self.entity.write(values)
        call = self._call("create", "POST", body=encode(wire))
        envelope = _send(self._session, call)
        record = self._whole(call, envelope)
        if record is not None:
            return record
        return self._look_after(call, lambda: self._find_created(call, envelope, values))

    def update(self, record: Record, changes: Mapping[str, Any]) -> Record:
        """PUT of the row as read, with only `changes` laid over it; what comes back, or a fresh reading.

        Never repeated by itself: the row as read ages, and what others changed meanwhile would be set back.
        """
        self._require_secrets(changes)
        manner = {name: decode_member(value) for name, value in record.raw.items()}
        wire = {**record.raw, **self.entity.write(changes, like=manner)}
        call = self._call("update", "PUT", f"/{int(record['id'])}", body=encode(wire))
        answer = self._whole(call, self._ask(call, record["id"]))
        return answer or self._look_after(call, lambda: self.get(record["id"]))

    def _look_after(self, call: Call, look: Callable[[], Record]) -> Record:
        """After a write that was taken: whatever fails now, a log-in too, must not read as if the write had failed."""
        try:
            return look()
        except RemoteError as error:
            if error.taken == "unknown":
                raise
            words = f"MaxContact took it, but could not be read afterwards. {error.message}"
            raise Unanswered(words, operation=call.operation, detail=error.detail) from error

    def perform(self, verb_name: str, remote_id: int, value: Any) -> Record | None:
        """None when the answer has no whole entity: then only the verb's own value is known to be set."""
        verb = self.entity.verb(verb_name)
        body = encode({verb.field.wire: verb.field.kind.write(value, None)})
        call = self._call(
            verb_name.replace("_", " "), verb.method, f"/{int(remote_id)}/{verb.path}", body=body, repeat=verb.repeats
        )
        return self._whole(call, self._ask(call, remote_id))

    def _ask(self, call: Call, remote_id: int, other: str = "") -> Envelope:
        """About one record: an address MaxContact does not know means that the record is not there."""
        try:
            return _send(self._session, call)
        except NotFound as error:
            if error.code == "404":
                error.message = f"MaxContact has no {self.entity.label} {remote_id}{other}."
            raise

    def link(self, link_name: str, remote_id: int, other_id: int) -> None:
        self._associate("PUT", link_name, remote_id, other_id)

    def unlink(self, link_name: str, remote_id: int, other_id: int) -> None:
        self._associate("DELETE", link_name, remote_id, other_id)

    def _associate(self, method: str, link_name: str, own_id: int, other_id: int) -> None:
        link = self.entity.link(link_name)
        operation = f"{'link' if method == 'PUT' else 'unlink'} {link_name}"
        body = encode({link.wire: int(other_id)})
        call = self._call(operation, method, f"/{int(own_id)}/{link.path}", body=body, repeat=True)
        self._ask(call, own_id, f", or no {link_name.removesuffix('s')} {other_id}")

    def _call(
        self, operation: str, method: str, path: str = "", body: bytes | None = None, repeat: bool = False
    ) -> Call:
        return Call(
            operation=f"{operation} {self.entity.label}",
            method=method,
            path=self._path + path,
            body=body,
            repeat=repeat,
            tolerated=TOLERATED,
            # A refusal may repeat what was sent, and a user is sent with a password.
            private=body is not None and any(field.write_only for field in self.entity.fields),
        )

    def _require_secrets(self, values: Mapping[str, Any]) -> None:
        """The API demands them at each PUT and never tells them: an empty one would lock the person out."""
        for field in self.entity.fields:
            if field.write_only and not values.get(field.attribute):
                sentence = "MaxContact wants it at every save and never tells it: enter it."
                raise Refused(
                    f"A {self.entity.label} cannot be saved without the {field.attribute}.",
                    operation=f"write {self.entity.label}",
                    fields={field.attribute: sentence},
                )

    def _whole(self, call: Call, envelope: Envelope) -> Record | None:
        """The entity in the answer, if there is one and it is more than the value just set."""
        rows = rows_of(envelope.data)
        if not rows or len(rows) != 1:
            return None
        required = [field.wire for field in self.entity.fields if field.required and not field.write_only]
        if not all(name in rows[0] for name in ("Id", *required)):
            return None
        return self._read(call, rows[0])

    def _read(self, call: Call, row: Mapping[str, Any]) -> Record:
        try:
            record = self.entity.read(row)
        except ValueError as error:
            raise self.garbled(call, f"with a value that cannot be ({error})") from error
        if record.get("id") is None:
            raise self.garbled(call, f"with a {self.entity.label} that has no Id")
        return record

    def _find_created(self, call: Call, envelope: Envelope, values: Mapping[str, Any]) -> Record:
        """MaxContact said yes without showing the row: read it by its Id, or find the one row of its name."""
        rows = rows_of(envelope.data)
        new_id = rows[0].get("Id") if rows and len(rows) == 1 else envelope.data
        if isinstance(new_id, (int, str)) and str(new_id).isdecimal():
            return self.get(int(new_id))
        named = [field.attribute for field in self.entity.fields if field.required and not field.write_only]
        found = [row for row in self.all() if all(row.get(name) == values.get(name) for name in named)]
        if len(found) != 1:
            raise self.garbled(call, f"from which the new {self.entity.label} cannot be told; it may exist")
        return found[0]

    def garbled(self, call: Call, sentence: str) -> Garbled:
        return Garbled(f"MaxContact sent an answer {sentence}.", operation=call.operation)


class Snapshot:
    """One collection as it came. `rows` is None when it is the one whose mark was known."""

    def __init__(self, collection: Collection, call: Call, mark: str, rows: Rows | None) -> None:
        self.mark = mark
        self.rows = rows
        self._collection = collection
        self._call = call

    def columns(self, places: Sequence[int]) -> dict[str, list[Any]]:
        """The values of these rows, attribute by attribute; Garbled when one cannot be."""
        rows, collection = self.rows, self._collection
        if rows is None or not places:
            return {}
        try:
            columns = collection.entity.columns(rows.wires(places))
        except ValueError as error:
            raise collection.garbled(self._call, f"with a value that cannot be ({error})") from error
        if columns["id"] != [rows.ids[place] for place in places]:
            raise collection.garbled(self._call, f"with a {collection.entity.label} that has no Id")
        return columns


class Management:
    def __init__(self, session: Session) -> None:
        self._session = session
        self.campaigns = Collection(session, CAMPAIGN)
        self.lists = Collection(session, LIST)
        self.teams = Collection(session, TEAM)
        self.users = Collection(session, USER)

    def collection(self, path: str) -> Collection:
        """By the key of ENTITIES: "campaigns", "lists", "teams", "users"."""
        collections = (self.campaigns, self.lists, self.teams, self.users)
        return {collection.entity.path: collection for collection in collections}[path]

    def skills_on(self, skill_id: int, proficiency: int, user_ids: Sequence[int]) -> dict[int, str]:
        """The users it was declined for although the call as such succeeded, with the reason."""
        return skills.give(self._session, skill_id, proficiency, user_ids)

    def skills_off(self, skill_id: int, user_ids: Sequence[int]) -> dict[int, str]:
        return skills.take(self._session, skill_id, user_ids)

    def emergency_enable(self) -> None:
        """One request, never repeated here: after an Unanswered, the campaigns have to be read."""
        self._set_emergency("enable")

    def emergency_disable(self) -> None:
        self._set_emergency("disable")

    def _set_emergency(self, switch: str) -> None:
        call = Call(
            operation=f"emergency {switch}",
            method="POST",
            path=f"management/globalemergency/{switch}",
            # No body is documented; an empty one makes requests say Content-Length: 0, which IIS insists on.
            body=b"",
            timeouts=EMERGENCY_TIMEOUTS,
            attempts=1,
            tolerated=TOLERATED,
        )
        _send(self._session, call)
