"""The row types by which a remote entity is declared: Field, Verb, Link, Entity; and the Record read by it.

What single values look like on the wire is in kinds.py. Nothing here knows a system.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from maxops.remote.kinds import NUMBER, Kind


@dataclass(frozen=True, slots=True)
class Field:
    """`names` is the register of ids this number is out of, where the API has no list of them."""

    attribute: str
    wire: str
    kind: Kind
    required: bool = False
    write_only: bool = False
    optional_on_put: bool = False
    names: str = ""


@dataclass(frozen=True, slots=True)
class Verb:
    """A change with its own address below the entity, carrying one field. What must not come late `repeats` never."""

    name: str
    method: str
    path: str
    field: Field
    label: str
    repeats: bool = True


@dataclass(frozen=True, slots=True)
class Link:
    """An association set by PUT and taken away by DELETE, both with `{wire: id}` as body; it cannot be read."""

    name: str
    path: str
    wire: str


class Record(dict[str, Any]):
    """One remote row keyed by our attribute names; `raw` is the same row as received, unknown fields included.

    Its values can be encoded and are not to be read: from JSON they are the very bytes that came.
    """

    raw: dict[str, Any]

    def __init__(
        self, values: Mapping[str, Any] | Iterable[tuple[str, Any]] = (), raw: Mapping[str, Any] | None = None
    ):
        super().__init__(values)
        self.raw = dict(raw or {})


class Textual(dict[str, Any]):
    """A dict decoded from XML: its leaves are text or None, whatever their kind."""


class Verbatim(dict[str, Any]):
    """A dict decoded from JSON; `members` are the same values as the bytes they came in, to go back unchanged."""

    def __init__(self, values: Mapping[str, Any], members: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.members = members


@dataclass(frozen=True)
class Entity:
    name: str
    label: str
    path: str
    fields: tuple[Field, ...]
    verbs: tuple[Verb, ...] = ()
    links: tuple[Link, ...] = ()

    @cached_property
    def _by_attribute(self) -> dict[str, Field]:
        return {field.attribute: field for field in self.fields}

    @cached_property
    def _by_wire(self) -> dict[str, Field]:
        return {field.wire: field for field in self.fields}

    def field(self, attribute: str) -> Field:
        return self._by_attribute[attribute]

    def verb(self, name: str) -> Verb:
        return next(verb for verb in self.verbs if verb.name == name)

    def link(self, name: str) -> Link:
        return next(link for link in self.links if link.name == name)

    def read(self, wire: Mapping[str, Any]) -> Record:
        """ValueError when a known field holds what its kind cannot mean; absent keys stay absent."""
        textual = isinstance(wire, Textual)
        record = Record(raw=wire.members if isinstance(wire, Verbatim) else wire)
        for name, value in wire.items():
            field = self._by_wire.get(name)
            if field is None:
                continue
            if field.write_only:
                del record.raw[name]
                continue
            try:
                record[field.attribute] = field.kind.read(value)
            except ValueError as error:
                raise ValueError(f"{self.name}.{name}: {error}") from error
            if textual:
                record.raw[name] = _native(field.kind, value)
        return record

    def columns(self, wires: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
        """Like read, for many rows at once and their values alone: attribute -> one value a row, None where absent."""
        return {field.attribute: self._column(field, wires) for field in self.fields if not field.write_only}

    def _column(self, field: Field, wires: Sequence[Mapping[str, Any]]) -> list[Any]:
        values = [wire.get(field.wire) for wire in wires]
        if set(map(type, values)) <= field.kind.settled:
            return values
        try:
            return list(map(field.kind.read, values))
        except ValueError as error:
            raise ValueError(f"{self.name}.{field.wire}: {error}") from error

    def write(self, values: Mapping[str, Any], like: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Only the attributes given, by wire name; `like` is the raw row whose manner of writing is kept."""
        manner = like or {}
        fields = ((self._by_attribute[attribute], value) for attribute, value in values.items())
        return {field.wire: field.kind.write(value, manner.get(field.wire)) for field, value in fields}


def _native(kind: Kind, text: Any) -> Any:
    """XML text as the JSON value of its kind, so that it can go back in a JSON body; words and dates stay."""
    if not isinstance(text, str):
        return text
    if kind.name in ("int", "flag", "decimal"):
        return kind.read(text)
    if kind.choices is not None and NUMBER.fullmatch(text.strip()):
        return int(text)
    return text
