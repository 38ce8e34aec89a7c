"""How an offer is done to rows: by a verb, by a link, or as a skill. Each tells what came of it row by row.

All of it sets a state, so doing it once more does no harm.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from maxops.mirror import push
from maxops.mirror.author import Author
from maxops.mirror.errors import NotKept
from maxops.mirror.models import LastSet, Mirrored, mirrored_models
from maxops.mirror.skills import CALL_SIZE
from maxops.remote.errors import RemoteError

Chosen = Mapping[str, int]  # what a person chose beside the rows, by parameter
Told = dict[int, str | RemoteError | NotKept]  # by the row's id; a remark, mostly empty, for done


@dataclass(frozen=True, slots=True)
class SetTo:
    """A verb with a value of its own, or with the one chosen as `parameter`."""

    verb: str
    value: Any = None
    parameter: str = ""
    size = 1  # rows a call

    def wanted(self, chosen: Chosen) -> Any:
        return chosen[self.parameter] if self.parameter else self.value

    def send(self, rows: Sequence[Mirrored], chosen: Chosen, author: Author) -> Told:
        value = self.wanted(chosen)
        return {row.pk: told(partial(push.perform, row, self.verb, value, author)) for row in rows}

    def stands(self, row: Mirrored, chosen: Chosen) -> bool:
        """Whether we knew it so before. It is sent all the same: what we know may be seconds old."""
        name = row.entity.verb(self.verb).field.attribute
        if hasattr(row, name):
            return bool(getattr(row, name) == self.wanted(chosen))
        return was_set(row, name, 0, int(self.wanted(chosen)))


@dataclass(frozen=True, slots=True)
class Associate:
    """A link set or taken away. The call goes to the row, or with `owner` to the record chosen of that kind."""

    link: str
    parameter: str
    adds: bool
    owner: str = ""
    size = 1

    def ends(self, row: Mirrored, chosen: Chosen) -> tuple[Mirrored, int]:
        if not self.owner:
            return row, chosen[self.parameter]
        model = mirrored_models()[self.owner]
        pk = chosen[self.parameter]
        return model._default_manager.filter(pk=pk).first() or model(pk=pk), row.pk

    def send(self, rows: Sequence[Mirrored], chosen: Chosen, author: Author) -> Told:
        act = push.link if self.adds else push.unlink
        results: Told = {}
        for row in rows:
            instance, other_id = self.ends(row, chosen)
            results[row.pk] = told(partial(act, instance, self.link, other_id, author))
        return results

    def stands(self, row: Mirrored, chosen: Chosen) -> bool:
        instance, other_id = self.ends(row, chosen)
        shown = f"{instance.entity.label}_id"
        if self.owner and hasattr(row, shown):
            return (getattr(row, shown) == instance.pk) is self.adds
        return was_set(instance, self.link, other_id, int(self.adds))


@dataclass(frozen=True, slots=True)
class SetSkill:
    gives: bool
    size = CALL_SIZE

    def send(self, rows: Sequence[Mirrored], chosen: Chosen, author: Author) -> Told:
        if self.gives:
            results = push.give_skill(rows, chosen["skill"], chosen["proficiency"], author)
        else:
            results = push.take_skill(rows, chosen["skill"], author)
        return {pk: error or "" for pk, error in results.items()}

    def stands(self, row: Mirrored, chosen: Chosen) -> bool:
        return was_set(row, "skills", chosen["skill"], chosen["proficiency"] if self.gives else 0)


Deed = SetTo | Associate | SetSkill


def told(act: Callable[[], Mirrored | None]) -> str | RemoteError | NotKept:
    try:
        kept = act()
    except (RemoteError, NotKept) as error:
        return error
    return kept.remark if kept is not None else ""


def was_set(row: Mirrored, name: str, other_id: int, value: int) -> bool:
    last: LastSet | None = row.last_set(name, other_id)
    return last is not None and last.is_certain and last.value == value
