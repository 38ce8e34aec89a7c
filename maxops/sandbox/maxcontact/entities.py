"""What a Campaign, List, Team or User may hold: each field checked against the contract, as strictly as S001 allows."""

import re
from datetime import UTC, datetime

from maxops.sandbox.documents import MANAGEMENT
from maxops.sandbox.maxcontact.state import ENTITIES, State
from maxops.sandbox.maxcontact.style import Style
from maxops.sandbox.maxcontact.wire import write_date

ERROR, INVALID = "Error", "Invalid Parameters"
CODES: dict[str, dict[str, str]] = MANAGEMENT["codes"]
# What must be there and be nobody else's.
UNIQUE = {"Campaign": "CampaignName", "List": "ListName", "Team": "TeamName", "User": "Login"}
# Fields that name another record; 0 stands for none.
REFERENCES = {
    ("Campaign", "DefaultListId"): "List",
    ("Team", "PrimarySupervisorId"): "User",
    ("User", "TeamId"): "Team",
}
EMPTY = {"int": 0, "string": "", "boolean": False, "decimal": 0, "datetime": None}
MILLISECONDS = re.compile(r"/Date\((-?\d+)([+-]\d{4})?\)/")
SMALLEST_INT, LARGEST_INT = -(2**31), 2**31 - 1


class RefusalError(Exception):
    """Understood and declined: becomes ResponseCode and ResponseDetail."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def read_bool(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise RefusalError(INVALID, f"{name} must be a boolean")
    return value


def read_int(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not SMALLEST_INT <= value <= LARGEST_INT:
        raise RefusalError(INVALID, f"{name} must be an int")
    return value


def read_decimal(name: str, value: object) -> int | float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise RefusalError(INVALID, f"{name} must be a decimal")
    return value


def read_string(name: str, value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise RefusalError(INVALID, f"{name} must be a string")
    return value


def read_datetime(name: str, value: object) -> str | None:
    """Kept as ISO text, as it came; the Microsoft form is understood too."""
    if value is None:
        return None
    try:
        if match := MILLISECONDS.fullmatch(str(value)):
            return datetime.fromtimestamp(int(match[1]) / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")
        datetime.fromisoformat(str(value))
    except ValueError as error:
        raise RefusalError(INVALID, f"{name} must be a datetime") from error
    return str(value)


READERS = {
    "int": read_int,
    "string": read_string,
    "boolean": read_bool,
    "decimal": read_decimal,
    "datetime": read_datetime,
}


def read_code(name: str, kind: str, value: object) -> int:
    """A code by number or by name, from the appendix."""
    names = {label.lower(): int(number) for number, label in CODES[kind].items()}
    if isinstance(value, str):
        number = int(value) if value.isdecimal() else names.get(value.strip().lower(), -1)
    else:
        number = read_int(name, value)
    if str(number) not in CODES[kind]:
        raise RefusalError(INVALID, f"{name} has no value {value!r}")
    return number


def read_field(entity: str, name: str, kind: str, value: object, by_name: bool) -> object:
    code = ENTITIES[entity]["codes"].get(name)
    if code and (by_name or not isinstance(value, str)):
        return read_code(name, code, value)
    return READERS[kind](name, value)


def read_record(state: State, entity: str, body: object, old: dict | None) -> tuple[dict, str | None]:
    """The whole record a POST (`old` is None) or PUT asks for, and the password beside it; or a RefusalError."""
    if not isinstance(body, dict):
        raise RefusalError(INVALID, f"a single {entity} entity is expected")
    declared = ENTITIES[entity]
    by_name = state.style.enums == "name"
    record, password = {}, None
    for name, kind in declared["fields"]:
        if name in declared["write_only"]:
            password = read_password(name, body.get(name))
        elif name in body:
            record[name] = read_field(entity, name, kind, body[name], by_name)
        elif old is None:
            record[name] = EMPTY[kind]
        elif name in declared["optional_on_put"] or not state.strict_put:
            record[name] = old[name]
        else:
            raise RefusalError(INVALID, f"{name} is missing: a PUT carries the whole {entity}")
    # Fields the document does not know are kept as they come: newer editions have more of them.
    known = {name for name, _ in declared["fields"]}
    record.update({name: value for name, value in body.items() if name not in known})
    check_record(state, entity, record, old)
    return record, password


def read_password(name: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise RefusalError(INVALID, f"{name} is required when a user is created or updated")
    return value


def check_record(state: State, entity: str, record: dict, old: dict | None) -> None:
    if old is not None and record["Id"] != old["Id"]:
        raise RefusalError(INVALID, f"Id {record['Id']} is not the Id {old['Id']} of the address")
    unique = UNIQUE[entity]
    value = (record[unique] or "").strip()
    if not value:
        raise RefusalError(INVALID, f"{unique} is required")
    for other in state.records[entity].values():
        if other is not old and (other[unique] or "").strip().lower() == value.lower():
            raise RefusalError(INVALID, f"{unique} '{value}' is already in use")
    for (owner, name), target in REFERENCES.items():
        # A record that came with a dangling reference may keep it.
        unchanged = old is not None and old.get(name) == record.get(name)
        if owner == entity and record[name] and not unchanged and record[name] not in state.records[target]:
            raise RefusalError(INVALID, f"{name} {record[name]} does not exist")


def show_record(entity: str, record: dict, style: Style, as_json: bool) -> dict:
    """The record as an answer carries it: codes and dates in the style, never a password."""
    shown = dict(record)
    for name, kind in ENTITIES[entity]["fields"]:
        code = ENTITIES[entity]["codes"].get(name)
        if code and style.enums == "name":
            shown[name] = CODES[code].get(str(record[name]), record[name])
        elif kind == "datetime" and as_json and style.dates == "ms" and record[name]:
            moment = datetime.fromisoformat(record[name])
            shown[name] = write_date(moment.replace(tzinfo=moment.tzinfo or UTC), style, as_json)
    return shown
