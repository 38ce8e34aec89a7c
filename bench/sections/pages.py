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
from bench.places import ROOT, Database, Place, free_port, said, wait_for

TITLE = "5. Admin changelists, live board"
KINDS = list(bodies.COUNTS)
SMALL, LARGE = 1_000, 100_000
TURNS = 3  # a round: every page so many times
SECONDS = 220  # from the start of the section to the end of the last round
MOST_QUERIES = 6
SORTS = {"first": 1.2, "filter": 2.0, "search": 2.0, "deep": 2.0, "sort": 2.0}
WATCHING, IN_PHASE, BEATS, LOAD_SECONDS = 20, 100, 5, 4.0
POLL_SECONDS = 5.5  # the longest pause of an open board

Figures = dict[str, float]


def measure(place: Place, rounds: int, share: float) -> Iterator[Line]:
    place.environment["PATH"] = f"{Path(sys.executable).parent}:{place.environment['PATH']}"
    pairs = {vendor: pair_of(place, vendor, int(LARGE * share)) for vendor in place.vendors}
    walks = {vendor: Walk(place, pair) for vendor, pair in pairs.items()}
    for number in place.rounds(rounds * TURNS + 1, SECONDS):
        for walk in walks.values():
            walk.turn(is_counted=number > 0)
    for vendor, walk in walks.items():
        for kind in KINDS:
            yield from kind_lines(vendor, kind, walk)
    for vendor in place.vendors:
        yield from board_lines(place, vendor)


class Walk:
    """Two processes, one beside each table, that open the same page one after the other."""

    def __init__(self, place: Place, pair: tuple[Database, Database]) -> None:
        self.both = [place.start_way("changelists.wait_for_calls", database, kinds=KINDS) for database in pair]
        self.pages = [said(process) for process in self.both]
        self.looks: dict[tuple[str, str], list[list[Figures]]] = defaultdict(list)

    def turn(self, *, is_counted: bool) -> None:
        """Every page once. The pages of the short table that the long one has not are those of the filters: none."""
        for kind, pages in self.pages[1].items():
            for page in pages:
                seen = [said(process, kind, page) for process in self.both]
                if is_counted:
                    self.looks[kind, page].append(seen)

    def ratio(self, kind: str, page: str) -> float:
        """How many times the first page at 1,000 rows this one takes at 100,000."""
        pairs = zip(self.looks[kind, page], self.looks[kind, "first"], strict=True)
        if page == "first":
            return median(large["ms"] / small["ms"] for small, large in self.looks[kind, page])
        grown = median(large["ms"] / small["ms"] for small, large in self.looks[kind, page])
        return grown * median(small["ms"] / first["ms"] for (small, _), (first, _) in pairs)

    def figure(self, kind: str, page: str, *, large: bool, name: str = "ms") -> float:
        return median(seen[large][name] for seen in self.looks[kind, page])


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


def kind_lines(vendor: str, kind: str, walk: Walk) -> list[Line]:
    """Of each sort of page the one that grows most, by the first page at 1,000; and the queries of all pages."""
    every = walk.pages[1][kind]
    found = []
    for sort, most in SORTS.items():
        pages = [page for page in every if page.split(":")[0] == sort]
        if pages:
            worst = max(pages, key=lambda page: walk.ratio(kind, page))
            what = f"{vendor} {kind}, {worst}" + (f" (slowest of {len(pages)})" if len(pages) > 1 else "")
            found.append(page_line(what, kind, worst, most, walk))
    return [*found, query_line(vendor, kind, walk)]


def page_line(what: str, kind: str, page: str, most: float, walk: Walk) -> Line:
    ratio = walk.ratio(kind, page)
    inside = walk.figure(kind, page, large=True, name="database_ms")
    return Line(
        "T5.1",
        what,
        f"{walk.figure(kind, page, large=True):.0f} ms ({inside:.0f} in the database)",
        f"{walk.figure(kind, 'first', large=False):.0f} ms (this page {walk.figure(kind, page, large=False):.0f})",
        f"{ratio:.2f}",
        f"<= {most:g}",
        judged(ratio <= most),
    )


def query_line(vendor: str, kind: str, walk: Walk) -> Line:
    """A page's own are judged. The looks that all pages of a process share for a second fall to one of them."""
    looks = [(large, page) for page in walk.pages[1][kind] for _, large in walk.looks[kind, page]]
    own, page = max((large["own_queries"], page) for large, page in looks)
    most = max(large["queries"] for large, _ in looks)
    what = f"{vendor} {kind}, queries of a page (most: {page})"
    ours = f"{own}; {most} with the looks shared for a second"
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
