"""The sender killed with SIGKILL at each step, as a real process: nothing lost, nothing sent twice, it goes on.

Where it is killed is made certain: by an answer that does not come, a database that is held, or a pipe for a file.
"""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from maxops.sandbox.maxcontact.leads import LeadTable
from maxops.sandbox.server import Sandbox
from tests.conftest import LOGIN, PASSWORD
from tests.installation import ROOT, Installation
from tests.leadfiles import MAPPING_WORDS, ROWS, register_mapping, write_planted

HANG = 6.0  # seconds the stand-in keeps an answer back; the kill comes long before
READY = """
from pathlib import Path
from maxops.imports import delivery, intake
from maxops.imports.models import Answer, Mapping, Run
Answer.objects.all().delete()  # the stand-in begins its import ids anew in each test
Run.objects.all().delete()
Mapping.objects.update(part_limit={limit}, part_limit_at=None)
path = Path({path!r})
run = intake.receive(intake.stage([path.read_bytes()]), path.name, intake.Wish(Mapping.objects.get(name="Planted")))
intake.check(run.pk)
if {sends}:
    delivery.send(run, "send", "tester", again=True)
print(run.pk)
"""
SEND = """
from maxops.imports import delivery
delivery.send(delivery.Run.objects.get(pk={run}), "send", "tester", again=True)
"""
DELIVER = "from maxops.imports import delivery; delivery.deliver({run})"
QUEUE = "from maxops.imports.tasks import deliver_run; deliver_run.delay({run})"


