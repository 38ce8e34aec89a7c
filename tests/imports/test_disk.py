"""A disk that is full, as the kernel says it: a sentence for the person, what was half written is gone, the rest works.

A limit on the size of files, set for the process, makes writes fail like a full disk does, and needs no root.
"""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.files.uploadedfile import SimpleUploadedFile

from maxops.imports import disk, intake
from maxops.imports.models import Run, Upload
from maxops.imports.tasks import resume_stale
from tests.imports.browserless import Visitor
from tests.imports.test_commands import run_command
from tests.imports.test_uploads import begin
from tests.installation import Installation
from tests.leadfiles import MAPPING_WORDS

MB = 1_000_000
ROOM = 9 * MB  # more than any database of a test, less than the files


def leads(size: int, encoding: str = "utf-8") -> bytes:
    row = "07700900{:03d};R-{:07d};Zoë with a name of some length to fill the row\n"
    text = "phone;reference;name\n" + "".join(row.format(n % 1000, n) for n in range(size // 70))
    return text.encode(encoding)


@contextmanager
def small_disk(room: int = ROOM, pids: tuple[int, ...] = (0,)) -> Iterator[None]:
    before = resource.prlimit(0, resource.RLIMIT_FSIZE)
    for pid in pids:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        yield
    finally:
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*"))


def test_a_file_the_disk_cannot_hold_is_refused_up_front(manager, mapping, settings, capsys):
    settings.MAXOPS_UPLOAD_LIMIT = 10**17
    answer = begin(manager, 10**16)
    assert answer.status_code == 507
    assert "has " in answer.json()["error"]
    assert "Nothing was stored" in answer.json()["error"]
    assert not Upload.objects.exists()
    form = {"CONTENT_TYPE": "multipart/form-data; boundary=x", "CONTENT_LENGTH": str(10**16)}
    answer = manager.generic("POST", "/imports/new/", b"", **form)
    assert answer.status_code == 507
    assert b"this file needs about" in answer.content
    assert manager.get("/imports/new/").status_code == 200


def test_what_others_are_bringing_is_reckoned_with(manager, settings):
    settings.MAXOPS_UPLOAD_LIMIT = 10**17
    free = disk.free_bytes(intake.apps.get_app_config("imports").incoming_folder)
    half = int((free - disk.MARGIN) / disk.GROWTH * 0.6)
    assert begin(manager, half).status_code == 201
    assert begin(manager, half).status_code == 507
    Upload.objects.all().delete()
    assert begin(manager, half).status_code == 201


def test_a_piece_that_finds_the_disk_full_ends_the_upload(manager, data_folder):
    address = f"/imports/uploads/{begin(manager, 12 * MB).json()['upload']}/"
    kind = {"content_type": "application/octet-stream"}
    with small_disk():
        assert manager.post(f"{address}?from=0", leads(6 * MB)[: 6 * MB], **kind).status_code == 200
        start = manager.get(address).json()["received"]
        answer = manager.post(f"{address}?from={start}", b"x" * 5 * MB, **kind)
        assert answer.status_code == 507
        assert answer.json()["error"] == disk.FULL_WORDS
        assert files_in(data_folder / "runs" / "incoming") == []
        assert manager.get("/imports/new/").status_code == 200
    assert not Upload.objects.exists()


def test_a_form_that_finds_the_disk_full_says_so_and_keeps_what_was_typed(manager, mapping, data_folder, settings):
    settings.FILE_UPLOAD_TEMP_DIR = data_folder / "form-files"
    settings.FILE_UPLOAD_TEMP_DIR.mkdir(parents=True)
    form = {"file": SimpleUploadedFile("leads.csv", leads(12 * MB)), "mapping": mapping.pk, "option_Dedupe": "true"}
    with small_disk():
        page = manager.post("/imports/new/", form).content.decode()
    assert "The disk of this server is full" in page
    assert f'<option value="{mapping.pk}" selected>' in page
    assert '<option value="true" selected>' in page
    assert files_in(settings.FILE_UPLOAD_TEMP_DIR) == []
    assert not Run.objects.exists()


def test_the_copy_of_a_form_that_finds_the_disk_full_leaves_nothing(manager, mapping, data_folder):
    """Small enough for memory, too large for the disk."""
    form = {"file": SimpleUploadedFile("leads.csv", leads(2 * MB)), "mapping": mapping.pk}
    with small_disk(MB):
        page = manager.post("/imports/new/", form)
    assert "The disk of this server is full" in page.content.decode()
    assert files_in(data_folder / "runs" / "incoming") == []


def test_a_check_that_finds_the_disk_full_waits_and_goes_on_by_itself(manager, mapping, data_folder):
    """Its translation, of another delimiter, is what does not fit any more."""
    content = leads(12 * MB, "cp1252")
    run = intake.receive(intake.stage([content]), "leads.csv", intake.Wish(mapping, staff="tester"))
    folder = data_folder / "runs" / str(run.pk)
    with small_disk():
        intake.check(run.pk)
        intake.check(run.pk)
    run.refresh_from_db()
    assert (run.state, run.rows) == ("received", 0)
    assert files_in(folder) == ["original"]
    assert [event.text for event in run.events.all()][1:] == [intake.WAITS_FOR_ROOM]
    page = manager.get(run.get_absolute_url()).content.decode()
    assert "goes on by itself as soon as there is room" in page
    resume_stale()
    run.refresh_from_db()
    assert (run.state, run.rows, run.message) == ("ready", content.count(b"\n") - 1, "")


def test_the_command_says_that_the_disk_is_full(mapping, tmp_path, capsys, data_folder):
    path = tmp_path / "leads.csv"
    path.write_bytes(leads(12 * MB))
    with small_disk():
        assert run_command(capsys, "upload", str(path), "--mapping", "Planted")[0] == 1
    assert not Run.objects.exists()
    assert files_in(data_folder / "runs" / "incoming") == []


def processes_of(installation: Installation) -> tuple[int, ...]:
    """The web server and its workers."""
    (server,) = (process.pid for process in installation.processes)
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    return (server, *map(int, children))


def test_a_web_server_on_a_full_disk_goes_on_working(installation):
    installation.json(*MAPPING_WORDS)
    installation.start("web")
    visitor = Visitor(installation.url, "manager")
    content = leads(12 * MB)
    with small_disk(pids=processes_of(installation)):
        address = visitor.begin("leads.csv", len(content))
        assert visitor.send(address, 0, content[: 6 * MB])[0] == 200
        status, answer = visitor.send(address, 6 * MB, content[6 * MB : 12 * MB])
        assert (status, answer["error"]) == (507, disk.FULL_WORDS)
        assert files_in(installation.folder / "runs" / "incoming") == []
        for path in ("/imports/new/", "/imports/", "/health/live"):
            assert visitor.ask("GET", path)[0] == 200
        small = content[:70_000]
        address = visitor.begin("leads.csv", len(small))
        assert visitor.send(address, 0, small) == (
            200,
            {
                "upload": address.split("/")[3],
                "received": len(small),
                "size": len(small),
                "piece": 4_000_000,
                "run": "",
            },
        )
