"""The page "Match columns": what is proposed, what a person chooses, what is learned of it for the next file."""

import re
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from maxops.imports.models import Mapping, MappingVersion, Part, Run, Upload
from tests.imports.conftest import log_in

ROWS = "".join(f"0770090{number:04d},R{number},Lead {number},LS1 4DY\n" for number in range(1, 6))
GUESSED = "Telephone,Customer Ref,name,Postcode\n" + ROWS
EXACT = "phone,reference,name,Postcode\n" + ROWS


@pytest.fixture
def other(transactional_db) -> Mapping:
    return Mapping.objects.create(name="Renewals", columns=["tel", "policy"], fields={"tel": "phone"})


def upload(client: Client, content: str | bytes, name: str = "leads.csv", **more: str) -> str:
    """Uploaded without a mapping: the address of the page it leads to."""
    content = content if isinstance(content, bytes) else content.encode()
    answer = client.post(
        "/imports/new/", {"file": SimpleUploadedFile(name, content), "mapping": "", "list": "", **more}
    )
    assert re.fullmatch(r"/imports/uploads/[0-9a-f-]{36}/columns/", answer.url)
    return answer.url


def states(answer) -> dict[str, tuple[str, str]]:
    return {row.column.name: (row.choice, row.state) for row in answer.context["matching"].rows}


def choices(answer, **changed: str) -> dict[str, str]:
    """The form as the page drew it, with some columns (by their name in the file) chosen otherwise."""
    form = {"mapping": str(answer.context["fit"].mapping.pk), "drawn": "header", "do": "check"}
    for row in answer.context["matching"].rows:
        form[f"column_{row.column.place}"] = changed.get(row.column.name, row.choice)
    return form


def test_best_mapping_comes_first_and_guesses_are_marked(manager, mapping, other):
    answer = manager.get(upload(manager, GUESSED))
    assert [(fit.mapping.name, fit.found) for fit in answer.context["fits"]] == [("Planted", 3), ("Renewals", 1)]
    assert states(answer) == {
        "Telephone": ("phone", "guessed"),
        "Customer Ref": ("reference", "guessed"),
        "name": ("name", "matched"),
        "Postcode": ("", "ignored"),
    }
    page = answer.content.decode()
    for words in (
        "all 3 columns found, 2 by a guess",
        "1 of 4 columns is not used by MaxContact",
        "07700900001",
        "phone numbers",
        "postcodes",
        "2 to look at",
        "Guessed: please check",
    ):
        assert words in page, words


def test_confirmed_columns_are_checked_and_learned_for_the_next_file(manager, mapping):
    address = upload(manager, GUESSED)
    answer = manager.post(address, choices(manager.get(address)))
    run = Run.objects.get()
    assert answer.url == run.get_absolute_url()
    assert run.matches == {"Telephone": "phone", "Customer Ref": "reference"}
    assert (run.state, run.rows, run.mapping) == ("ready", 5, mapping)
    assert run.header == ["Telephone", "Customer Ref", "name", "Postcode"]
    mapping.refresh_from_db()
    assert mapping.aliases == {"telephone": "phone", "customerref": "reference"}
    assert MappingVersion.objects.filter(mapping=mapping).first().staff == "person-0"
    again = manager.get(upload(manager, GUESSED.replace("Telephone", "TELEPHONE ").replace("R1", "R9")))
    assert states(again)["TELEPHONE "] == ("phone", "matched")
    assert "called so in earlier files" in again.content.decode()


def test_learned_names_are_understood_without_the_page(manager, mapping):
    Mapping.objects.filter(pk=mapping.pk).update(aliases={"telephone": "phone", "customerref": "reference"})
    form = {"file": SimpleUploadedFile("next.csv", GUESSED.encode()), "mapping": mapping.pk, "list": ""}
    manager.post("/imports/new/", form)
    run = Run.objects.get()
    assert (run.state, run.rows) == ("ready", 5)


def test_correction_unlearns_what_was_wrong(manager, mapping):
    Mapping.objects.filter(pk=mapping.pk).update(aliases={"memo": "reference", "handy": "phone"})
    address = upload(manager, "phone,Memo,Quote,name\n07700900001,x,R1,a\n")
    drawn = manager.get(address)
    assert states(drawn)["Memo"] == ("reference", "matched")
    manager.post(address, choices(drawn, Memo="", Quote="reference"))
    mapping.refresh_from_db()
    assert mapping.aliases == {"quote": "reference", "handy": "phone"}


