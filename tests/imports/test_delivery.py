"""Whole uploads through the stand-in over real HTTP: what is told, and what is sent when things go wrong."""

import json

import pytest

from maxops.imports import bookings, delivery, outages, verdicts
from maxops.imports.errors import WrongState
from maxops.imports.models import Part, Run
from maxops.mirror.models import Ledger
from maxops.sandbox.server import Sandbox
from tests.imports.uploading import assert_adds_up, check, reasons_by_line, rejects_of, upload
from tests.leadfiles import EACH, REASONS, ROWS, write_planted

FORTY = dict.fromkeys(REASONS, EACH)


@pytest.fixture
def planted(connected: Sandbox, tmp_path):
    return write_planted(connected, tmp_path / "planted.csv")


def uploads(sandbox: Sandbox) -> list[dict]:
    return [entry for entry in sandbox.journal.entries if "ImportCsvFiles" in entry["path"]]


@pytest.mark.parametrize("import_ids", ["filled", "nil", "nil_in_callback"])
@pytest.mark.parametrize("line_base", ["record", "record0", "file"])
@pytest.mark.parametrize("response_format", ["xml", "json"])
def test_every_planted_fault_comes_back_with_its_line(
    mapping, planted, connected, letter_box, response_format, line_base, import_ids
):
    connected.state.style.change(line_base=line_base, import_ids=import_ids)
    connected.state.mappings["Planted"].response_format = response_format
    run = upload(planted.path, mapping)
    assert run.state == "waiting"
    assert letter_box.hand_over(copies=2) == [200, 200]
    state = assert_adds_up(run)
    assert state["state"] == "finished_with_rejects"
    assert (state["accepted"], state["rejected"]) == (ROWS - 40, FORTY)
    assert reasons_by_line(run) == planted.faults


def test_rejects_have_the_original_cells_then_ours(mapping, planted, letter_box):
    run = upload(planted.path, mapping)
    letter_box.hand_over()
    original = planted.path.read_text("utf-8").splitlines()
    for row in rejects_of(run):
        cells = original[int(row[-3]) - 1].split(",")
        assert row[: len(cells)] == cells
        assert not any(row[len(cells) : -3])
        assert row[-1], "no advice"


def test_held_back_rows_are_not_sent_and_are_in_the_rejects(mapping, planted, connected, letter_box):
    run = upload(planted.path, mapping, held_back="drop")
    letter_box.hand_over()
    state = assert_adds_up(run)
    assert (state["held_back"], state["sent"], state["accepted"]) == (24, 976, 960)
    assert state["rejected"] == {"Duplicate": EACH, "DoNotCall": EACH}
    assert connected.state.uploads[0]["records"] == 976
    assert set(reasons_by_line(run)) == set(planted.faults)
    assert len(rejects_of(run, "held_back")) == 24
    assert all(row[-1].startswith("Held back before sending") for row in rejects_of(run, "held_back"))


def test_rows_rejected_at_once_are_counted_with_the_rest(mapping, planted, connected, letter_box):
    connected.state.style.change(immediate_rejects=True)
    run = upload(planted.path, mapping)
    letter_box.hand_over()
    state = assert_adds_up(run)
    assert (state["accepted"], state["rejected"], state["unknown"]) == (ROWS - 40, FORTY, 0)
    assert reasons_by_line(run) == planted.faults


def test_file_is_sent_clean_whatever_it_was(mapping, connected, tmp_path):
    path = tmp_path / "odd.csv"
    path.write_bytes("Phone;reference;name\r\n\r\n07700900001;1;Zoë, of Leeds\r\n".encode("cp1252"))
    upload(path, mapping)
    sent = uploads(connected)[0]["upload"]
    assert sent["mapname"] == "Planted"
    assert json.loads(sent["options"]) == {"ListId": 1}
    assert sent["files"][0]["size"] == len('phone,reference,name\r\n07700900001,1,"Zoë, of Leeds"\r\n'.encode())


def test_many_parts_are_settled_each_by_its_own_report(mapping, planted, connected, letter_box):
    mapping.part_limit = 8_000
    mapping.save()
    connected.state.style.change(import_ids="nil")
    run = upload(planted.path, mapping)
    parts = list(run.parts.all())
    assert len(parts) > 3
    for _ in parts:
        letter_box.hand_over()
    state = assert_adds_up(run)
    # A number that repeats one of an earlier part is a duplicate in the list to MaxContact by then.
    assert state["accepted"] + sum(state["rejected"].values()) == ROWS
    assert set(reasons_by_line(run)) == set(planted.faults)


