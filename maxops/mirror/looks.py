"""What every page of this process may share for a second: the latest readings of a kind, the names in the registers."""

import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from maxops.mirror.models import NamedId, Reading

T = TypeVar("T")
KEEP_SECONDS = 1.0


class Look(Generic[T]):
    """One answer by key, looked up again once it is a second old, or forgotten because we ourselves changed it."""

    def __init__(self, look_up: Callable[[str], T]) -> None:
        self.look_up = look_up
        self.seen: dict[str, tuple[float, T]] = {}

    def at(self, key: str = "") -> T:
        kept = self.seen.get(key)
        if kept is None or time.monotonic() >= kept[0]:
            kept = (time.monotonic() + KEEP_SECONDS, self.look_up(key))
            self.seen[key] = kept
        return kept[1]

    def forget(self) -> None:
        self.seen.clear()


def latest_readings(kind: str) -> tuple[Reading | None, Reading | None]:
    """The last settled reading of the kind, and the last that was taken over whole."""
    unsettled = (Reading.State.RUNNING, Reading.State.WAITING)
    readings = Reading.objects.filter(kind=kind, dry_run=False).exclude(state__in=unsettled)
    latest = readings.first()
    is_good = latest is None or latest.state == Reading.State.DONE
    return latest, latest if is_good else Reading.latest_good(kind)


def register_names(_: str) -> dict[tuple[str, int], str]:
    rows = NamedId.objects.values_list("register", "number", "name")
    return {(register, number): name for register, number, name in rows}


readings = Look(latest_readings)
registers = Look(register_names)


@receiver([post_save, post_delete], sender=Reading)
def forget_readings(**_: Any) -> None:
    readings.forget()


@receiver([post_save, post_delete], sender=NamedId)
def forget_names(**_: Any) -> None:
    registers.forget()