def test_missing_column_and_conflict_stop_the_check_and_keep_the_choices(manager, mapping):
    address = upload(manager, GUESSED)
    drawn = manager.get(address)
    answer = manager.post(address, choices(drawn, **{"Customer Ref": "", "Postcode": "name"}))
    assert not Run.objects.exists()
    page = answer.content.decode()
    assert "1 column of the mapping is not found: reference." in page
    assert "2 conflicts" in page
    assert states(answer)["Postcode"] == ("name", "conflict")
    assert states(answer)["Customer Ref"] == ("", "ignored")
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("content", "column", "words"),
    [
        ("phone,Mobile,reference,name\n07700900001,07700900002,R,a\n", "phone", "very name"),
        ("phone,phone,reference,name\n07700900001,07700900002,R,a\n", "phone", "2 columns of this name"),
    ],
)
def test_names_that_the_dialler_would_take_otherwise_are_conflicts(manager, mapping, content, column, words):
    address = upload(manager, content)
    drawn = manager.get(address)
    answer = manager.post(address, choices(drawn, Mobile="phone", phone=""))
    assert states(answer)[column][1] == "conflict"
    assert words in answer.content.decode()
    assert not Run.objects.exists()


def test_phone_column_whose_cells_are_no_numbers_is_to_be_looked_at(manager, mapping):
    answer = manager.get(upload(manager, "phone,reference,name\nAnn,R1,07700900001\nBen,R2,07700900002\n"))
    assert states(answer)["phone"] == ("phone", "guessed")
    assert "do not look like phone numbers" in answer.content.decode()


def test_another_mapping_can_be_chosen(manager, mapping, other):
    address = upload(manager, GUESSED)
    answer = manager.get(f"{address}?mapping={other.pk}")
    assert answer.context["fit"].mapping == other
    assert "1 column of the mapping is not found: policy." in answer.content.decode()
    manager.post(address, choices(answer, **{"Customer Ref": "policy"}))
    assert Run.objects.get().mapping == other


def test_first_line_that_is_a_lead_is_seen_and_the_file_goes_by_places(manager, mapping, other):
    address = upload(manager, "07700900001,R1,Ann\n07700900002,R2,Ben\n")
    drawn = manager.get(address)
    page = drawn.content.decode()
    assert re.search(r'name="no_header" value="1" checked', page)
    assert [fit.mapping.name for fit in drawn.context["fits"]] == ["Planted", "Renewals"]
    assert states(drawn)["phone"] == ("phone", "matched")
    form = {"mapping": mapping.pk, "drawn": "no_header", "no_header": "1", "do": "check"}
    manager.post(address, form)
    run = Run.objects.get()
    assert (run.has_header, run.state, run.rows) == (False, "ready", 2)
    mapping.refresh_from_db()
    assert mapping.aliases == {}


def test_file_without_header_must_have_as_many_columns(manager, mapping):
    address = upload(manager, "07700900001,R1,Ann,LS1 4DY\n")
    answer = manager.post(address, {"mapping": mapping.pk, "drawn": "no_header", "no_header": "1", "do": "check"})
    assert "The first line has 4 cells, the mapping 3 columns." in answer.content.decode()
    assert not Run.objects.exists()


def test_ticking_the_first_line_redraws_before_anything_is_checked(manager, mapping):
    address = upload(manager, EXACT)
    drawn = manager.get(address)
    for do in ("look", "check"):
        answer = manager.post(address, {**choices(drawn), "no_header": "1", "do": do})
        assert answer.context["has_header"] is False
        assert not Run.objects.exists()
    back = manager.post(address, {"mapping": mapping.pk, "drawn": "no_header", "do": "check"})
    assert states(back)["phone"] == ("phone", "matched")
    assert not Run.objects.exists()


def test_new_mapping_is_made_from_the_file_and_leads_back_to_it(manager, mapping):
    Mapping.objects.filter(pk=mapping.pk).update(columns=["nothing", "alike"], fields={"nothing": "phone"})
    address = upload(manager, "Mobile;KundenNr;Fornames;Postcode\n" + ROWS.replace(",", ";"))
    answer = manager.post(address, {"do": "new", "drawn": "header", "mapping": mapping.pk})
    drawn = manager.get(answer.url)
    form = drawn.context["form"]
    assert form["columns"].value() == "Mobile, KundenNr, Fornames, Postcode"
    assert (form["target_phone"].value(), form["target_name"].value()) == ("Mobile", "Fornames")
    assert "07700900001" in drawn.content.decode()
    values = {field.html_name: field.value() or "" for field in form} | {"name": "Energy", "required": []}
    made = manager.post(answer.url, values)
    assert made.status_code == 302, made.context["form"].errors
    new = Mapping.objects.get(name="Energy")
    assert made.url == f"{address}?mapping={new.pk}"
    assert set(states(manager.get(made.url)).values()) == {
        (name, "matched") for name in ("Mobile", "KundenNr", "Fornames", "Postcode")
    }


def test_page_shows_what_a_file_holds_and_nothing_of_it_runs(manager, mapping):
    answer = manager.get(upload(manager, 'phone,reference,"<b>x</b>"\n07700900001,<script>alert(1)</script>,y\n'))
    page = answer.content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<b>x</b>" not in page


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_samples_are_read_in_the_files_own_encoding(manager, mapping, encoding):
    answer = manager.get(upload(manager, EXACT.replace("Lead 1", "Zoë").encode(encoding)))
    assert "Zoë" in answer.content.decode()
    assert states(answer)["phone"] == ("phone", "matched")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_large_file_is_shown_by_its_start(manager, mapping, encoding):
    content = EXACT + "07700900009,R9,Zoë €,LS1 4DY\n" * 40_000
    answer = manager.get(upload(manager, content.encode(encoding)))
    assert answer.context["rows_read"] == 200
    assert states(answer)["phone"] == ("phone", "matched")


