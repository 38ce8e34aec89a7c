"""Section 2, rejection reports: a million rejected lines taken in, and the rejected rows given back."""

import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench import leads, posted
from bench.lines import Line, bounded, compared, faster, judged
from bench.places import Database, Place
from bench.sections.web import start_web, told

TITLE = "2. Rejection report"
ERRORS, ROWS, LARGE = 1_000_000, 1_200_000, 500_000_000
SECONDS = 120  # from the start of the section to the end of the last round of reports
PEERS = {"xml": ("iterparse_filtered", "lxml iterparse and clear", 0.6), "json": ("items", "ijson items", 0.8)}
STORED_SAMPLE = 50_000
EVERY = {"25 %": (4, 0.25), "1 %": (100, 0.05)}
EXPORT_GROWTH, REPORT_GROWTH = 45, 30


def measure(place: Place, rounds: int, share: float) -> Iterator[Line]:
    database = place.database("SQLite", "reports")
    place.manage(database, "migrate", "--verbosity", "0")
    yield from report_lines(place, database, rounds, int(ERRORS * share))
    yield from download_lines(place, database, int(LARGE * share))
    yield from callback_lines(place, database)


def report_lines(place: Place, database: Database, rounds: int, errors: int) -> Iterator[Line]:
    rows = errors * ROWS // ERRORS
    bodies = {style: place.folder / f"report.{style}" for style in PEERS}
    for body in bodies.values():
        posted.make(body, errors, rows)
    wanted = place.run("reported.truth", database, errors=errors, rows=rows)
    ours: dict[str, list[float]] = {style: [] for style in PEERS}
    peers: dict[str, list[float]] = {style: [] for style in PEERS}
    growth, wrong, kept = dict.fromkeys(PEERS, 0.0), "", 0
    for _ in place.rounds(rounds, SECONDS):
        for style, (peer, _, _) in PEERS.items():
            run = place.run("reported.wait_for_report", database, folder=str(place.folder), rows=rows)["run"]
            found = place.run("reported.settle", database, run_id=run, body=str(bodies[style]))
            ours[style].append(found["seconds"])
            growth[style] = max(growth[style], found["rss"] - found["before"])
            kept = found["kept"]
            if any(found[name] != wanted[name] for name in ("accepted", "rejected")):
                wrong = f"{style}: {found['state']}, {found['accepted']} accepted, {found['evidence']}"
            peers[style].append(place.run(f"reported.{peer}", body=str(bodies[style]))["seconds"])
    for style, (_, words, most) in PEERS.items():
        what = f"{errors:,} errors read and booked, {style.upper()}; {words}"
        yield compared("T2.1", what, ours[style], peers[style], most)
        yield bounded("T2.1", f"memory that {style.upper()} takes besides", growth[style], REPORT_GROWTH, "MB")
    counted = wrong or "as the report says"
    yield Line("T2.1", "accepted, and rejected for each reason", counted, verdict=judged(not wrong))
    yield from storage_lines(place, ours["xml"], errors, kept)


def storage_lines(place: Place, ours: list[float], errors: int, kept: int) -> Iterator[Line]:
    """Storing is part of the reading; the whole of it is held against storing alone."""
    yield bounded("T2.2", "kept for each error", kept / errors, 6, "bytes")
    sample = min(STORED_SAMPLE, errors)
    seconds = peer(place).run("peering.bulk_create", rows=sample)["seconds"] * errors / sample
    what = f"the same errors as rows: bulk_create alone (from {sample:,}) against reading and booking"
    stored = place.run("storing.outcomes", rows=errors * ROWS // ERRORS)["seconds"]
    yield faster("T2.2", "errors stored; bulk_create of rows", [stored], [seconds], 50)
    yield faster("T2.2", what, [median(ours)], [seconds], 1)


def peer(place: Place) -> Place:
    """The same place with the peer's own project."""
    other = Place(place.folder, place.stack, place.vendors, dict(place.environment))
    other.environment["DJANGO_SETTINGS_MODULE"] = "bench.peer.settings"
    return other


def download_lines(place: Place, database: Database, size: int) -> Iterator[Line]:
    path = place.folder / "large.csv"
    leads.make(path, size, "minimal")
    run = place.run("runs.receive", database, path=str(path), columns=[])["run"]
    for words, (every, most) in EVERY.items():
        place.run("runs.reject", database, run_id=run, every=every)
        target = str(place.folder / "out.csv")
        found = place.run("runs.export", database, run_id=run, target=target)
        rescan = place.run("runs.rescan", path=str(path), target=target, every=every)
        what = f"rejected rows, {words} of {size // 1_000_000} MB; csv read again"
        yield compared("T2.3", what, [found["seconds"]], [rescan["seconds"]], most)
        yield bounded("T2.3", f"first byte, {words}", found["first"], 0.5, "s")
        yield bounded("T2.3", f"memory it takes besides, {words}", found["rss"] - found["before"], EXPORT_GROWTH, "MB")
    Path(target).unlink()
    path.unlink()


def callback_lines(place: Place, database: Database) -> Iterator[Line]:
    """Bodies posted to the receiver behind gunicorn, against a server that throws them away, or stores them only."""
    small = place.folder / "small.xml"
    posted.make(small, 1_000, 1_200)
    port = start_web(place, database)
    sink = int(told(place.start(None, sys.executable, "-m", "bench.sink")))
    path = place.run("posting.address", database)["path"]
    bodies = (
        (small, "/", "1,000 errors: answered, beyond the transfer"),
        (
            place.folder / "report.xml",
            "/kept/",
            "the largest report: answered, beyond transfer and writing to the disk",
        ),
    )
    for body, beside, what in bodies:
        found = place.run("posting.post", port=port, path=path, body=str(body), sink=sink, beside=beside)
        yield bounded("T2.4", what, found["beyond"] * 1000, 50, "ms")
