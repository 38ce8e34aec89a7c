"""A lead file that comes in pieces, or in one form: what came stays, is nobody else's, and nothing is left behind."""

import gzip
import hashlib
import io
import json
import os
import signal
import zipfile
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from maxops.imports import uploads
from maxops.imports.models import Run, Upload
from tests.imports.browserless import Visitor
from tests.imports.conftest import log_in
from tests.leadfiles import MAPPING_WORDS

LEADS = b"phone,reference,name\n" + b"".join(b"0770090%04d,R-%d,Lead %d\n" % (n, n, n) for n in range(1000))
PIECE = 10_000


def begin(client: Client, size: int, name: str = "leads.csv"):
    return client.post("/imports/uploads/", {"name": name, "size": size})


def address_of(client: Client, content: bytes, name: str = "leads.csv") -> str:
    answer = begin(client, len(content), name)
    assert answer.status_code == 201
    assert (answer.json()["received"], answer.json()["piece"]) == (0, 4_000_000)
    return f"/imports/uploads/{answer.json()['upload']}/"


def send(client: Client, address: str, start: int, piece: bytes):
    return client.post(f"{address}?from={start}", piece, content_type="application/octet-stream")


def send_all(client: Client, content: bytes, name: str = "leads.csv") -> str:
    """In pieces; the id of the upload."""
    address = address_of(client, content, name)
    for start in range(0, len(content), PIECE):
        assert send(client, address, start, content[start : start + PIECE]).status_code == 200
    return address.split("/")[3]


def folder_of(data_folder: Path) -> list[str]:
    return [path.name for path in (data_folder / "runs" / "incoming").glob("*")]


