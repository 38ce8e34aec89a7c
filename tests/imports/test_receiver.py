"""The receiver of reports behind the real web server: refusals, what follows them on one line, and races."""

import hashlib
import json
import socket
from contextlib import closing
from http.client import HTTPConnection

import pytest

from tests.installation import Installation
from tests.leadfiles import MAPPING_WORDS, register_mapping

ROUNDS = 50
RACE = """
import threading
from pathlib import Path
from django.db import connections
from maxops.imports import delivery, intake, matching
from maxops.imports.models import Answer, Mapping, Run
folder = Path({folder!r})
mapping = Mapping.objects.get(name="Planted")
over = threading.Event()

def settle():
    while not over.is_set():
        matching.settle_open(mapping)
        over.wait(0.01)
    connections.close_all()

settler = threading.Thread(target=settle)
settler.start()
for number in range({rounds}):
    path = folder / f"{{number}}.csv"
    rows = "".join(f"0161496{{number:02d}}{{row:02d}},R{{row}},x\\n" for row in range(3 + number))
    path.write_text("phone,reference,name\\n" + rows)
    run = intake.receive(intake.stage([path.read_bytes()]), path.name, intake.Wish(mapping, staff="tester"))
    intake.check(run.pk)
    delivery.send(run, "send", "tester")
    delivery.deliver(run.pk)
over.wait(1)
for _ in range(100):
    if not Answer.objects.filter(state="new").exists() and Answer.objects.count() == {rounds}:
        break
    over.wait(0.1)
over.set()
settler.join()
matching.settle_open(mapping)
"""
COUNTS = """
import json
from maxops.imports.models import Answer, Run
runs = [[run.rows, run.accepted, sum(t.rows for t in run.tallies.all())] for run in Run.objects.all()]
print(json.dumps({"runs": runs, "answers": [[a.state, a.part_id, a.evidence] for a in Answer.objects.all()]}))
"""


@pytest.fixture
def address(installation, sandbox) -> str:
    """Path of the callback of a mapping, with the web server listening."""
    added = installation.json(*MAPPING_WORDS)
    installation.start("web")
    return added["callback_url"].removeprefix(installation.url)


def bodies_in(installation: Installation) -> list[bytes]:
    return [path.read_bytes() for path in (installation.folder / "answers").glob("*") if path.is_file()]


def post(line: HTTPConnection, path: str, body, **more) -> tuple[int, bytes]:
    line.request("POST", path, body, {"Content-Type": "text/xml"}, **more)
    answer = line.getresponse()
    return answer.status, answer.read()


def test_bodies_are_taken_whole_or_not_at_all_and_a_refusal_spoils_no_line(installation, address):
    large = b"<x>" + b"y" * 40_000_000 + b"</x>"
    pieces = [b"<x>", b"z" * 100_000, b"</x>"]
    with closing(HTTPConnection("127.0.0.1", installation.port, timeout=60)) as line:
        for size in (10, 30_000):
            assert post(line, "/callbacks/maxcontact/guess/", b"x" * size)[0] == 404
            assert post(line, address, b"<x/>" + b" " * size) == (200, b"Stored.")
        assert post(line, address, large)[0] == 200
        assert post(line, address, iter(pieces), encode_chunked=True)[0] == 200
    kept = {len(body): hashlib.sha256(body).digest() for body in bodies_in(installation)}
    assert set(kept) == {14, 30_004, len(large), 100_007}
    assert kept[len(large)] == hashlib.sha256(large).digest()
    for head in ("Transfer-Encoding: chunked\r\n\r\nFF\r\n<half", "Content-Length: 500\r\n\r\n<half"):
        with socket.create_connection(("127.0.0.1", installation.port), timeout=10) as cut:
            cut.sendall(f"POST {address} HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}".encode())
            cut.shutdown(socket.SHUT_WR)
            assert b" 200 " not in cut.recv(4096)
    assert len(bodies_in(installation)) == 4


def test_an_endless_body_that_is_not_wanted_is_not_read(installation, address):
    for path, status in (("/callbacks/maxcontact/guess/", b"404"), (address, b"413")):
        with socket.create_connection(("127.0.0.1", installation.port), timeout=10) as line:
            head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10000000000\r\n\r\n"
            line.sendall(head.encode() + b"x" * 1000)
            assert line.recv(4096).split()[1] == status
            assert pour(line) < 50_000_000  # the server has long closed the line
    assert bodies_in(installation) == []


def pour(line: socket.socket) -> int:
    """How many bytes the other side let come before it closed."""
    for sent in range(0, 200_000_000, 1_000_000):
        try:
            line.sendall(b"x" * 1_000_000)
        except OSError:
            return sent
    return 200_000_000


@pytest.mark.parametrize("import_ids", ["nil", "filled"])
def test_reports_that_race_the_answer_to_the_upload_are_each_booked_once(
    installation, sandbox, address, tmp_path, import_ids
):
    register_mapping(sandbox, installation.url + address, "json")
    sandbox.state.callback_delay = 0.0
    sandbox.state.style.change(import_ids=import_ids)
    sandbox.faults.add("ImportCsvFiles", "slow_after", times=ROUNDS // 2, seconds=0.05)  # the report comes first
    folder = tmp_path / "leads"
    folder.mkdir()
    installation.manage("shell", "--verbosity", "0", "-c", RACE.format(folder=str(folder), rounds=ROUNDS))
    counts = json.loads(installation.manage("shell", "--verbosity", "0", "-c", COUNTS).stdout)
    assert [answer for answer in counts["answers"] if answer[0] != "matched"] == []
    assert len(counts["runs"]) == len(counts["answers"]) == ROUNDS
    assert all(rows == accepted + rejected for rows, accepted, rejected in counts["runs"]), counts
    assert len({part for _, part, _ in counts["answers"]}) == ROUNDS
