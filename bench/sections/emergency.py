"""Section 4, the emergency button: named only, until the issue about it measures it."""

from collections.abc import Iterator

from bench.lines import Line
from bench.places import Place
from bench.sections.awaited import awaited

TITLE = "4. Emergency button"


def measure(place: Place, rounds: int, share: float) -> Iterator[Line]:
    yield from awaited(
        {
            "T4.1": "click to arrival, idle, against a bare requests.post",
            "T4.2": "click to arrival under load",
            "T4.3": "queries before the call",
            "T4.4": "a session kept warm",
        }
    )