def zipped(*members: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


def post_file(client: Client, mapping, content: bytes, name: str = "leads.csv", **more):
    form = {"file": SimpleUploadedFile(name, content), "mapping": mapping.pk, **more}
    return client.post("/imports/new/", form)


def test_a_file_in_pieces_becomes_the_run_of_these_very_bytes(manager, mapping, data_folder):
    upload = send_all(manager, LEADS)
    answer = manager.post("/imports/new/", {"upload": upload, "mapping": mapping.pk, "option_Dedupe": "true"})
    run = Run.objects.get()
    assert answer.url == run.get_absolute_url()
    assert (run.state, run.rows, run.size, run.file_name) == ("ready", 1000, len(LEADS), "leads.csv")
    assert run.sha256 == hashlib.sha256(LEADS).hexdigest()
    assert run.options == {"Dedupe": True}
    assert (data_folder / "runs" / str(run.pk) / "original").read_bytes() == LEADS
    assert folder_of(data_folder) == []


def test_a_form_sent_twice_makes_one_run(manager, mapping):
    upload = send_all(manager, LEADS)
    first, second = (manager.post("/imports/new/", {"upload": upload, "mapping": mapping.pk}) for _ in range(2))
    assert first.url == second.url
    assert Run.objects.count() == 1
    state = manager.get(f"/imports/uploads/{upload}/").json()
    assert (state["run"], state["received"]) == (first.url, len(LEADS))
    assert send(manager, f"/imports/uploads/{upload}/", len(LEADS), b"more").status_code == 404


def test_an_upload_whose_bytes_went_while_it_became_a_run_can_be_sent_again(manager, mapping, data_folder):
    """As a kill leaves it between the move of the file and the commit of its run."""
    upload = send_all(manager, LEADS)
    uploads.complete(Upload.objects.get(pk=upload))
    (data_folder / "runs" / "incoming" / upload).unlink()
    answer = manager.post("/imports/new/", {"upload": upload, "mapping": mapping.pk})
    assert "Choose the same file again to go on." in answer.content.decode()
    assert manager.get(f"/imports/uploads/{upload}/columns/", follow=True).status_code == 200
    assert send(manager, f"/imports/uploads/{upload}/", 0, LEADS).json()["received"] == len(LEADS)
    manager.post("/imports/new/", {"upload": upload, "mapping": mapping.pk})
    assert Run.objects.get().size == len(LEADS)


def test_a_piece_goes_exactly_where_the_last_one_ended(manager, data_folder):
    address = address_of(manager, LEADS)
    assert send(manager, address, 0, LEADS[:PIECE]).json()["received"] == PIECE
    for start in (PIECE + 1, PIECE - 1, 0):
        answer = send(manager, address, start, LEADS[start : start + PIECE + 5])
        assert (answer.status_code, answer.json()["received"]) == (409, PIECE)
    again = send(manager, address, 0, LEADS[:PIECE])
    assert (again.status_code, again.json()["received"]) == (200, PIECE)
    assert manager.put(f"{address}?from={PIECE}", LEADS[PIECE : 2 * PIECE]).json()["received"] == 2 * PIECE
    assert manager.get(address).json()["received"] == 2 * PIECE
    assert (data_folder / "runs" / "incoming" / address.split("/")[3]).read_bytes() == LEADS[: 2 * PIECE]


def test_two_pages_that_send_one_file_never_mix_it(manager):
    address = address_of(manager, LEADS)
    upload = Upload.objects.get()

    def blocks():
        answer = send(manager, address, 0, LEADS[:PIECE])
        assert (answer.status_code, answer.json()["error"]) == (409, "Another page is sending this very file.")
        yield LEADS[:PIECE]

    assert uploads.append(upload, 0, PIECE, blocks()) == PIECE


@pytest.mark.parametrize("query", ["", "?from=", "?from=-1", "?from=x", "?from=²", f"?from={'9' * 30}"])
def test_a_piece_says_where_it_begins(manager, query):
    address = address_of(manager, LEADS)
    assert manager.post(f"{address}{query}", b"x", content_type="application/octet-stream").status_code == 400
    assert manager.get(address).json()["received"] == 0


def test_no_more_comes_in_than_was_announced_or_fits_a_piece(manager):
    address = address_of(manager, LEADS[:PIECE])
    assert send(manager, address, 0, LEADS[: PIECE + 1]).status_code == 413
    assert send(manager, address, 0, b"x" * (uploads.LARGEST_PIECE + 1)).status_code == 413
    assert send(manager, address, 0, b"").status_code == 413
    assert manager.get(address).json()["received"] == 0


def test_an_upload_is_nobody_elses(manager, supervisor, client):
    address = address_of(manager, LEADS)
    upload = address.split("/")[3]
    other = log_in("add_run", "view_run")
    for visitor, status in ((other, 404), (supervisor, 403), (client, 302)):
        assert visitor.get(address).status_code == status
        assert send(visitor, address, 0, LEADS[:PIECE]).status_code == status
        assert visitor.post(f"{address}cancel/").status_code == status
    assert b"no longer here" in other.post("/imports/new/", {"upload": upload}).content
    assert not Run.objects.exists()
    assert supervisor.post("/imports/uploads/", {"name": "x", "size": 5}).status_code == 403
    assert manager.get(address).json()["received"] == 0


def test_pieces_need_the_token_of_a_page(manager):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = manager.cookies
    assert strict.post("/imports/uploads/", {"name": "x", "size": 5}).status_code == 403
    address = address_of(manager, LEADS)
    strict.get("/imports/new/")
    assert send(strict, address, 0, LEADS[:PIECE]).status_code == 403
    token = strict.cookies["csrftoken"].value
    allowed = strict.post(
        f"{address}?from=0", LEADS[:PIECE], content_type="application/octet-stream", headers={"X-CSRFToken": token}
    )
    assert allowed.status_code == 200


@pytest.mark.parametrize(("size", "words"), [(0, "empty"), (10_001, "at most 10 kB")])
def test_a_file_of_a_size_that_cannot_be_taken_is_not_begun(manager, settings, size, words):
    settings.MAXOPS_UPLOAD_LIMIT = 10_000
    answer = begin(manager, size)
    assert answer.status_code == 413
    assert words in answer.json()["error"]
    assert begin(manager, "many").status_code == 400
    assert not Upload.objects.exists()


def test_the_limit_is_said_on_the_page_and_holds_without_scripts(manager, mapping, settings):
    settings.MAXOPS_UPLOAD_LIMIT = 1_900_000_000
    assert "at most 1.9 GB" in manager.get("/imports/new/").content.decode()
    settings.MAXOPS_UPLOAD_LIMIT = 5_000
    assert "larger than the 5 kB" in post_file(manager, mapping, LEADS).content.decode()
    assert not Run.objects.exists()


def test_what_has_not_all_arrived_is_no_run(manager, mapping):
    address = address_of(manager, LEADS)
    send(manager, address, 0, LEADS[:PIECE])
    page = manager.post("/imports/new/", {"upload": address.split("/")[3], "mapping": mapping.pk}).content.decode()
    assert f"Only 10 kB of {len(LEADS) / 1000:.0f} kB have arrived" in page
    assert not Run.objects.exists()
    page = manager.get("/imports/new/").content.decode()
    assert "Begun and not finished" in page
    manager.post(f"{address}cancel/")
    assert manager.get(address).status_code == 404
    assert "Begun and not finished" not in manager.get("/imports/new/").content.decode()


def test_a_cancelled_upload_leaves_nothing(manager, data_folder):
    address = address_of(manager, LEADS)
    send(manager, address, 0, LEADS[:PIECE])
    assert len(folder_of(data_folder)) == 1
    manager.post(f"{address}cancel/")
    assert folder_of(data_folder) == []
    assert not Upload.objects.exists()


def test_a_piece_that_comes_after_the_cancel_is_nowhere(manager, data_folder):
    """It was on its way when somebody pressed the button."""
    address = address_of(manager, LEADS)
    upload = Upload.objects.get()
    manager.post(f"{address}cancel/")
    with pytest.raises(uploads.Gone):
        uploads.append(upload, 0, PIECE, [LEADS[:PIECE]])
    assert folder_of(data_folder) == []


def test_without_a_file_the_form_says_so_and_keeps_what_was_chosen(manager, mapping):
    page = manager.post("/imports/new/", {"mapping": mapping.pk}).content.decode()
    assert "Choose the file with the leads." in page
    assert f'<option value="{mapping.pk}" selected>' in page


@pytest.mark.parametrize("way", ["pieces", "form"])
def test_without_a_mapping_the_columns_are_asked_for_next(manager, mapping, way):
    form = {"list": "", "option_CheckDnc": "false"}
    if way == "pieces":
        answer = manager.post("/imports/new/", {**form, "upload": send_all(manager, LEADS)})
    else:
        answer = manager.post("/imports/new/", {**form, "file": SimpleUploadedFile("leads.csv", LEADS)})
    upload = Upload.objects.get()
    assert answer.url == reverse("imports:columns", args=[upload.pk])
    assert not Run.objects.exists()
    page = manager.get("/imports/new/").content.decode()
    assert answer.url in page
    run = uploads.begin_run(upload, uploads.wish_of(upload, mapping, {"Tel": "phone"}, has_header=False))
    assert (run.options, run.matches, run.has_header) == ({"CheckDnc": False}, {"Tel": "phone"}, False)


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (zipped(("[Content_Types].xml", b"<x/>"), ("xl/workbook.xml", b"<x/>")) * 40, "leads.xlsx", "CSV UTF-8"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 20_000, "leads.xls", "old Excel workbook"),
        (b"%PDF-1.7" + b"\0" * 20_000, "leads.csv", "PDF"),
    ],
)
def test_a_workbook_is_told_after_its_first_piece(manager, mapping, data_folder, content, name, words):
    address = address_of(manager, content, name)
    answer = send(manager, address, 0, content[:1000])
    assert answer.status_code == 415
    assert words in answer.json()["error"]
    assert folder_of(data_folder) == []
    assert manager.get(address).status_code == 404
    assert words.replace("'", "&#x27;") in post_file(manager, mapping, content, name).content.decode()
    assert not Run.objects.exists()
    assert folder_of(data_folder) == []


