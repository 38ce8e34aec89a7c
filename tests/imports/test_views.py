"""The pages as a manager and a supervisor use them."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from maxops.imports.models import Mapping, Run
from maxops.lists.models import LeadList
from tests.imports.uploading import assert_adds_up, check
from tests.leadfiles import EACH, LIST_ID, write_planted


@pytest.fixture
def planted(connected, tmp_path):
    return write_planted(connected, tmp_path / "planted.csv")


def post_file(client, mapping, content: bytes, name: str = "leads.csv", **more):
    form = {"file": SimpleUploadedFile(name, content), "mapping": mapping.pk, "list": "", **more}
    return client.post("/imports/new/", form)


def test_manager_uploads_checks_sends_and_downloads(manager, mapping, planted, letter_box):
    answer = post_file(manager, mapping, planted.path.read_bytes(), option_Dedupe="true")
    run = Run.objects.get()
    assert answer.url == run.get_absolute_url()
    page = manager.get(answer.url).content.decode()
    assert "Nothing has been sent yet" in page
    assert "Send 976 rows, hold back 24" in page
    assert "Send all 1,000 rows" in page
    manager.post(f"{answer.url}send/", {"held_back": "send"})
    assert 'hx-trigger="every 2s"' in manager.get(answer.url).content.decode()
    letter_box.hand_over()
    page = manager.get(answer.url).content.decode()
    assert "Finished with rejects" in page
    assert "every 2s" not in page.split('id="run"')[1]
    assert "every 2s" not in manager.get(f"{answer.url}state/").content.decode()
    download = manager.get(f"{answer.url}rejects.csv")
    assert download["Content-Disposition"] == f'attachment; filename="run-{run.pk}-rejects.csv"'
    assert len(b"".join(download.streaming_content).splitlines()) == 41
    assert assert_adds_up(run)["state"] == "finished_with_rejects"
    run.refresh_from_db()
    assert run.options == {"Dedupe": True}
    assert "planted" not in run.get_absolute_url()


def test_rows_are_shown_by_reason_and_page(manager, mapping, planted, letter_box):
    run = check(planted.path, mapping)
    manager.post(f"/imports/{run.pk}/send/", {"held_back": "send"})
    letter_box.hand_over()
    page = manager.get(f"/imports/{run.pk}/?reason=DoNotCall").content.decode()
    assert page.count('data-label="Line"') == EACH
    second = manager.get(f"/imports/{run.pk}/?page=2").content.decode()
    assert second.count('data-label="Line"') == 15
    assert manager.get(f"/imports/{run.pk}/?page=x&reason=nonsense").status_code == 200


def test_supervisor_looks_and_cannot_send(supervisor, mapping, planted):
    run = check(planted.path, mapping)
    assert supervisor.get("/imports/new/").status_code == 403
    page = supervisor.get(run.get_absolute_url()).content.decode()
    assert "Send all" not in page
    assert "group Manager" in page
    for action in ("send", "cancel"):
        assert supervisor.post(f"/imports/{run.pk}/{action}/").status_code == 403
    assert supervisor.get("/imports/").status_code == 200
    assert supervisor.get("/imports/mappings/new/").status_code == 403
    page = supervisor.get(f"/imports/mappings/{mapping.pk}/").content.decode()
    assert "Save here" not in page
    supervisor.post(f"/imports/mappings/{mapping.pk}/", {"name": "Changed"})
    assert Mapping.objects.get().name == "Planted"


def test_nothing_changes_by_get_and_nobody_looks_without_log_in(client, manager, mapping, planted):
    run = check(planted.path, mapping)
    assert manager.get(f"/imports/{run.pk}/send/").status_code == 405
    for path in ("/imports/", "/imports/new/", run.get_absolute_url(), f"/imports/{run.pk}/rejects.csv"):
        assert client.get(path).status_code == 302


def test_same_file_again_needs_a_tick(manager, mapping, planted, letter_box):
    first = check(planted.path, mapping)
    manager.post(f"/imports/{first.pk}/send/", {"held_back": "send"})
    letter_box.hand_over()
    again = check(planted.path, mapping)
    assert "sent before" in manager.get(again.get_absolute_url()).content.decode()
    manager.post(f"/imports/{again.pk}/send/", {"held_back": "send"})
    again.refresh_from_db()
    assert again.state == "ready"
    manager.post(f"/imports/{again.pk}/send/", {"held_back": "send", "again": "1"})
    again.refresh_from_db()
    assert again.state == "waiting"


def test_file_that_cannot_be_sent_says_why_on_the_page(manager, mapping):
    post_file(manager, mapping, b"\x89PNG\r\n\x1a\n" + b"\0" * 99, name="leads.csv")
    page = manager.get(Run.objects.get().get_absolute_url()).content.decode()
    assert "not a text file" in page
    assert "Nothing was sent" in page


@pytest.mark.parametrize("name", ["..\\..\\evil.csv", "C:\\Leads\\evil.csv", "a/b/evil.csv"])
def test_file_name_is_for_reading_only(manager, mapping, name, data_folder):
    post_file(manager, mapping, b"phone,reference,name\n07700900001,1,x\n", name=name)
    run = Run.objects.get()
    assert run.file_name == "evil.csv"
    assert not list(data_folder.rglob("*evil*"))


def test_file_beyond_the_limit_is_refused(manager, mapping, settings):
    settings.MAXOPS_UPLOAD_LIMIT = 10
    answer = post_file(manager, mapping, b"phone,reference,name\n")
    assert b"larger than" in answer.content
    assert not Run.objects.exists()


def test_list_of_runs_is_found_by_state_and_words(manager, mapping, planted):
    run = check(planted.path, mapping)
    assert b"planted.csv" in manager.get("/imports/").content
    assert b"planted.csv" in manager.get("/imports/?show=attention&q=PLANT").content
    assert b"planted.csv" not in manager.get("/imports/?show=finished").content
    assert run.state == "ready"


def test_list_of_runs_needs_as_few_queries_for_many(manager, mapping, planted, django_assert_max_num_queries):
    for _ in range(4):
        check(planted.path, mapping)
    manager.get("/imports/")
    with django_assert_max_num_queries(14):
        manager.get("/imports/")


def test_list_is_named_on_upload_page_and_check(manager, mapping, planted, connected):
    LeadList.objects.create(pk=LIST_ID, name="Energy - website enquiries")
    assert 'label="Into list Energy - website enquiries (1)"' in manager.get("/imports/new/").content.decode()
    run = check(planted.path, mapping)
    page = manager.get(run.get_absolute_url()).content.decode()
    assert "Into list Energy - website enquiries (1)" in page
    Mapping.objects.update(list=None)
    assert 'label="MaxContact decides the list"' in manager.get("/imports/new/").content.decode()
    assert "maxops does not know which" in manager.get(run.get_absolute_url()).content.decode()
    Run.objects.update(list=77)
    assert "Into list 77" in manager.get(run.get_absolute_url()).content.decode()


def test_refused_file_offers_what_to_do_next(manager, mapping):
    other = Mapping.objects.create(name="Other", columns=["telephone"], fields={"telephone": "phone"})
    post_file(manager, mapping, b"telephone\n07700900001\n")
    refused = Run.objects.get()
    page = manager.get(refused.get_absolute_url()).content.decode()
    assert f"/imports/new/?again={refused.pk}" in page
    assert "Check it again with this mapping" in page
    assert b"choose the whole file" in manager.get(f"/imports/new/?again={refused.pk}").content
    for nonsense in ("", "x", "999", "9" * 5000):
        manager.post(f"/imports/{refused.pk}/recheck/", {"mapping": nonsense})
    assert Run.objects.count() == 1
    Run.objects.update(options={"Dedupe": True})
    manager.post(f"/imports/{refused.pk}/recheck/", {"mapping": other.pk})
    again = Run.objects.first()
    assert again.options == {"Dedupe": True}
    assert (again.attempt_of, again.mapping, again.state, again.file_name) == (refused, other, "ready", "leads.csv")


def test_what_is_no_text_offers_another_file_and_no_other_mapping(manager, mapping):
    Mapping.objects.create(name="Other", columns=["telephone"], fields={"telephone": "phone"})
    post_file(manager, mapping, b"\x89PNG\r\n\x1a\n" + b"\0" * 99, name="leads.csv")
    page = manager.get(Run.objects.get().get_absolute_url()).content.decode()
    assert "Upload another file" in page
    assert "Check it again" not in page


def test_need_you_counts_what_a_person_can_still_do(manager, mapping):
    def names(show="attention"):
        return {run.file_name for run in manager.get(f"/imports/?show={show}").context["page"]}

    def make(name, state, **figures):
        return Run.objects.create(mapping=mapping, file_name=name, sha256=name, state=state, **figures)

    make("failed", "failed")
    old = make("old", "failed")
    Run.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=2))
    make("tried again", "failed").attempts.create(mapping=mapping, file_name="attempt", sha256="2", state="finished")
    make("cancelled", "cancelled")
    make("waiting", "waiting", waiting=5)
    make("unanswered", "waiting", unknown=5)
    make("ready", "ready")
    assert names() == {"failed", "unanswered", "ready"}


def test_reasons_are_words_on_the_page_and_the_diallers_own_in_the_file(manager, mapping, planted, letter_box):
    run = check(planted.path, mapping)
    manager.post(f"/imports/{run.pk}/send/", {"held_back": "send"})
    letter_box.hand_over()
    page = manager.get(run.get_absolute_url()).content.decode()
    for word, label in {"DoNotCall": "Do not call", "InvalidSourceFormat": "Unreadable row"}.items():
        assert f'title="{word}">{label}</a> <small class="muted">{word}</small>' in page
    download = b"".join(manager.get(f"/imports/{run.pk}/rejects.csv").streaming_content)
    assert b",DoNotCall," in download
    assert b"Do not call," not in download


def test_file_without_a_good_row_is_to_be_corrected_first(manager, mapping):
    post_file(manager, mapping, b"phone,reference,name\n7700900001,1,zero lost\n7700900002,2,zero lost\n")
    page = manager.get(Run.objects.get().get_absolute_url()).content.decode()
    assert "MaxContact would reject every row" in page
    assert "Upload a corrected file" in page
    assert "Send all 2 rows all the same" in page
