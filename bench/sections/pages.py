"""Section 5, pages: changelists at 1,000 and at 100,000 rows of every kind, and the board with many people watching."""

import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from honcho.environ import parse_procfile

from bench import bodies
from bench.lines import Line, bounded, judged
from bench.places import ROOT, Database, Place, free_port, wait_for

TITLE = "5. Admin changelists, live board"
KINDS = list(bodies.COUNTS)
SMALL, LARGE = 1_000, 100_000
REPEATS = 2
SECONDS = 220  # from the start of the section to the end of the last round
MOST_QUERIES = 6
SORTS = {"first": 1.2, "filter": 2.0, "search": 2.0, "deep": 2.0, "sort": 2.0}
WATCHING, IN_PHASE, BEATS, LOAD_SECONDS = 20, 100, 5, 4.0
POLL_SECONDS = 5.5  # the longest pause of an open board

Pages = dict[str, dict[str, dict[str, float]]]  # kind -> page -> figures


def measure(place: Place, rounds: int, share: float) -> Iterator[Line]:
    place.environment["PATH"] = f"{Path(sys.executable).parent}:{place.environment['PATH']}"
    pairs = {vendor: pair_of(place, vendor, int(LARGE * share)) for vendor in place.vendors}
    walked: dict[str, list[tuple[Pages, Pages]]] = defaultdict(list)
    for _ in place.rounds(rounds, SECONDS):
        for vendor, pair in pairs.items():
            small, large = (place.run("changelists.walk", one, kinds=KINDS, repeats=REPEATS)["pages"] for one in pair)
            walked[vendor].append((small, large))
    for vendor, both in walked.items():
        for kind in KINDS:
            yield from kind_lines(vendor, kind, both)
    for vendor in place.vendors:
        yield from board_lines(place, vendor)


def pair_of(place: Place, vendor: str, large: int) -> tuple[Database, Database]:
    made = []
    for name, count in (("small", SMALL), ("large", large)):
        database = place.database(vendor, f"{name}-{vendor}")
        place.manage(database, "migrate", "--verbosity", "0")
        place.run("filling.fill", database, counts=dict.fromkeys(KINDS, count))
        place.run("pulls.settle", database)
        made.append(database)
    place.manage(made[0], "collectstatic", "--noinput", "--verbosity", "0")
    return made[0], made[1]


# The changelists


def kind_lines(vendor: str, kind: str, both: list[tuple[Pages, Pages]]) -> list[Line]:
    """Of each sort of page the slowest at 100,000 rows, by the first page at 1,000; and the queries of all pages."""
    every = both[0][1][kind]
    slowness = {page: median(large[kind][page]["ms"] for _, large in both) for page in every}
    found = []
    for sort, most in SORTS.items():
        pages = [page for page in every if page.split(":")[0] == sort]
        if pages:
            worst = max(pages, key=slowness.__getitem__)
            what = f"{vendor} {kind}, {worst}" + (f" (slowest of {len(pages)})" if len(pages) > 1 else "")
            found.append(page_line(what, kind, worst, most, both))
    return [*found, query_line(vendor, kind, both)]


def page_line(what: str, kind: str, page: str, most: float, both: list[tuple[Pages, Pages]]) -> Line:
    """What a page takes at 100,000 rows, by the first page of the same kind at 1,000 in the same round."""
    ratio = median(large[kind][page]["ms"] / small[kind]["first"]["ms"] for small, large in both)
    ours = median(large[kind][page]["ms"] for _, large in both)
    inside = median(large[kind][page]["database_ms"] for _, large in both)
    first = median(small[kind]["first"]["ms"] for small, _ in both)
    same = median(small[kind].get(page, small[kind]["first"])["ms"] for small, _ in both)
    against = f"{first:.0f} ms (this page {same:.0f})"
    return Line(
        "T5.1",
        what,
        f"{ours:.0f} ms ({inside:.0f} in the database)",
        against,
        f"{ratio:.2f}",
        f"<= {most:g}",
        judged(ratio <= most),
    )


def query_line(vendor: str, kind: str, both: list[tuple[Pages, Pages]]) -> Line:
    """Its own queries are judged. The looks that all pages of a process share for a second fall to one of them."""
    pages = [(figures, page) for _, large in both for page, figures in large[kind].items()]
    own, page = max((figures["own_queries"], page) for figures, page in pages)
    shared = max(figures["queries"] for figures, _ in pages)
    what = f"{vendor} {kind}, queries of a page (most: {page})"
    ours = f"{own:g}; {shared:g} with the looks shared for a second"
    return Line("T5.1", what, ours, "", "", f"<= {MOST_QUERIES}", judged(own <= MOST_QUERIES))


# The board


def board_lines(place: Place, vendor: str) -> list[Line]:
    database = place.database(vendor, f"board-{vendor}")
    place.manage(database, "migrate", "--verbosity", "0")
    place.run("filling.fill", database, counts=bodies.COUNTS | {"users": 1000, "lists": 1000})
    cookie = place.run("filling.log_in", database)["cookie"]
    reads = place.run("watching.reads", database, seconds=LOAD_SECONDS)
    line = parse_procfile((ROOT / "Procfile").read_text("utf-8")).processes["web"]
    port = free_port()
    place.environment["PORT"] = str(port)
    place.start(database, "/bin/sh", "-c", line)
    wait_for(port)
    load = place.run("watching.capacity", port=port, cookie=cookie, seconds=LOAD_SECONDS, watching=WATCHING)
    phase = place.run("watching.in_phase", port=port, cookie=cookie, watching=IN_PHASE, beats=BEATS)
    kept = int(line.split("--keep-alive ")[1].split()[0])
    return drawn(vendor, reads, load, phase, kept)


def drawn(vendor: str, reads: dict[str, Any], load: dict[str, Any], phase: dict[str, Any], kept: int) -> list[Line]:
    what = f"{vendor} board, 2,000 campaigns"
    return [
        bounded("T5.2", f"{what}: looks at the campaigns, a process", round(reads["looks"], 2), 1, "a second"),
        Line(
            "T5.2", f"{what}: queries of a poll, who asks included", f"{reads['queries']:.1f}", verdict="no limit set"
        ),
        at_least(f"{what}: answers a second, rows drawn", load["drawn"], 400),
        at_least(f"{what}: answers a second, unchanged", load["unchanged"], 400),
        Line(
            "T5.2",
            f"{what}: unchanged",
            f"{load['status']}, {load['bytes']} bytes",
            "304, 0 bytes",
            verdict=judged((load["status"], load["bytes"]) == (304, 0)),
        ),
        bounded("T5.2", f"{what}: p99 of {IN_PHASE} who ask in phase", phase["p99"], 500, "ms"),
        Line(
            "T5.2",
            f"{what}: connections kept longer than a poll's pause",
            f"{kept} s",
            f"{POLL_SECONDS} s",
            verdict=judged(kept > POLL_SECONDS),
        ),
    ]


def at_least(what: str, ours: float, least: float) -> Line:
    return Line("T5.2", what, f"{ours:.0f}", f"{least:g}", "", f">= {least:g}", judged(ours >= least))
