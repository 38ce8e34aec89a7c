"""How single values are read from the wire and written to it: a Kind is a read/write pair, a code list one of many.

A kind reads what the wire may hold (JSON values, or text from XML) and writes JSON values. Nothing here knows a system.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import IntegerChoices


@dataclass(frozen=True, slots=True)
class Kind:
    """`write(value, like)` may follow `like`, the value received before, where the wire has two ways to say a thing.

    `settled` are the types of wire values that reading gives back as they are.
    """

    name: str
    read: Callable[[Any], Any]
    write: Callable[[Any, Any], Any]
    choices: type[IntegerChoices] | None = None
    settled: frozenset[type] = frozenset()


NUMBER = re.compile(r"[+-]?\d+")
FLAGS = {"true": True, "false": False, "1": True, "0": False}
MS_DATE = re.compile(r"/Date\((-?\d+)([+-]\d{4})?\)/")
ISO_FRACTION = re.compile(r"([.,]\d{6})\d+")
LONGEST_NUMBER = 40
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def read_int(value: Any) -> int | None:
    if isinstance(value, str) and value.isdigit() and value.isascii() and len(value) < LONGEST_NUMBER:
        return int(value)  # what XML nearly always says
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


NOTHING = type(None)
WHOLE = frozenset({int, NOTHING})
INT = Kind("int", read_int, write_int, settled=WHOLE)
TEXT = Kind("text", read_text, write_text, settled=frozenset({str}))
FLAG = Kind("flag", read_flag, write_as_is, settled=frozenset({bool, NOTHING}))
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

    return Kind("choice", _choice_reader(codes), write, codes, settled=WHOLE)


def choice_name(codes: type[IntegerChoices]) -> Kind:
    """A code list that goes out by name, as the document writes it, and comes back as name or number."""

    def write(value: Any, like: Any) -> str:
        return str(codes(value).label)

    return Kind("choice", _choice_reader(codes), write, codes)