def test_too_large_halves_the_parts_and_loses_no_row(mapping, planted, connected, letter_box):
    mapping.refresh_from_db()
    planted.path.write_text(
        "phone,reference,name\n" + "".join(f"0770090{n % 1000:04d},{n},{'x' * 100}\n" for n in range(1000)), "utf-8"
    )
    connected.state.max_request_bytes = 50_000
    run = upload(planted.path, mapping)
    assert run.state == "waiting"
    assert sum(upload["size"] for upload in connected.state.uploads) > 100_000
    assert sum(part.rows for part in run.parts.all()) == 1000
    for _ in run.parts.all():
        letter_box.hand_over()
    assert_adds_up(run)
    mapping.refresh_from_db()
    assert mapping.part_limit < 50_000


def test_lost_answer_is_unknown_and_never_sent_again(mapping, planted, connected, letter_box):
    connected.faults.add("ImportCsvFiles", "drop_after")
    run = upload(planted.path, mapping)
    state = assert_adds_up(run)
    assert state["unknown"] == ROWS
    assert "not known" in state["message"]
    delivery.deliver(run.pk)
    with pytest.raises(WrongState):
        delivery.send(run, "send", "tester")
    assert len(uploads(connected)) == 1
    letter_box.hand_over()
    assert assert_adds_up(run)["rejected"] == FORTY


def test_unreachable_dialler_takes_nothing_and_can_be_tried_again(mapping, planted, connected, settings, letter_box):
    settings.MAXCONTACT_URL = "http://127.0.0.1:9"
    run = upload(planted.path, mapping)
    state = assert_adds_up(run)
    assert (state["state"], state["not_attempted"], state["sent"]) == ("sending", ROWS, 0)
    settings.MAXCONTACT_URL = connected.url
    bookings.pause(run, "tester")
    outages.end("maxcontact")
    delivery.send(run, "send", "tester")
    delivery.deliver(run.pk)
    letter_box.hand_over()
    assert assert_adds_up(run)["accepted"] == ROWS - 40


@pytest.mark.parametrize("code", ["NoMapFound", "NoMapMatch"])
def test_refusal_stops_the_run_with_the_diallers_words(mapping, planted, connected, code):
    if code == "NoMapFound":
        del connected.state.mappings["Planted"]
    else:
        connected.state.mappings["Planted"].columns = ["phone", "reference", "name", "postcode"]
    run = upload(planted.path, mapping)
    state = assert_adds_up(run)
    assert (state["state"], state["not_attempted"]) == ("failed", ROWS)
    assert "mapping" in state["message"]
    mapping.refresh_from_db()
    assert mapping.last_answer.startswith(code)
    assert mapping.last_answer_at


def test_refused_later_part_leaves_the_run_partly_sent(mapping, planted, connected, letter_box):
    mapping.part_limit = 8_000
    mapping.save()
    connected.faults.add("ImportCsvFiles", "success_false", skip=1)
    run = upload(planted.path, mapping)
    state = assert_adds_up(run)
    first = run.parts.get(number=1)
    assert state["state"] == "partly_sent"
    assert state["sent"] == first.rows
    letter_box.hand_over()
    state = assert_adds_up(run)
    assert (state["state"], state["waiting"]) == ("partly_sent", 0)
    delivery.send(run, "send", "tester")
    delivery.deliver(run.pk)
    for _ in range(run.parts.count() - 1):
        letter_box.hand_over()
    assert assert_adds_up(run)["state"] == "finished_with_rejects"


def test_part_found_sending_after_a_crash_is_unknown(mapping, planted, connected):
    run = check(planted.path, mapping)
    delivery.send(run, "send", "tester")
    Part.objects.filter(run=run).update(state="sending")
    delivery.deliver(run.pk)
    state = assert_adds_up(run)
    assert state["unknown"] == ROWS
    assert uploads(connected) == []


def test_missing_setting_is_said_and_nothing_counts_as_sent(mapping, planted, settings):
    settings.MAXCONTACT_PASSWORD = ""
    run = upload(planted.path, mapping)
    state = assert_adds_up(run)
    assert (state["state"], state["not_attempted"]) == ("interrupted", ROWS)
    assert "MAXCONTACT_PASSWORD" in state["message"]


