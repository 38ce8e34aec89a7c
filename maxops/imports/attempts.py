"""Attempts of one upload: the first file and what was made of its rejected rows, counted together.

The newest attempt's word on a row counts: a row that was loaded by a later one is loaded.
"""

from collections.abc import Iterable
from typing import NamedTuple

from maxops.imports.models import Run

DEEPEST = 100
ORDINALS = {1: "1st", 2: "2nd", 3: "3rd"}


class Attempt(NamedTuple):
    """One of them, as a line of the table."""

    run: Run
    name: str
    is_this: bool


class Sums(NamedTuple):
    """Rows of the first file by what is known of them after every attempt; `beyond`: loaded, but not of that file."""

    rows: int
    accepted: int
    open: int
    left: int
    beyond: int


def first_of(run: Run) -> Run:
    """The upload that this run is an attempt of, itself when it is the first."""
    for _ in range(DEEPEST):
        if run.attempt_of is None:
            break
        run = run.attempt_of
    return run


def families(firsts: Iterable[Run]) -> dict[int, list[Run]]:
    """Each first run's number -> it and every attempt, in the order they were made."""
    found = {first.pk: [first] for first in firsts}
    owner = {pk: pk for pk in found}
    level = list(found)
    while level:
        later = Run.objects.filter(attempt_of__in=level).select_related("mapping", "list").prefetch_related("tallies")
        level = []
        for run in later:
            if run.pk not in owner:
                owner[run.pk] = owner[run.attempt_of_id]
                found[owner[run.pk]].append(run)
                level.append(run.pk)
    return {pk: sorted(runs, key=lambda run: run.pk) for pk, runs in found.items()}


def family_of(run: Run) -> list[Run]:
    first = first_of(run)
    return families([first])[first.pk]


def name_attempt(place: int) -> str:
    """1st, 2nd, 3rd, 4th ... 21st."""
    last = place % 10 if place % 100 not in (11, 12, 13) else 0
    return f"{place}{ORDINALS[last][1:]}" if last in ORDINALS else f"{place}th"


def attempts_of(family: list[Run], this: Run) -> list[Attempt]:
    return [Attempt(run, name_attempt(place), run.pk == this.pk) for place, run in enumerate(family, 1)]


def sum_up(family: list[Run]) -> Sums:
    """The first file that could be read says how many rows there are."""
    rows = next((run.rows for run in family if run.rows and run.state != Run.State.CANCELLED), family[0].rows)
    accepted = sum(run.accepted for run in family)
    still_open = sum(run.unknown + run.waiting for run in family)
    left = rows - accepted - still_open
    return Sums(rows, accepted, still_open, max(left, 0), max(-left, 0))
