"""The row types by which a remote entity is declared: Kind (a read/write pair), Field, Verb, Link, Entity, Record.

A kind reads what the wire may hold (JSON values, or text from XML) and writes JSON values. Nothing here knows a system.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

from django.db.models import IntegerChoices


@dataclass(frozen=True, slots=True)
class Kind:
    """`write(value, like)` may follow `like`, the value received before, where the wire has two ways to say a thing."""

    name: str
    read: Callable[[Any], Any]
    write: Callable[[Any, Any], Any]
    choices: type[IntegerChoices] | None = None


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
    """A change with its own address below the entity, carrying one field."""

    name: str
    method: str
    path: str
    field: Field
    label: str


@dataclass(frozen=True, slots=True)
class Link:
    """An association set by PUT and taken away by DELETE, both with `{wire: id}` as body; it cannot be read."""

    name: str
    path: str
    wire: str


class Record(dict[str, Any]):
    """One remote row keyed by our attribute names; `raw` is the same row as received, unknown fields included."""

    raw: dict[str, Any]

    def __init__(
        self, values: Mapping[str, Any] | Iterable[tuple[str, Any]] = (), raw: Mapping[str, Any] | None = None
    ):
        super().__init__(values)
        self.raw = dict(raw or {})


class Textual(dict[str, Any]):
    """A dict decoded from XML: its leaves are text or None, whatever their kind."""


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
        record = Record(raw=wire)
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


NUMBER = re.compile(r"[+-]?\d+")
FLAGS = {"true": True, "false": False, "1": True, "0": False}
MS_DATE = re.compile(r"/Date\((-?\d+)([+-]\d{4})?\)/")
ISO_FRACTION = re.compile(r"([.,]\d{6})\d+")
LONGEST_NUMBER = 40
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def read_int(value: Any) -> int | None:
    if _is_empty(value):
        return None
    number = read_decimal(int(value) if isinstance(value, bool) else value)
    if number is None or number != number.to_integral_value():
        raise ValueError("not a whole number")
    return int(number)


def read_text(value: Any) -> str:
    """Never None: our text columns know one kind of empty. The raw row keeps the difference."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (dict, list)):
        raise ValueError("not text")
    return str(value)


def read_flag(value: Any) -> bool | None:
    if _is_empty(value):
        return None
    flag = FLAGS.get(str(value).strip().lower())
    if flag is None:
        raise ValueError("neither true nor false")
    return flag


def read_decimal(value: Any) -> Decimal | None:
    if _is_empty(value):
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation as error:
        raise ValueError("not a number") from error
    # A billion digits are quickly written (1e999999999) and slowly read.
    if not number.is_finite() or abs(number.adjusted()) > LONGEST_NUMBER:
        raise ValueError("not a number")
    return number


def read_when(value: Any) -> datetime | None:
    """ISO 8601 or `/Date(ms+zone)/` as aware UTC. No zone is taken as UTC; year 1 is .NET's "not set"."""
    if _is_empty(value):
        return None
    try:
        when = _moment(str(value).strip())
        return None if when.year == 1 else when.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("not a date of any calendar") from error


def _moment(text: str) -> datetime:
    if match := MS_DATE.fullmatch(text):
        # The zone only says how to show it: the milliseconds count from the epoch in UTC.
        return EPOCH + timedelta(milliseconds=int(match[1]))
    when = datetime.fromisoformat(ISO_FRACTION.sub(r"\1", text))
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def read_nothing(value: Any) -> None:
    """Secrets are sent, never read."""


def write_as_is(value: Any, like: Any) -> Any:
    return value


def write_text(value: Any, like: Any) -> str:
    return "" if value is None else str(value)


def write_int(value: Any, like: Any) -> int | None:
    return None if value is None else int(value)


def write_decimal(value: Any, like: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def write_when(value: Any, like: Any) -> str | None:
    """ISO 8601 in UTC, or `/Date(ms)/` for a system that wrote the old value so."""
    if value is None:
        return None
    when: datetime = value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(like, str) and like.startswith("/Date("):
        return f"/Date({(when - EPOCH) // timedelta(milliseconds=1)})/"
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")


INT = Kind("int", read_int, write_int)
TEXT = Kind("text", read_text, write_text)
FLAG = Kind("flag", read_flag, write_as_is)
DECIMAL = Kind("decimal", read_decimal, write_decimal)
WHEN = Kind("when", read_when, write_when)
SECRET = Kind("secret", read_nothing, write_text)


def letters_of(name: str) -> str:
    """A code's name as it is compared: "Not Running", "NotRunning" and "not_running" are one."""
    return "".join(character for character in name.lower() if character.isalnum())


def _choice_reader(codes: type[IntegerChoices]) -> Callable[[Any], int | None]:
    by_name = {letters_of(name): member.value for member in codes for name in (member.name, str(member.label))}

    def read(value: Any) -> int | None:
        """A number (also an unknown one) stays; a name becomes its number; an unknown name is None, not a failure."""
        if _is_empty(value):
            return None
        text = str(value).strip()
        return int(text) if NUMBER.fullmatch(text) else by_name.get(letters_of(text))

    return read


def choice(codes: type[IntegerChoices]) -> Kind:
    """A code list on the wire as a number, or by name where the other side wrote names before."""

    def write(value: Any, like: Any) -> Any:
        if value is None:
            return None
        spoken_by_name = isinstance(like, str) and like and not NUMBER.fullmatch(like.strip())
        return str(codes(value).label) if spoken_by_name else int(value)

    return Kind("choice", _choice_reader(codes), write, codes)


def choice_name(codes: type[IntegerChoices]) -> Kind:
    """A code list that goes out by name, as the document writes it, and comes back as name or number."""

    def write(value: Any, like: Any) -> str:
        return str(codes(value).label)

    return Kind("choice", _choice_reader(codes), write, codes)
