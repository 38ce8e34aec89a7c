"""The whole report: `python -m bench [--only 3,5] [--rounds 3] [--share 1.0]`.

Exit 0 when it came to its end, whatever it found: it reports, it does not test.
"""

import argparse
import os
import platform
import signal
import sqlite3
import sys
import time
from importlib.metadata import version

from bench.lines import Line, table
from bench.places import WayFailed, postgres_version, scratch
from bench.sections import SECTIONS

BUSY = 1.3  # load of the last five minutes a core: a run by itself stays at about one
LIBRARIES = ("Django", "lxml", "msgspec", "psycopg", "requests", "gunicorn")


def words_of_the_call() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", default="", help="sections, by number: 3 or 3,5")
    parser.add_argument("--rounds", type=int, default=3, help="most rounds of which the median is told, if time allows")
    parser.add_argument("--share", type=float, default=1.0, help="share of the full sizes, to try the bench itself")
    return parser.parse_args()


def conditions(postgres: str, share: float) -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"Python {platform.python_version()}, {libraries}\n"
        f"SQLite {sqlite3.sqlite_version} (WAL), PostgreSQL {postgres or 'not reached: its lines are missing'}\n"
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start; "
        f"users {int(100_000 * share):,}, lists {int(20_000 * share):,}, campaigns {int(2_000 * share):,}, "
        f"teams {int(500 * share):,}"
    )


def measured(number: int, vendors: tuple[str, ...], words: argparse.Namespace) -> list[Line]:
    """One section in a scratch place of its own; where it breaks off, a line says so and the others go on."""
    section = SECTIONS[number]
    started = time.monotonic()
    lines: list[Line] = []
    rounds = 0
    try:
        with scratch(vendors) as place:
            # Taken one by one: what was measured before a break is told.
            lines.extend(section.measure(place, words.rounds, words.share))
            rounds = place.rounds_done
    except WayFailed as error:
        lines.append(Line(f"T{number}", "broken off", verdict=str(error)))
    if "PostgreSQL" not in vendors and number in (3, 5):
        lines.append(Line(f"T{number}", "PostgreSQL", verdict="not measured: no server listens on loopback"))
    if rounds:
        load = os.getloadavg()[1]
        busy = ": the machine had other work, do not trust these ratios" if load > BUSY * (os.cpu_count() or 1) else ""
        took = time.monotonic() - started
        print(f"\nsection {number}: {rounds} rounds, {took:.0f} s, load {load:.1f}{busy}", flush=True)
    return lines


def main() -> None:
    # Told to stop, it still takes its databases and processes away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    words = words_of_the_call()
    postgres = postgres_version()
    vendors = ("SQLite", "PostgreSQL") if postgres else ("SQLite",)
    wanted = [int(number) for number in words.only.split(",") if number] or list(SECTIONS)
    print(conditions(postgres, words.share), flush=True)
    for number in wanted:
        lines = measured(number, vendors, words)
        print(f"\n{SECTIONS[number].TITLE}\n{table(lines)}", flush=True)


if __name__ == "__main__":
    main()
