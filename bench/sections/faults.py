"""Section 6, going on after a crash: named only, until the issue about it measures it."""

from collections.abc import Iterator

from bench.lines import Line
from bench.places import Place
from bench.sections.awaited import awaited

TITLE = "6. Crashes"


def measure(place: Place, rounds: int, share: float) -> Iterator[Line]:
    yield from awaited({"T6": "an import goes on after kill -9 of worker, web or broker"})
