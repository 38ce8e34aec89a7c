"""Section 3, the mirror: `pull` of all four kinds against bare decoding, bulk_create and an update_or_create loop."""

import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from bench import bodies
from bench.lines import Line, bounded, compared, faster, judged
from bench.places import WAY_SECONDS, Database, Place, WayFailed, await_file

TITLE = "3. Mirror sync"
KINDS = list(bodies.COUNTS)
LOOP_SAMPLE = 500
SECONDS = 220  # from the start of the section to the end of the last round
# One round: where it starts, and what each reading finds there. "identical" is the very body of the reading before.
STEPS = (("identical", "base"), ("no change", "shuffled"), ("1 %", "one"), ("100 %", "all"))
ALLOWED = {"identical": 0.3, "no change": 1.5, "1 %": 2.2}
SHARES = {"identical": 0, "no change": 0, "1 %": 0.01, "100 %": 1}

Seconds = dict[tuple[str, str], list[float]]  # (scene or peer, format) -> one figure a round


class Course:
    """The rounds on one database; `ours` and `peers` fill up as they go."""

    def __init__(self, place: Place, database: Database, beside: Database, counts: dict[str, int]) -> None:
        self.place, self.database, self.beside, self.counts = place, database, beside, counts
        self.ours: Seconds = defaultdict(list)
        self.peers: Seconds = defaultdict(list)
        self.memory: dict[str, int] = defaultdict(int)
        self.wrong: list[str] = []

    def read(self, revision: str, style: str) -> dict[str, Any]:
        for kind in KINDS:
            self.place.serve(kind, f"{kind}.{revision}.{style}")
        return self.place.run("pulls.read_all", self.database, kinds=KINDS)

    def round(self, style: str) -> None:
        """From the base to the base again, with the peers in between."""
        back = self.read("base", style)
        self.check("back", back)
        for scene, revision in STEPS:
            found = self.read(revision, style)
            self.check(scene, found)
            self.ours[scene, style].append(sum(kind["seconds"] for kind in found["kinds"].values()))
            self.ours[f"{scene}, users", style].append(found["kinds"]["users"]["seconds"])
            self.memory[style] = max(self.memory[style], found["rss"])
            self.peer_decoding(revision, style)
        if style == "json":
            self.peer_upserts()

    def check(self, scene: str, found: dict[str, Any]) -> None:
        """A fast answer that is a wrong one is none: every count has to be what the bodies say."""
        for kind, count in self.counts.items():
            counts = found["kinds"][kind]
            changed = -(-count // 100) if scene == "1 %" else round(SHARES.get(scene, 0) * count)
            if scene != "back" and (counts["changed"], counts["created"], counts["missing"]) != (changed, 0, 0):
                self.wrong.append(f"{scene} {kind}: {counts}")
            if counts["read"] != count:
                self.wrong.append(f"{scene} {kind}: read {counts['read']} of {count}")

    def peer_decoding(self, revision: str, style: str) -> None:
        way = "json_loads" if style == "json" else "iterparse"
        files = [str(self.place.folder / "bodies" / f"{kind}.{revision}.{style}") for kind in KINDS]
        seconds = self.place.run(f"decoding.{way}", bodies=files)["seconds"]
        self.peers[f"{way} {revision}", style].append(sum(seconds))
        self.peers[f"{way} {revision}, users", style].append(seconds[KINDS.index("users")])

    def peer_upserts(self) -> None:
        folder = self.place.folder / "bodies"
        # Another body each round: rows that already stand so would be written more cheaply.
        revision = "base" if len(self.peers["loop, users", "json"]) % 2 else "all"
        files = {kind: str(folder / f"{kind}.{revision}.json") for kind in KINDS}
        seconds = self.place.run("upserts.bulk_create", self.beside, kinds=files)["seconds"]
        self.peers["bulk_create", "json"].append(sum(seconds.values()))
        self.peers["bulk_create, users", "json"].append(seconds["users"])
        found = self.place.run("upserts.loop", self.beside, kind="users", body=files["users"], sample=LOOP_SAMPLE)
        scale = self.counts["users"] / min(LOOP_SAMPLE, self.counts["users"])
        self.peers["loop, users", "json"].append(found["seconds"] * scale)

    # The lines

    def lines(self) -> list[Line]:
        found = [line for whose in ("", ", users") for line in self.speed_lines(whose)]
        found += [
            faster(
                "T3.2",
                self.named("json", f"no change, users; update_or_create scaled up from {LOOP_SAMPLE} rows"),
                self.ours["no change, users", "json"],
                self.peers["loop, users", "json"],
                100,
            )
        ]
        found += [
            bounded("T3.2", self.named(style, "peak memory of a worker over all readings"), peak, 200, "MB")
            for style, peak in self.memory.items()
        ]
        counted = "every count as the bodies say" if not self.wrong else "; ".join(self.wrong[:3])
        found.append(Line("T3.1", self.named("", "added, changed, missing"), counted, verdict=judged(not self.wrong)))
        return found

    def speed_lines(self, whose: str) -> list[Line]:
        scope = whose.removeprefix(", ") or "all four kinds"
        found = []
        for scene, revision in STEPS[:3]:
            peer = self.peers[f"json_loads {revision}{whose}", "json"]
            what = self.named("json", f"{scene}, {scope}; json.loads")
            found.append(compared("T3.1", what, self.ours[scene + whose, "json"], peer, ALLOWED[scene]))
        what = self.named("json", f"100 %, {scope}; bulk_create(update_conflicts)")
        peer = self.peers["bulk_create" + whose, "json"]
        found.append(compared("T3.1", what, self.ours["100 %" + whose, "json"], peer, 0.4))
        what = self.named("xml", f"100 %, {scope}; bulk_create(update_conflicts) after lxml iterparse")
        found.append(compared("T3.1", what, self.ours["100 %" + whose, "xml"], self.upserts_of_xml(peer, whose), 0.4))
        for scene, revision in STEPS[:2]:
            what = self.named("xml", f"{scene}, whole reading, {scope}; lxml iterparse")
            peer = self.peers[f"iterparse {revision}{whose}", "xml"]
            found.append(compared("T3.3", what, self.ours[scene + whose, "xml"], peer, 1.3))
        return found

    def upserts_of_xml(self, peer: list[float], whose: str) -> list[float]:
        """The same upsert, had it decoded the XML body instead of the JSON one."""
        decoded = self.peers[f"json_loads all{whose}", "json"], self.peers[f"iterparse all{whose}", "xml"]
        return [whole - js + xml for whole, js, xml in zip(peer, *decoded, strict=True)]

    def named(self, style: str, what: str) -> str:
        return " ".join(part for part in (self.database.vendor, style.upper(), what) if part)


def measure(place: Place, rounds: int, share: float) -> Iterator[Line]:
    bodies.write_all(place.folder / "bodies", share)
    counts = {kind: max(10, int(full * share)) for kind, full in bodies.COUNTS.items()}
    spoilt = bodies.write_spoilt(place.folder / "bodies", counts["teams"])
    port = place.start(None, sys.executable, "-m", "bench.dialler", str(place.folder)).stdout.readline().strip()
    place.environment["MAXCONTACT_URL"] = f"http://127.0.0.1:{port}"
    courses = [course_on(place, vendor, counts) for vendor in place.vendors]
    for _ in place.rounds(rounds, SECONDS):
        for course in courses:
            for style in ("json", "xml"):
                course.round(style)
    for course in courses:
        yield from course.lines()
    for course in courses:
        yield zero_written(course)
        yield blocked(course)
        yield safety(course, spoilt)


def course_on(place: Place, vendor: str, counts: dict[str, int]) -> Course:
    """A database that has been read into once, and its copy for the peers."""
    database = place.database(vendor, f"sync-{vendor}")
    place.manage(database, "migrate", "--verbosity", "0")
    for kind in KINDS:
        place.serve(kind, f"{kind}.base.json")
    place.run("pulls.read_all", database, kinds=KINDS)
    place.run("pulls.settle", database)
    beside = place.database(vendor, f"peers-{vendor}", like=database.name)
    return Course(place, database, beside, counts)


def zero_written(course: Course) -> Line:
    """Of a reading in which nothing changed, and of one of the same values in the other format."""
    course.read("base", "json")
    course.place.serve("users", "users.shuffled.json")
    found = course.place.run("pulls.read_counting_writes", course.database, kind="users")
    what = course.named("json", "rows of users written when nothing changed")
    return bounded("T3.1", what, found["written"], 0, "rows")


def blocked(course: Course) -> Line:
    """A second process writes single rows all through a reading that changes every row."""
    course.read("base", "json")
    flag = course.place.folder / f"stop-{course.database.name}"
    words = {"flag": str(flag), "kind": "users", "rows": course.counts["users"]}
    writer = course.place.start_way("writer.write_until", course.database, **words)
    await_file(f"{flag}.ready")
    course.read("all", "json")
    flag.touch()
    found = json.loads(writer.communicate(timeout=WAY_SECONDS)[0].splitlines()[-1])
    most = 2.0 if course.database.vendor == "SQLite" else 0.1
    what = course.named("json", f"100 %: longest of {found['writes']} small writes beside it")
    return bounded("T3.2", what, found["longest"], most, "s")


def safety(course: Course, spoilt: list[str]) -> Line:
    """Each answer that must change nothing, tried."""
    course.read("base", "json")
    failed = []
    for number, name in enumerate(spoilt):
        course.place.serve("teams", f"spoilt.{number}")
        try:
            found = course.place.run("pulls.read_counting_writes", course.database, kind="teams")
        except WayFailed as error:
            failed.append(f"{name}: {error}")
            continue
        if found["written"] or not found["refused"]:
            failed.append(f"{name}: {found['written']} rows written")
    what = course.named("", f"{len(spoilt)} spoilt answers; nothing may be written or marked")
    ours = "; ".join(failed) or "0 rows written, each refused in words"
    return Line("T3.4", what, ours, verdict=judged(not failed))