def test_file_that_cannot_be_sent_fails_before_anything_is_sent(mapping, connected, tmp_path):
    path = tmp_path / "wrong.csv"
    path.write_text("telephone,name\n07700900001,Bob\n", "utf-8")
    run = check(path, mapping)
    state = assert_adds_up(run)
    assert state["state"] == "failed"
    assert state["findings"][0]["kind"] == "column_missing"
    with pytest.raises(WrongState):
        delivery.send(run, "send", "tester")
    assert uploads(connected) == []


def test_same_file_again_is_noticed(mapping, planted, letter_box):
    upload(planted.path, mapping)
    again = check(planted.path, mapping)
    assert "same_file" in {finding["kind"] for finding in again.findings}


def test_cancelled_run_sends_nothing(mapping, planted, connected):
    run = check(planted.path, mapping)
    delivery.cancel(run, "tester")
    with pytest.raises(WrongState):
        delivery.send(run, "send", "tester")
    assert assert_adds_up(run)["not_attempted"] == ROWS
    assert Run.objects.get(pk=run.pk).state == "cancelled"
    assert uploads(connected) == []


def test_run_sent_by_two_workers_at_once_goes_out_once(mapping, planted, connected, letter_box):
    run = check(planted.path, mapping)
    delivery.send(run, "send", "tester")
    with delivery.hold(delivery.files_of(run).folder / "lock") as mine:
        assert mine
        delivery.deliver(run.pk)
        assert uploads(connected) == []
    delivery.deliver(run.pk)
    delivery.deliver(run.pk)
    assert len(uploads(connected)) == 1


# In the ledger of everything sent out


def entries() -> list[tuple[str, str, str]]:
    return [(entry.operation, entry.outcome, entry.staff) for entry in Ledger.objects.order_by("pk")]


def test_each_part_sent_stands_in_the_ledger_without_file_or_lead(mapping, planted, connected):
    mapping.part_limit = 20_000
    mapping.save()
    run = upload(planted.path, mapping)
    parts = list(run.parts.all())
    assert entries() == [(f"upload part {part.number} of run {run.pk}", "accepted", "tester") for part in parts]
    entry = Ledger.objects.order_by("pk").first()
    assert (entry.subject, entry.source) == ("Planted", "page")
    assert entry.changes == {"rows": [None, parts[0].rows], "bytes": [None, parts[0].bytes]}
    assert "planted.csv" not in str(list(Ledger.objects.values()))


@pytest.mark.parametrize(
    ("fault", "outcome"), [("drop_after", "unknown"), ("status", "unknown"), ("expired_token", "accepted")]
)
def test_part_is_entered_with_what_is_known_of_it(mapping, planted, connected, fault, outcome):
    connected.faults.add("POST .*ImportCsvFiles", fault, status=500)
    run = upload(planted.path, mapping)
    assert entries() == [(f"upload part 1 of run {run.pk}", outcome, "tester")]


def test_part_that_was_not_taken_is_entered_so(mapping, planted, connected, settings):
    settings.MAXCONTACT_URL = "http://127.0.0.1:9"
    upload(planted.path, mapping)
    assert [outcome for _, outcome, _ in entries()] == ["refused"]


def test_report_that_comes_after_all_settles_the_entry(mapping, planted, connected, letter_box):
    connected.faults.add("POST .*ImportCsvFiles", "drop_after")
    upload(planted.path, mapping)
    assert [outcome for _, outcome, _ in entries()] == ["unknown"]
    letter_box.hand_over()
    assert [outcome for _, outcome, _ in entries()] == ["accepted"]
    assert "came after all" in Ledger.objects.get().answer


@pytest.mark.parametrize(("taken", "outcome"), [(True, "accepted"), (False, "refused")])
def test_person_who_looked_settles_the_entry(mapping, planted, connected, taken, outcome):
    connected.faults.add("POST .*ImportCsvFiles", "drop_before")
    run = upload(planted.path, mapping)
    verdicts.decide(run.parts.get(), taken=taken, staff="m.naidu")
    assert [found for _, found, _ in entries()] == [outcome]
    assert "Looked up in MaxContact by m.naidu" in Ledger.objects.get().answer
