"""A file larger than a request, with line breaks inside quotes: what arrives is the file, and a reject has its line.

The limit is a hundredth of MaxContact's, so that the file may be one too.
"""

import csv
import email
import io
from email.policy import HTTP

import pytest

from maxops.remote.platforms.interface import Limits
from maxops.remote.platforms.maxcontact import MaxContactBulk
from tests.imports.uploading import assert_adds_up, reasons_by_line, upload
from tests.leadfiles import phone
from tests.remote.scripted import gives_token, says, scripted

LIMIT = 512_000
SIZE = 1_200_000
BAD = 3_500  # a record of the second part


@pytest.fixture
def large(tmp_path, monkeypatch):
    """Path and, by record, the physical line it starts on."""
    monkeypatch.setattr(MaxContactBulk, "limits", Limits(max_request_bytes=LIMIT))
    path, lines = tmp_path / "large.csv", []
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("phone,reference,name\r\n")
        line, record = 2, 0
        while file.tell() < SIZE:
            number = "0114 496" if record == BAD else phone(record % 5000)
            breaks = record % 4
            notes = "\n".join(["Flat 1, the yard", "Zoë's", "High Street", "Leeds"][: breaks + 1])
            lines.append(line)
            file.write(f'{number},R{record},"{notes} {"x" * (record % 97 + 60)}"\r\n')
            line, record = line + 1 + breaks, record + 1
    return path, lines


def records(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


def file_in(request) -> bytes:
    head = b"Content-Type: " + request.headers["content-type"].encode() + b"\r\n\r\n"
    message = email.message_from_bytes(head + request.body, policy=HTTP)
    part = next(part for part in message.iter_parts() if part.get_filename())
    assert part["Content-Type"] == "application/octet-stream"
    return part.get_payload(decode=True)


def test_three_requests_under_the_limit_are_together_the_file(mapping, large, settings):
    path, _ = large
    with scripted(gives_token(), says({"Success": True, "Errors": [], "ImportIDs": [7]})) as server:
        settings.MAXCONTACT_URL = server.url
        run = upload(path, mapping)
        posted = server.requests[1:]
    assert len(posted) == 3
    assert all(int(request.headers["content-length"]) == len(request.body) <= LIMIT for request in posted)
    header, source = records(path.read_bytes())[0], records(path.read_bytes())[1:]
    parts = [records(file_in(request)) for request in posted]
    assert all(part[0] == header for part in parts)
    assert [row for part in parts for row in part[1:]] == source
    whole = b"".join(file_in(request).partition(b"\r\n")[2] for request in posted)
    assert whole == path.read_bytes().partition(b"\r\n")[2]
    assert assert_adds_up(run)["sent"] == len(source)


@pytest.mark.parametrize("import_ids", ["filled", "nil"])
@pytest.mark.parametrize("line_base", ["record", "file"])
def test_reject_of_the_second_part_names_the_line_of_the_file(
    mapping, large, connected, letter_box, line_base, import_ids
):
    path, lines = large
    connected.state.style.change(line_base=line_base, import_ids=import_ids)
    connected.state.mappings["Planted"].dedupe = False
    run = upload(path, mapping)
    assert run.parts.get(number=2).first_row <= BAD <= run.parts.get(number=2).last_row
    for _ in range(3):
        letter_box.hand_over()
    state = assert_adds_up(run)
    assert state["state"] == "finished_with_rejects"
    assert state["rejected"] == {"InvalidPhoneNumber": 1}
    assert reasons_by_line(run) == {lines[BAD]: "InvalidPhoneNumber"}