def test_file_of_very_many_columns_is_refused_in_words(manager, mapping):
    page = manager.get(upload(manager, ",".join(f"c{place}" for place in range(5000)) + "\n")).content.decode()
    assert "The first line has 5,000 columns" in page
    assert "Upload another file" in page


def test_nobody_else_matches_my_upload(manager, mapping):
    address = upload(manager, EXACT)
    assert log_in("add_run", "view_run").get(address).status_code == 404
    assert log_in("view_run").get(address).status_code == 403


def test_upload_that_is_a_run_already_leads_there(manager, mapping):
    address = upload(manager, EXACT)
    manager.post(address, choices(manager.get(address)))
    for answer in (manager.get(address), manager.post(address, {"do": "check"})):
        assert answer.url == Run.objects.get().get_absolute_url()
    assert Run.objects.count() == 1


def test_upload_that_has_not_all_arrived_is_not_matched(manager, mapping, data_folder):
    address = upload(manager, EXACT)
    Upload.objects.update(sha256="", size=1_000_000)
    assert manager.get(address).url == "/imports/new/"
    assert not Run.objects.exists()


def test_list_and_options_chosen_at_upload_stay_chosen(manager, mapping):
    address = upload(manager, EXACT, option_Dedupe="true")
    manager.post(address, choices(manager.get(address)))
    assert Run.objects.get().options == {"Dedupe": True}


def refused(client: Client, mapping: Mapping, content: str) -> Run:
    client.post("/imports/new/", {"file": SimpleUploadedFile("leads.csv", content.encode()), "mapping": mapping.pk})
    run = Run.objects.get()
    assert run.state == "failed"
    return run


def test_refused_run_goes_on_with_matched_columns_as_its_next_attempt(manager, mapping):
    run = refused(manager, mapping, GUESSED)
    address = f"/imports/{run.pk}/columns/"
    drawn = manager.get(address)
    assert states(drawn)["Telephone"] == ("phone", "guessed")
    manager.post(address, choices(drawn))
    again = Run.objects.get(attempt_of=run)
    assert (again.state, again.matches, again.file_name) == (
        "ready",
        {"Telephone": "phone", "Customer Ref": "reference"},
        "leads.csv",
    )
    run.refresh_from_db()
    assert run.state == "failed"


def test_run_without_header_is_offered_as_one(manager, mapping):
    run = refused(manager, mapping, "07700900001,R1,Ann\n07700900002,R2,Ben\n")
    drawn = manager.get(f"/imports/{run.pk}/columns/")
    assert drawn.context["has_header"] is False
    form = {"mapping": mapping.pk, "drawn": "no_header", "no_header": "1", "do": "check"}
    manager.post(f"/imports/{run.pk}/columns/", form)
    assert Run.objects.get(attempt_of=run).rows == 2


def test_run_that_needs_no_matching_says_so(manager, mapping):
    manager.post("/imports/new/", {"file": SimpleUploadedFile("leads.csv", EXACT.encode()), "mapping": mapping.pk})
    run = Run.objects.get()
    answer = manager.get(f"/imports/{run.pk}/columns/", follow=True)
    assert answer.redirect_chain[0][0] == run.get_absolute_url()
    assert "Nothing of this run is to be matched" in answer.content.decode()


def test_without_any_mapping_the_page_offers_to_make_one(manager, connected):
    page = manager.get(upload(manager, EXACT)).content.decode()
    assert "Make a new mapping from this file" in page
    assert "Check the file" not in page


def test_samples_leave_no_file_behind(manager, mapping, data_folder):
    address = upload(manager, EXACT)
    before = sorted(Path(data_folder).rglob("*"))
    manager.get(address)
    assert sorted(Path(data_folder).rglob("*")) == before


def test_of_mappings_that_miss_nothing_the_one_in_use_comes_first(manager, mapping):
    run = Run.objects.create(mapping=mapping, file_name="x", sha256="x", rows=1)
    Part.objects.create(run=run, number=1, first_row=0, last_row=0, rows=1, bytes=1, first_line=2)
    never = [Mapping.objects.create(name=f"New {place}", columns=["phone", "reference", "name"]) for place in (1, 2)]
    short = Mapping.objects.create(name="Short", columns=["phone", "policy"], fields={"phone": "phone"})
    fits = manager.get(upload(manager, EXACT)).context["fits"]
    assert [fit.mapping for fit in fits] == [mapping, *reversed(never), short]


def test_what_is_missing_and_what_is_guessed_are_told_apart(manager, mapping):
    page = manager.get(upload(manager, "Telephone,name\n07700900001,Ann\n")).content.decode()
    bad, warn = (page.index(f'class="notice tone-{tone} problems"') for tone in ("bad", "warn"))
    assert page.index("1 column of the mapping is not found: reference") in range(bad, warn)
    assert page.index("1 to look at:") > warn
