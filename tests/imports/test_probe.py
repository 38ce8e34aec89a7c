"""A probe of a mapping: three made-up leads there and back, and what the page makes of what came."""

import csv
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from maxops.imports import probe
from maxops.imports.errors import WrongState
from maxops.imports.intake import earlier_run
from maxops.imports.mapping import files_of
from maxops.imports.models import Mapping, Part, Run
from maxops.imports.phones import shapes_of
from maxops.lists.models import LeadList
from tests.imports.uploading import check
from tests.leadfiles import LIST_ID


@pytest.fixture
def test_list(transactional_db) -> LeadList:
    return LeadList.objects.create(pk=LIST_ID, name="Test list")


def send(client, mapping: Mapping, **changed: str):
    return client.post(f"/imports/mappings/{mapping.pk}/probe/", {"list": LIST_ID, "sure": "1", **changed})


def steps(client, mapping: Mapping) -> list[tuple[str, str]]:
    return [tuple(step) for step in client.get(f"/imports/mappings/{mapping.pk}/").context["steps"]]


def test_probe_goes_there_and_back_and_calibrates_the_mapping(manager, mapping, test_list, letter_box, connected):
    answer = send(manager, mapping)
    assert answer.url == f"/imports/mappings/{mapping.pk}/#probe"
    run = Run.objects.get()
    assert (run.is_probe, run.rows, run.sent, run.held_back, run.list_id) == (True, 3, 3, 0, LIST_ID)
    page = manager.get(answer.url).content.decode()
    assert "Waiting for its report." in page
    assert 'hx-trigger="every 2s"' in page
    letter_box.hand_over()
    mapping.refresh_from_db()
    assert mapping.line_base
    told = steps(manager, mapping)
    assert {state for state, _ in told} == {"done"}, told
    words = " ".join(text for _, text in told)
    for part in (
        "took the three rows",
        "knows the template 'Planted'",
        "Its report came after",
        "2 loaded, 1 InvalidPhoneNumber",
        "Line numbers are understood",
        "Import ids:",
        "The report is XML, as set.",
    ):
        assert part in words
    assert 'hx-trigger="every 2s"' not in manager.get(f"/imports/mappings/{mapping.pk}/probe/").content.decode()
    phones = {phone for lead in connected.state.leads for phone in lead.phones}
    assert len(phones) == 2


def test_probe_is_called_one_on_its_page_and_in_no_warning(manager, mapping, test_list, letter_box):
    send(manager, mapping)
    run = Run.objects.get()
    assert re.search(r'class="badge[^"]*"[^>]*>Probe<', manager.get(run.get_absolute_url()).content.decode())
    twin = Run.objects.create(mapping=mapping, file_name="x", sha256=run.sha256, list_id=LIST_ID)
    assert earlier_run(twin) is None


@pytest.mark.parametrize(
    ("changed", "words"), [({"list": ""}, "Choose the list"), ({"list": "999"}, "choice"), ({"sure": ""}, "Tick")]
)
def test_probe_asks_for_a_list_and_a_word_first(manager, mapping, test_list, changed, words):
    answer = send(manager, mapping, **changed)
    assert words in manager.get(answer.url).content.decode()
    assert not Run.objects.exists()


def test_probe_of_an_unknown_template_says_what_to_compare(manager, mapping, test_list, connected):
    connected.state.mappings.clear()
    send(manager, mapping)
    told = steps(manager, mapping)
    assert [state for state, _ in told] == ["failed", "failed"]
    assert "knows no template of this name" in told[1][1]


def test_probe_without_report_asks_for_the_response_url(manager, mapping, test_list, letter_box):
    send(manager, mapping)
    Part.objects.update(sent_at=timezone.now() - timedelta(minutes=11))
    state, words = steps(manager, mapping)[-1]
    assert state == "failed"
    assert "is the Response URL in the portal" in words