@pytest.mark.parametrize("way", ["pieces", "form"])
@pytest.mark.parametrize("packed", [zipped(("May/leads.csv", LEADS)), gzip.compress(LEADS)], ids=["zip", "gzip"])
def test_a_packed_file_is_checked_as_what_is_in_it(manager, mapping, data_folder, packed, way):
    if way == "pieces":
        manager.post("/imports/new/", {"upload": send_all(manager, packed, "leads.zip"), "mapping": mapping.pk})
    else:
        post_file(manager, mapping, packed, "leads.zip")
    run = Run.objects.get()
    assert (run.state, run.rows, run.size, run.file_name) == ("ready", 1000, len(LEADS), "leads.zip")
    assert run.sha256 == hashlib.sha256(LEADS).hexdigest()
    folder = data_folder / "runs" / str(run.pk)
    assert (folder / "original").read_bytes() == LEADS
    assert not list(folder.glob("*.unfinished"))


def test_a_packed_file_shows_its_columns_before_it_is_unpacked(manager, data_folder):
    content = zipped(("leads.csv", LEADS))
    upload = Upload.objects.get(pk=send_all(manager, content, "leads.zip"))
    assert uploads.sample_path(upload).read_bytes() == LEADS
    manager.post(f"/imports/uploads/{upload.pk}/cancel/")
    assert folder_of(data_folder) == []


