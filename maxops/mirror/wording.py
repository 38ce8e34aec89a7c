"""What was written or found to differ, as people read it: attributes by their labels, codes and ids by their names.

The names of many entries are looked up together: a query a kind and one for the registers, however many entries.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import DateTimeField, Field, ForeignKey
from django.utils.dateparse import parse_datetime

from maxops.mirror.columns import worded
from maxops.mirror.models import NamedId, mirrored_models
from maxops.mirror.records import columns_of
from maxops.remote.maxcontact.entities import ENTITIES, SKILL

EMPTY = "empty"
Changes = Mapping[str, Any]  # {attribute: [before, after]}

# What a write may carry beside the attributes of its record: one of another kind, or a fact about the write itself.
LINKED = {"lists": "lists", "teams": "teams", "users": "users", "campaigns": "campaigns"}
LABELS = {"active": "active", "skills": "skill", "proficiency": "proficiency", "rows": "rows", "bytes": "bytes"}


@dataclass
class Wording:
    """Labels and words for the changes it was made for; what it has no name for stays the number it is."""

    rows: dict[str, dict[int, str]] = field(default_factory=dict)
    registers: dict[tuple[str, int], str] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Iterable[tuple[str, Changes]]) -> "Wording":
        wanted_rows: dict[str, set[int]] = defaultdict(set)
        wanted_names: dict[str, set[int]] = defaultdict(set)
        for kind, changes in entries:
            for attribute, pair in changes.items():
                numbers = {value for value in flat(pair) if is_number(value) and value}
                if other := kind_named_by(kind, attribute):
                    wanted_rows[other] |= numbers
                elif register := register_of(kind, attribute):
                    wanted_names[register] |= numbers
        models = mirrored_models()
        found = {
            kind: {pk: str(row) for pk, row in models[kind]._default_manager.in_bulk(numbers).items()}
            for kind, numbers in wanted_rows.items()
            if numbers
        }
        return cls(found, names_in(wanted_names))

    def changes(self, kind: str, changes: Changes, *, is_new: bool = False) -> list[tuple[str, str, str]]:
        """[(label, before, after)]. An end is blank where there is none: of a new record, of what is never reported."""
        lines = []
        for attribute, pair in in_order(kind, changes):
            before, after = (self.value(kind, attribute, value) for value in ends_of(pair))
            if before or after:
                void = "" if is_new or column_of(kind, attribute) is None else EMPTY
                lines.append((label_of(kind, attribute), before or void, after or void))
        return lines

    def value(self, kind: str, attribute: str, value: Any) -> str:
        if isinstance(value, list | tuple):
            return ", ".join(self.value(kind, attribute, one) for one in value)
        if is_number(value):
            if other := kind_named_by(kind, attribute):
                return self.record(other, value) if value else "none"
            if register := register_of(kind, attribute):
                name = self.registers.get((register, value), "" if value else "none")
                return f"{name} ({value})" if name and value else name or str(value)
        return plain_words(column_of(kind, attribute), value)

    def record(self, kind: str, number: int) -> str:
        """A record of another kind: by its name and number if the mirror has it, else by its number alone."""
        name = self.rows.get(kind, {}).get(number)
        return f"{name} ({number})" if name else f"{ENTITIES[kind].label} {number}"


def in_order(kind: str, changes: Changes) -> list[tuple[str, Any]]:
    """As the document orders the fields, whatever order the database gives them in; what is no field comes last."""
    model = mirrored_models().get(kind)
    places = {attribute: place for place, attribute in enumerate(columns_of(model) if model else ())}
    return sorted(changes.items(), key=lambda change: (places.get(change[0], len(places)), change[0]))


def ends_of(pair: Any) -> tuple[Any, Any]:
    match pair:
        case [before, after]:
            return before, after
    return None, pair


def flat(value: Any) -> Iterable[Any]:
    if isinstance(value, list | tuple):
        for one in value:
            yield from flat(one)
    else:
        yield value


def is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def names_in(wanted: Mapping[str, set[int]]) -> dict[tuple[str, int], str]:
    numbers = set().union(*wanted.values())
    if not numbers:
        return {}
    named = NamedId.objects.filter(register__in=wanted, number__in=numbers)
    return {(register, number): name for register, number, name in named.values_list("register", "number", "name")}


def column_of(kind: str, attribute: str) -> Field | None:
    model = mirrored_models().get(kind)
    return columns_of(model).get(attribute) if model else None


def kind_named_by(kind: str, attribute: str) -> str | None:
    """The kind this attribute holds the number of a record of, if it does."""
    column = column_of(kind, attribute)
    if isinstance(column, ForeignKey):
        return column.related_model.kind()
    return LINKED.get(attribute) if column is None else None


def register_of(kind: str, attribute: str) -> str:
    if attribute == "skills":
        return SKILL
    entity = ENTITIES.get(kind)
    return next((row.names for row in entity.fields if row.attribute == attribute), "") if entity else ""


def label_of(kind: str, attribute: str) -> str:
    column = column_of(kind, attribute)
    if column is not None:
        return str(column.verbose_name)
    linked = LINKED.get(attribute)
    return LABELS.get(attribute) or (ENTITIES[linked].label if linked else attribute.replace("_", " "))


def plain_words(column: Field | None, value: Any) -> str:
    if isinstance(column, DateTimeField) and isinstance(value, str):
        value = parse_datetime(value) or value
    if column is None and is_number(value):
        return f"{value:,}"
    return worded(column, value)
