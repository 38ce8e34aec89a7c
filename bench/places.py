"""Where a run happens: a scratch folder, scratch databases, processes of our own; all of it gone afterwards."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parent.parent
POSTGRES = os.environ.get("BENCH_POSTGRES", "postgres://postgres@127.0.0.1:5432")
WAY_SECONDS = 240  # no single measurement may take longer


class WayFailed(Exception):
    """A measurement that did not come to its end; its last words."""


@dataclass
class Database:
    """One scratch database: `vendor` is "SQLite" or "PostgreSQL"."""

    vendor: str
    name: str
    url: str


@dataclass
class Place:
    """A scratch folder, and the environment of every process started in it."""

    folder: Path
    stack: ExitStack
    vendors: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    databases: dict[str, Database] = field(default_factory=dict)
    begun: float = field(default_factory=time.monotonic)
    rounds_done: int = 0

    def database(self, vendor: str, name: str, like: str = "") -> Database:
        """A new one; `like` names another one of the same vendor to be copied."""
        made = self._sqlite(name, like) if vendor == "SQLite" else self._postgres(name, like)
        self.databases[made.name] = made
        return made

    def _sqlite(self, name: str, like: str) -> Database:
        path = self.folder / f"{name}.sqlite3"
        if like:
            shutil.copyfile(self.folder / f"{like}.sqlite3", path)
        return Database("SQLite", name, f"sqlite:///{path}")

    def _postgres(self, name: str, like: str) -> Database:
        given = f"maxops_bench_{uuid.uuid4().hex[:12]}"
        template = f' TEMPLATE "{self.databases[like].url.rsplit("/", 1)[-1]}"' if like else ""
        with psycopg.connect(f"{POSTGRES}/postgres", autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{given}"{template}')
        self.stack.callback(drop, given)
        return Database("PostgreSQL", name, f"{POSTGRES}/{given}")

    def run(self, way: str, database: Database | None = None, **words: Any) -> dict[str, Any]:
        """`way` ("upserts.loop") in a fresh process: what it returns, with `rss` in MB."""
        said = self._finish([sys.executable, "-m", "bench.way", way, json.dumps(words)], database)
        return json.loads(said.splitlines()[-1])

    def manage(self, database: Database, *words: str) -> None:
        self._finish([sys.executable, "manage.py", *words], database)

    def _finish(self, call: list[str], database: Database | None) -> str:
        done = subprocess.run(
            call, cwd=ROOT, env=self.env(database), capture_output=True, text=True, timeout=WAY_SECONDS, check=False
        )
        if done.returncode:
            print(done.stderr, file=sys.stderr)
            raise WayFailed(f"{' '.join(call[2:4])}: {(done.stderr.strip() or 'no word').splitlines()[-1]}")
        return done.stdout

    def start(self, database: Database | None, *call: str) -> subprocess.Popen:
        """A process that serves until the run is over."""
        process = subprocess.Popen(
            call, cwd=ROOT, env=self.env(database), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.stack.callback(end, process)
        return process

    def env(self, database: Database | None) -> dict[str, str]:
        url = database.url if database else f"sqlite:///{self.folder}/none.sqlite3"
        return {**self.environment, "DATABASE_URL": url}

    def start_way(self, way: str, database: Database, **words: Any) -> subprocess.Popen:
        """A way that answers line by line, or when its time has come."""
        return self.start(database, sys.executable, "-m", "bench.way", way, json.dumps(words))

    def rounds(self, most: int, seconds: float) -> Iterator[int]:
        """Numbers of rounds: one at least, then as long as another one like the last would end in time."""
        begun = time.monotonic()
        for number in range(most):
            yield number
            self.rounds_done = number + 1
            now = time.monotonic()
            if now - self.begun + (now - begun) / self.rounds_done > seconds:
                return

    def serve(self, kind: str, body: str) -> None:
        """From now on the loopback dialler answers the collection `kind` with this prepared body."""
        served = self.folder / "served"
        served.mkdir(exist_ok=True)
        link = served / f"{kind}.next"
        link.symlink_to(self.folder / "bodies" / body)
        link.replace(served / kind)


def said(process: subprocess.Popen, *words: Any) -> Any:
    """What the process answers to these words; without any, what it says of itself."""
    if words:
        process.stdin.write(json.dumps(words) + "\n")
        process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        raise WayFailed(f"{' '.join(process.args[2:4])}: ended before its time")
    return json.loads(line)


def drop(name: str) -> None:
    with psycopg.connect(f"{POSTGRES}/postgres", autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def end(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=5)
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_file(path: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not Path(path).exists():
        if time.monotonic() > deadline:
            raise WayFailed(f"{path} did not come")
        time.sleep(0.02)


def wait_for(port: int, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise WayFailed(f"nothing listens on port {port}")


def postgres_version() -> str:
    """ "15.14", or nothing where no server listens on loopback."""
    try:
        with psycopg.connect(f"{POSTGRES}/postgres", connect_timeout=2) as connection:
            return str(connection.info.server_version // 10000) + "." + str(connection.info.server_version % 10000)
    except psycopg.OperationalError:
        return ""


@contextmanager
def scratch(vendors: tuple[str, ...]) -> Iterator[Place]:
    folder = Path(tempfile.mkdtemp(prefix="maxops-bench-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        place = Place(folder, stack, vendors)
        kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "BENCH_POSTGRES"}}
        place.environment = {
            **kept,
            "DJANGO_SETTINGS_MODULE": "maxops.settings",
            "MAXOPS_DATA_DIR": str(folder / "var"),
            "MAXOPS_LOG_LEVEL": "ERROR",
            "MAXCONTACT_URL": "http://127.0.0.1:9",  # nothing there, until a section starts a dialler
            "MAXCONTACT_LOGIN": "bench",
            "MAXCONTACT_PASSWORD": "bench",
            "CELERY_BROKER_URL": "",
            "DEBUG": "false",
            "PYTHONPATH": str(ROOT),
        }
        yield place