def test_an_archive_of_several_files_is_refused_on_the_page(manager, mapping, data_folder):
    content = zipped(("a.csv", LEADS), ("b.csv", LEADS))
    for form in ({"upload": send_all(manager, content)}, {"file": SimpleUploadedFile("x.zip", content)}):
        page = manager.post("/imports/new/", {**form, "mapping": mapping.pk}).content.decode()
        assert "The archive holds 2 files (a.csv, b.csv)" in page
    assert not Run.objects.exists()
    assert folder_of(data_folder) == []


def test_the_same_file_again_is_told_at_once(manager, mapping, letter_box):
    post_file(manager, mapping, LEADS)
    first = Run.objects.get()
    manager.post(f"/imports/{first.pk}/send/", {"held_back": "send"})
    answer = manager.post("/imports/new/", {"upload": send_all(manager, LEADS), "mapping": mapping.pk}, follow=True)
    page = answer.content.decode()
    assert "This very file was sent before" in page
    assert f'<a href="{first.get_absolute_url()}">run {first.pk}</a>' in page


@pytest.mark.parametrize("name", ["..\\..\\evil.csv", "C:\\Leads\\evil.csv", "a/b/evil.csv", "evil.csv"])
def test_a_name_is_never_a_path(manager, mapping, data_folder, name):
    upload = send_all(manager, LEADS, name)
    manager.post("/imports/new/", {"upload": upload, "mapping": mapping.pk})
    assert Run.objects.get().file_name == "evil.csv"
    assert not list(data_folder.rglob("*evil*"))


def test_web_server_killed_in_the_middle_costs_one_piece_at_most(installation):
    """What came before the kill is there after it, and the file is whole in the end."""
    installation.json(*MAPPING_WORDS)
    content = LEADS * 200
    piece = 1_000_000
    installation.start("web")
    visitor = Visitor(installation.url, "manager")
    address = visitor.begin("leads.csv", len(content))
    for start in range(0, 3 * piece, piece):
        assert visitor.send(address, start, content[start : start + piece])[0] == 200
    with visitor.send_some(address, 3 * piece, piece, content[3 * piece : 3 * piece + piece // 2]):
        os.killpg(installation.processes[-1].pid, signal.SIGKILL)
    installation.processes.pop().wait()
    installation.start("web")
    start = visitor.received(address)
    assert 3 * piece <= start <= 3 * piece + piece // 2
    while start < len(content):
        status, state = visitor.send(address, start, content[start : start + piece])
        assert status == 200
        start = state["received"]
    status, _ = visitor.post_form("/imports/new/", {"upload": address.split("/")[3], "mapping": 1})
    assert status == 302
    run = installation.json("run", visitor.location.split("/")[2])
    assert run["sha256"] == hashlib.sha256(content).hexdigest()


def test_a_line_that_falls_silent_holds_nobody_up(installation):
    """A dead line keeps neither the file nor a thread of the web server: what came of it counts."""
    content = LEADS * 20
    installation.start("web")
    visitor = Visitor(installation.url, "manager")
    address = visitor.begin("leads.csv", len(content))
    with visitor.send_some(address, 0, len(content), content[: len(content) // 2]):
        installation.wait_until(lambda: visitor.received(address) > 0, "the first bytes")

        def is_taken() -> bool:
            start = visitor.received(address)
            return visitor.send(address, start, content[start:])[0] == 200

        installation.wait_until(is_taken, "the silent line to be given up")
    assert visitor.received(address) == len(content)
    incoming = installation.folder / "runs" / "incoming" / address.split("/")[3]
    assert incoming.read_bytes() == content


def test_json_answers_are_plain(manager):
    answer = begin(manager, 5, "Kunden Müller.csv")
    assert set(json.loads(answer.content)) == {"upload", "received", "size", "piece", "run"}
    assert "ller" not in answer.content.decode()
