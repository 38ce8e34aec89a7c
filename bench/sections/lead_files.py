"""Section 1, lead files: the check against csv.reader and django-import-export, the sending against curl -F."""

import shutil
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bench import leads
from bench.lines import Line, bounded, compared, faster, judged
from bench.places import Database, Place
from bench.sections.reports import peer
from bench.sections.web import peak_of_children, start_web, told

TITLE = "1. Lead CSV import"
SMALL, LARGE = 50_000_000, 500_000_000
SECONDS = 100  # from the start of the section to the end of the last round of checks
MOST_REQUEST = 51_200_000
DEFAULT_ROWS, TUNED_ROWS = 2_000, 20_000


class Style(NamedTuple):
    """One shape of file, and how many times bare csv.reader its check may take."""

    words: str
    style: str
    most: float
    encoding: str = "utf-8"
    delimiter: str = ","


STYLES = {
    "minimal": Style("quoted where needed, 8 % odd or wrong", "minimal", 1.1),
    "clean": Style("nothing wrong", "clean", 1.1),
    "quoted": Style("every cell quoted", "quoted", 1.6),
    "cp1252": Style("Windows-1252, semicolons", "minimal", 1.6, "cp1252", ";"),
    "utf16": Style("UTF-16, tabs", "minimal", 1.6, "utf-16", "\t"),
}


def measure(place: Place, rounds: int, share: float) -> Iterator[Line]:
    yield from check_lines(place, rounds, share)
    yield from import_export_lines(place)
    database = place.database("SQLite", "leads")
    place.manage(database, "migrate", "--verbosity", "0")
    large = place.folder / "large.csv"
    leads.make(large, int(LARGE * share), "minimal")
    yield from large_lines(place, large)
    yield from run_lines(place, database, large)
    yield from web_lines(place, database, large)


def check_lines(place: Place, rounds: int, share: float) -> Iterator[Line]:
    truths = {}
    for name, style in STYLES.items():
        path = place.folder / f"{name}.csv"
        truths[name] = leads.make(path, int(SMALL * share), style.style, style.encoding, style.delimiter)
    ours: dict[str, list[float]] = defaultdict(list)
    bare: dict[str, list[float]] = defaultdict(list)
    wrong = {}
    for _ in place.rounds(rounds, SECONDS):
        for name, style in STYLES.items():
            path = str(place.folder / f"{name}.csv")
            reading = {"path": path, "encoding": style.encoding, "delimiter": style.delimiter}
            bare[name].append(place.run("checking.bare_csv", **reading)["seconds"])
            found = place.run("checking.preflight", path=path, folder=str(place.folder / "runs"))
            ours[name].append(found["seconds"])
            wrong[name] = found["rows"] != truths[name].rows or kinds_of(found) != truths[name].kinds
    for name, style in STYLES.items():
        yield compared("T1.1", f"{style.words}; bare csv.reader", ours[name], bare[name], style.most)
    named = ", ".join(name for name in STYLES if wrong[name]) or "every row and every finding as planted"
    yield Line("T1.1", "exact on every one of them", named, verdict=judged(not any(wrong.values())))
    rate = truths["minimal"].rows / min(ours["minimal"])
    place.environment["BENCH_CHECKED"] = str(rate)
    shutil.rmtree(place.folder / "runs", ignore_errors=True)


def kinds_of(found: dict[str, Any]) -> dict[str, int]:
    """What was found of what was planted."""
    return {kind: count for kind, count in found["kinds"].items() if kind in {*leads.WRONG, "duplicate_in_file"}}


def import_export_lines(place: Place) -> Iterator[Line]:
    """Seconds for a million rows, scaled from as many as the peer can do in a few seconds."""
    other, path = peer(place), str(place.folder / "minimal.csv")
    ours = 1_000_000 / float(place.environment["BENCH_CHECKED"])
    for words, rows, tuned, least in (("default", DEFAULT_ROWS, False, 200), ("tuned", TUNED_ROWS, True, 30)):
        found = other.run("peering.dry_run", path=path, rows=rows, tuned=tuned)
        theirs = found["seconds"] / found["rows"] * 1_000_000
        what = f"a million rows; django-import-export, dry run, {words} (from {rows:,} rows)"
        yield faster("T1.2", what, [ours], [theirs], least)


def large_lines(place: Place, large: Path) -> Iterator[Line]:
    size = large.stat().st_size // 1_000_000
    folder = str(place.folder / "runs")
    small = place.run("checking.preflight", path=str(place.folder / "minimal.csv"), folder=folder)
    found = place.run("checking.preflight", path=str(large), folder=folder)
    bare = place.run("checking.bare_csv", path=str(large), encoding="utf-8", delimiter=",")
    yield compared(
        "T1.1", f"{size} MB, quoted where needed; bare csv.reader", [found["seconds"]], [bare["seconds"]], 1.1
    )
    yield bounded("T1.3", f"peak memory of a worker, {size} MB", found["rss"], 150, "MB")
    yield bounded("T1.3", f"... beyond that of {size // 10} MB", found["rss"] - small["rss"], 45, "MB")
    shutil.rmtree(folder, ignore_errors=True)


def run_lines(place: Place, database: Database, large: Path) -> Iterator[Line]:
    """The large file checked and sent as a run."""
    sink = int(told(place.start(None, sys.executable, "-m", "bench.sink")))
    place.environment["MAXCONTACT_URL"] = f"http://127.0.0.1:{sink}"
    size = large.stat().st_size
    received = place.run("runs.receive", database, path=str(large), columns=[])
    seconds = received["seconds"]
    yield bounded("T1.5", "progress told after", received["first_told"], 1, "s")
    most = int(seconds) + 3  # the first, one a second, and the beginning and the end of the check
    yield bounded("T1.5", f"writes of it in {seconds:.1f} s of checking", received["told"], most, "writes")
    yield bounded("T1.5", "share of the check spent in the database", received["spent"] / seconds * 100, 2, "%")
    curl = place.run("curling.send", path=str(large), port=sink)
    sent = place.run("runs.send", database, run_id=received["run"])
    took = place.run("curling.took", port=sink)
    what = f"{size // 1_000_000} MB in {sent['parts']} parts; curl -F of the file"
    yield compared("T1.4", what, [sent["seconds"]], [curl["seconds"] * sent["bytes"] / size], 2)
    yield bounded("T1.4", "memory that sending takes besides", sent["rss"] - sent["before"], 20, "MB")
    yield bounded("T1.4", "largest request", took["largest"], MOST_REQUEST, "bytes")
    complete = sent["rows"] == received["rows"] and took["uploads"] == sent["parts"]
    words = f"{sent['rows']:,} of {received['rows']:,} rows in {took['uploads']} requests"
    yield Line("T1.4", "rows that went out", words, verdict=judged(complete))


def web_lines(place: Place, database: Database, large: Path) -> Iterator[Line]:
    port = start_web(place, database)
    cookie = place.run("filling.log_in", database)["cookie"]
    found = place.run("posting.pieces", port=port, cookie=cookie, path=str(large))
    size = large.stat().st_size // 1_000_000
    yield bounded("T1.6", f"longest request of {size} MB sent in pieces", found["longest"], 10, "s")
    yield bounded("T1.6", "peak memory of a web worker meanwhile", peak_of_children(port), 80, "MB")
    whole = found["received"] == found["size"]
    yield Line("T1.6", "bytes that came", f"{found['received']:,} of {found['size']:,}", verdict=judged(whole))
