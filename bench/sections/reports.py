"""Section 2, rejection reports: named only, until the issue about them measures it."""

from collections.abc import Iterator

from bench.lines import Line
from bench.places import Place
from bench.sections.awaited import awaited

TITLE = "2. Rejection report"


def measure(place: Place, rounds: int, share: float) -> Iterator[Line]:
    yield from awaited(
        {
            "T2.1": "a million errors parsed and stored, against lxml iterparse",
            "T2.2": "bytes an error",
            "T2.3": "rejected rows as CSV, against reading the file again",
            "T2.4": "callback answered",
        }
    )