def test_probe_that_loads_the_impossible_number_says_so(manager, mapping, test_list, letter_box, connected):
    connected.state.mappings["Planted"].columns = ["reference"]
    connected.state.mappings["Planted"].phone = "reference"
    send(manager, mapping)
    letter_box.hand_over()
    told = steps(manager, mapping)
    assert any(state == "unknown" and "The rows:" in words for state, words in told), told


def test_probe_whose_answer_was_lost_is_not_known(manager, mapping, test_list, connected):
    connected.faults.add("ImportCsvFiles", "drop_after")
    send(manager, mapping)
    told = steps(manager, mapping)
    assert [state for state, _ in told] == ["unknown"]
    assert Run.objects.count() == 1


def test_report_in_another_format_than_set_is_said(manager, mapping, test_list, letter_box, connected):
    connected.state.mappings["Planted"].response_format = "json"
    send(manager, mapping)
    letter_box.hand_over()
    assert ("unknown", "The report is JSON, while XML is set here. Both are read.") in steps(manager, mapping)


def test_rows_of_a_probe_hold_nobodys_number(mapping):
    Mapping.objects.filter(pk=mapping.pk).update(
        columns=["phone", "phone2", "Mobile", "E-mail", "reference"],
        fields={"phone": "phone", "phone2": "phone2", "reference": "reference"},
        required=["phone2"],
    )
    mapping.refresh_from_db()
    well_formed = shapes_of("GB").well_formed
    seen = set()
    for _ in range(50):
        header, *rows = csv.reader(probe.write_probe(mapping).decode().splitlines())
        assert header == mapping.columns
        assert [bool(well_formed(row[0])) for row in rows] == [True, False, True]
        assert [row[2] for row in rows] == ["", "", ""]
        assert rows[0][1] == rows[0][0]
        assert rows[0][3] == "probe1@example.com"
        for row in (rows[0], rows[2]):
            assert row[0].startswith(tuple(prefix for prefix, _ in probe.DRAMA_RANGES))
            seen.add(row[0])
    assert len(seen) > 80


def test_numbers_of_another_region_are_written_from_abroad(mapping):
    mapping.region = "IE"
    assert all(number.startswith("+44") for number in probe.draw_numbers(mapping))


def test_probe_needs_a_phone_column(manager, mapping, test_list):
    Mapping.objects.filter(pk=mapping.pk).update(fields={})
    mapping.refresh_from_db()
    with pytest.raises(WrongState):
        probe.send_probe(mapping, LIST_ID, "tester")
    answer = send(manager, mapping)
    assert "which column holds the phone number" in manager.get(answer.url).content.decode()
    assert not Run.objects.exists()


def test_only_who_may_upload_sends_a_probe(supervisor, mapping, test_list):
    assert send(supervisor, mapping).status_code == 403
    assert supervisor.get(f"/imports/mappings/{mapping.pk}/probe/").status_code == 200
    assert not Run.objects.exists()


def test_probe_keeps_to_the_mapping_as_it_was_checked(manager, mapping, test_list, letter_box):
    send(manager, mapping)
    run = Run.objects.get()
    assert files_of(run).header_bytes().split() == [b"phone,reference,name"]
    Mapping.objects.filter(pk=mapping.pk).update(version=7)
    assert "changed after this probe" in manager.get(f"/imports/mappings/{mapping.pk}/").content.decode()


def test_before_a_list_was_read_no_probe_is_offered(manager, mapping):
    page = manager.get(f"/imports/mappings/{mapping.pk}/").content.decode()
    assert "No list has been read from MaxContact yet" in page
    assert "Send a probe</button>" not in page


def test_run_made_by_a_file_is_no_probe(manager, mapping, tmp_path):
    path = tmp_path / "real.csv"
    path.write_text("phone,reference,name\n07700900001,R1,a\n", "utf-8")
    run = check(path, mapping)
    assert not re.search(r">Probe<", manager.get(run.get_absolute_url()).content.decode())
    assert steps(manager, mapping) == []
