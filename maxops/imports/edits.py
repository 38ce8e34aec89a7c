"""Two people change one mapping: what either changed stands; where both changed the same, a person is asked."""

from collections.abc import Callable
from collections.abc import Mapping as Values
from typing import Any, NamedTuple

from maxops.imports.mapping import find_faults, platform_of
from maxops.imports.models import Mapping, MappingVersion
from maxops.imports.versions import FIELDS, content_of, keep, word_for

CONTROL = "stand_"
UNKNOWN = object()


class Question(NamedTuple):
    """A field that two people changed otherwise; `chosen` is "", "theirs" or "mine"."""

    name: str
    label: str
    opened: str
    theirs: str
    yours: str
    chosen: str

    @property
    def control(self) -> str:
        return CONTROL + self.name


class Merged(NamedTuple):
    content: dict[str, Any]
    asked: list[str]


class Result(NamedTuple):
    """`questions` or `faults` say why nothing was saved; both empty: it was."""

    questions: list[Question]
    faults: list[str]


def merge(base: Values[str, Any], theirs: Values[str, Any], mine: Values[str, Any], chosen: Values[str, str]) -> Merged:
    """Whoever alone changed a field has it; `chosen` says whose value stands where both did."""
    content, asked = dict(mine), []
    for name, value in mine.items():
        opened = base.get(name, UNKNOWN)
        if value == theirs[name]:
            continue
        if value == opened or chosen.get(name) == "theirs":
            content[name] = theirs[name]
        elif theirs[name] != opened and chosen.get(name) != "mine":
            asked.append(name)
    return Merged(content, asked)


def save(mapping: Mapping, mine: Values[str, Any], data: Values[str, str], staff: str) -> Result:
    """`mapping` as it stands, its row held; `data` says on which version the form was opened, and what was chosen."""
    opened = _number(data.get("version"))
    merged = Merged(dict(mine), [])
    if opened not in (None, mapping.version):
        base, theirs, chosen = _content(mapping, opened), content_of(mapping), _choices(mapping, data)
        merged = merge(base, theirs, mine, chosen)
        if merged.asked:
            words = word_for(mapping)
            return Result([_question(name, (base, theirs, mine), words, chosen) for name in merged.asked], [])
    if faults := _faults(merged.content):
        return Result([], faults)
    for name, value in merged.content.items():
        setattr(mapping, name, value)
    keep(mapping, staff)
    return Result([], [])


def _question(
    name: str, contents: tuple[Values[str, Any], ...], words: Callable[[str, Any], str], chosen: Values[str, str]
) -> Question:
    base, theirs, mine = contents
    opened = words(name, base[name]) if name in base else "not known any more"
    return Question(
        name, FIELDS[name], opened, words(name, theirs[name]), words(name, mine[name]), chosen.get(name, "")
    )


def _faults(content: Values[str, Any]) -> list[str]:
    """What two people's changes make of a mapping when they are put together."""
    columns = content["columns"]
    faults = find_faults(platform_of(content["platform"]), columns, content["fields"])
    gone = [column for column in content["required"] if column not in columns]
    return [*faults, f"No column is called {', '.join(gone)}, and none of them can be required."] if gone else faults


def last_saver(mapping: Mapping) -> MappingVersion | None:
    return mapping.versions.first()


def _content(mapping: Mapping, number: int | None) -> Values[str, Any]:
    version = MappingVersion.objects.filter(mapping=mapping, number=number).first()
    return version.content if version else {}


def _choices(mapping: Mapping, data: Values[str, str]) -> dict[str, str]:
    """What was chosen counts for the version that the choice was shown beside, not for one saved since."""
    if _number(data.get("seen")) != mapping.version:
        return {}
    return {name: data[CONTROL + name] for name in FIELDS if data.get(CONTROL + name) in ("mine", "theirs")}


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else None
