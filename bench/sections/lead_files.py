"""Section 1, lead files: named only, until the issue about them measures it."""

from collections.abc import Iterator

from bench.lines import Line
from bench.places import Place
from bench.sections.awaited import awaited

TITLE = "1. Lead CSV import"


def measure(place: Place, rounds: int, share: float) -> Iterator[Line]:
    yield from awaited(
        {
            "T1.1": "pre-flight in one pass, against csv.reader",
            "T1.2": "rows a second, against django-import-export",
            "T1.3": "peak memory of a 500 MB file",
            "T1.4": "sending in parts, against curl -F",
            "T1.5": "progress shown, and what it costs",
            "T1.6": "upload through the web server",
        }
    )