class House:
    """An installation and the stand-in it talks to; `kill` ends a command as a power cut would."""

    def __init__(self, installation: Installation, sandbox: Sandbox) -> None:
        self.installation, self.sandbox = installation, sandbox

    def planned(self, path: Path, *, limit: int | None = None, sends: bool = True) -> int:
        """A run checked, cut and marked as sending; nothing has been sent."""
        return int(self.shell(READY.format(path=str(path), limit=limit, sends=sends)))

    def shell(self, code: str) -> str:
        return self.installation.manage("shell", "--verbosity", "0", "-c", code).stdout.strip()

    def begin(self, code: str) -> subprocess.Popen:
        words = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c", code]
        return subprocess.Popen(
            words, cwd=ROOT, env=self.installation.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def kill(self, process: subprocess.Popen) -> None:
        assert process.poll() is None, "it came to an end before it could be killed"
        process.send_signal(signal.SIGKILL)
        process.wait()

    def folder(self, run: int) -> Path:
        return self.installation.folder / "runs" / str(run)

    def uploads(self) -> list[dict]:
        return self.sandbox.journal.find("POST", "ImportCsvFiles")

    def wait_until(self, condition, what: str) -> None:
        self.installation.wait_until(condition, what)

    def state(self, run: int, wait: int = 0) -> dict:
        """What `run` says, which settles what has come in; the sums of contract section 4 hold in every state."""
        words = [sys.executable, "manage.py", "run", str(run), "--json", "--wait", str(wait)]
        said = subprocess.run(
            words, cwd=ROOT, env=self.installation.environment, capture_output=True, text=True, check=False, timeout=120
        )
        state = json.loads(said.stdout)
        told = state["held_back"] + state["accepted"] + sum(state["rejected"].values()) + state["unknown"]
        assert state["rows"] == told + state["not_attempted"] + state["waiting"], state
        return state

    def assert_each_lead_arrived_once(self, rows: int) -> None:
        """By the stand-in's own books: every row in one upload, no upload in two."""
        self.wait_until(
            lambda: all(upload["records"] is not None for upload in self.sandbox.state.uploads), "the imports"
        )
        uploads = self.sandbox.state.uploads
        assert sum(upload["records"] for upload in uploads) == rows
        assert len({upload["sha256"] for upload in uploads}) == len(uploads)


@pytest.fixture(scope="module")
def installed(tmp_path_factory, running_sandbox) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("killed")
    whole = Installation(
        folder, MAXCONTACT_URL=running_sandbox.url, MAXCONTACT_LOGIN=LOGIN, MAXCONTACT_PASSWORD=PASSWORD
    )
    whole.prepare()
    whole.manage(*MAPPING_WORDS)
    whole.start("web")
    yield whole
    whole.stop()


def forget_tokens(house: House) -> None:
    """Those of the stand-in before its reset are dead, and would cost the first upload a second try."""
    house.sandbox.state.tokens.clear()
    for kept in (house.installation.folder / "cache").glob("*"):
        kept.unlink()


@pytest.fixture
def house(installed, sandbox) -> House:
    address = installed.json("mapping", "list")[0]["callback_url"]
    sandbox.state.leads = LeadTable()
    sandbox.state.dnc.clear()
    sandbox.state.callback_delay = 0.0
    register_mapping(sandbox, address)
    whole = House(installed, sandbox)
    forget_tokens(whole)
    return whole


@pytest.fixture
def run(house, tmp_path) -> int:
    return house.planned(write_planted(house.sandbox, tmp_path / "planted.csv").path)


def test_killed_before_the_first_byte_it_goes_on_by_itself(house, run):
    house.sandbox.faults.add("apitoken", "slow", seconds=HANG)
    sender = house.begin(DELIVER.format(run=run))
    house.wait_until(lambda: house.sandbox.journal.find("GET", "apitoken"), "the log-in")
    house.kill(sender)
    assert house.uploads() == []
    state = house.state(run, wait=30)
    assert (state["state"], state["accepted"], state["unknown"]) == ("finished_with_rejects", ROWS - 40, 0)
    house.assert_each_lead_arrived_once(ROWS)


def test_killed_in_the_middle_of_a_part_it_stays_with_a_person(house, tmp_path):
    path = tmp_path / "large.csv"
    rows = (f"020794600{number % 100:02d},{number},{'x' * 990}\n" for number in range(20_000))
    path.write_text("phone,reference,name\n" + "".join(rows), "utf-8")
    run = house.planned(path)
    house.sandbox.faults.add("ImportCsvFiles", "slow", seconds=HANG)
    sender = house.begin(DELIVER.format(run=run))
    house.wait_until(house.uploads, "the part to leave")
    house.kill(sender)
    state = house.state(run, wait=1)
    assert (state["state"], state["unknown"], state["not_attempted"]) == ("waiting", 20_000, 0)
    assert "not known whether MaxContact took it" in state["message"]
    house.state(run, wait=1)
    assert len(house.uploads()) == 1
    assert house.sandbox.state.uploads == []


def test_killed_after_the_part_was_taken_the_report_settles_it(house, run):
    house.sandbox.faults.add("ImportCsvFiles", "slow_after", seconds=HANG)
    sender = house.begin(DELIVER.format(run=run))
    house.wait_until(lambda: house.sandbox.state.uploads, "the part to be taken")
    house.kill(sender)
    state = house.state(run, wait=30)
    assert (state["state"], state["accepted"], state["unknown"]) == ("finished_with_rejects", ROWS - 40, 0)
    house.assert_each_lead_arrived_once(ROWS)


def test_killed_between_the_answer_and_its_booking_it_knows_the_answer(house, run):
    house.sandbox.state.callback_delay = HANG  # so that no report can tell instead
    house.sandbox.faults.add("ImportCsvFiles", "slow_after", seconds=2)
    sender = house.begin(DELIVER.format(run=run))
    house.wait_until(lambda: house.sandbox.state.uploads, "the part to be taken")
    with database_held(house):
        house.wait_until(lambda: b'"taken"' in (house.folder(run) / "slip-1").read_bytes(), "the answer")
        house.kill(sender)
    state = house.state(run, wait=1)
    assert (state["state"], state["waiting"], state["unknown"]) == ("waiting", ROWS, 0)
    assert state["parts"][0]["reference"] == str(house.sandbox.state.uploads[0]["import_id"])
    assert house.state(run, wait=30)["accepted"] == ROWS - 40
    house.assert_each_lead_arrived_once(ROWS)


@contextmanager
def database_held(house: House) -> Iterator[None]:
    """Nobody else can write meanwhile."""
    connection = sqlite3.connect(house.installation.folder / "maxops.sqlite3", timeout=20, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.execute("ROLLBACK")
    connection.close()


def test_killed_between_two_parts_it_goes_on_with_the_next(house, tmp_path):
    """The token ends while the first part is answered, and the log-in for the second hangs."""
    run = house.planned(write_planted(house.sandbox, tmp_path / "planted.csv").path, limit=12_000)
    house.sandbox.state.token_seconds = 1.0
    house.sandbox.faults.add("ImportCsvFiles", "slow_after", seconds=1.5)
    hanging = house.sandbox.faults.add("apitoken", "slow", skip=1, seconds=HANG)
    sender = house.begin(DELIVER.format(run=run))
    house.wait_until(lambda: not hanging.times, "the log-in for the second part")
    house.kill(sender)
    house.sandbox.state.token_seconds = 1800.0
    assert len(house.uploads()) == 1
    state = house.state(run, wait=30)
    assert (state["state"], state["unknown"]) == ("finished_with_rejects", 0)
    assert len(state["parts"]) == len(house.sandbox.state.uploads) > 2
    house.assert_each_lead_arrived_once(ROWS)


def test_killed_while_the_file_is_cut_nothing_has_changed(house, tmp_path):
    run = house.planned(write_planted(house.sandbox, tmp_path / "planted.csv").path, sends=False)
    with piped(house.folder(run) / "lines") as is_read:
        sender = house.begin(SEND.format(run=run))
        house.wait_until(is_read, "the cutting")
        house.kill(sender)
    state = house.state(run)
    assert (state["state"], state["parts"], state["not_attempted"]) == ("ready", [], ROWS)
    house.shell(SEND.format(run=run))
    assert house.state(run, wait=30)["accepted"] == ROWS - 40
    house.assert_each_lead_arrived_once(ROWS)


def test_killed_while_a_refused_part_is_cut_smaller_no_row_is_lost(house, run):
    house.sandbox.state.max_request_bytes = 20_000
    with piped(house.folder(run) / "lines") as is_read:
        sender = house.begin(DELIVER.format(run=run))
        house.wait_until(house.uploads, "the part to be refused")
        house.wait_until(is_read, "the cutting")
        house.kill(sender)
    state = house.state(run, wait=30)
    assert (state["state"], state["unknown"]) == ("finished_with_rejects", 0)
    assert len(state["parts"]) > 2
    house.assert_each_lead_arrived_once(ROWS)


@contextmanager
def piped(path: Path) -> Iterator[Callable[[], bool]]:
    """Whoever reads this file waits for ever; what is yielded tells whether somebody does."""
    kept = path.with_suffix(".kept")
    path.rename(kept)
    os.mkfifo(path)
    ends: list[int] = []

    def is_read() -> bool:
        if not ends:
            with contextlib.suppress(OSError):  # nobody reads yet
                ends.append(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        return bool(ends)

    yield is_read
    for end in ends:
        os.close(end)
    path.unlink()
    kept.rename(path)


def test_killed_worker_of_the_queue_is_followed_by_another(house, tmp_path):
    """The Procfile's own worker and scheduler: what is left goes out without anybody asking."""
    run = house.planned(write_planted(house.sandbox, tmp_path / "planted.csv").path, limit=12_000)
    house.sandbox.faults.add("ImportCsvFiles", "slow_after", seconds=4 * HANG)
    house.installation.start("worker")
    worker = house.installation.processes.pop()
    queueing = house.begin(QUEUE.format(run=run))
    house.wait_until(lambda: house.sandbox.state.uploads, "the first part to be taken")
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    queueing.wait()
    house.installation.start("worker", "beat")
    house.wait_until(lambda: house.state(run)["state"] == "finished_with_rejects", "the run to come to its end")
    state = house.state(run)
    assert (state["unknown"], state["not_attempted"]) == (0, 0)
    assert len(state["parts"]) == len(house.sandbox.state.uploads) > 2
    house.assert_each_lead_arrived_once(ROWS)
