"""What a record's own page of history tells, which rows a reading touched, and activity in the lists."""

from maxops.campaigns.models import Campaign
from maxops.lists.models import LeadList
from maxops.mirror import push
from maxops.mirror.author import Author
from maxops.mirror.models import Difference, LastSet, Reading
from maxops.mirror.pull import pull
from tests.mirror.browsing import Bulk, Form, address, client_of


def text_of(page: Form) -> str:
    return " ".join(" ".join(page.tree.get_element_by_id("content-main").itertext()).split())


def test_history_tells_our_edits_and_those_of_others_in_one_order(mirrored, manager):
    Form(manager, address(Campaign, "change", 1)).send(name="Ours")
    mirrored.state.records["Campaign"][1]["Description"] = "Theirs, in the Portal"
    pull("campaigns")
    said = text_of(Form(manager, address(Campaign, "history", 1)))
    assert said.index("Theirs, in the Portal") < said.index("Energy Switching")
    assert "MaxContact, by somebody else" in said
    assert "m.naidu" in said


def test_history_without_entries_says_so_and_is_for_those_who_may_look(mirrored, manager):
    assert "Nothing was sent from here" in text_of(Form(manager, address(Campaign, "history", 1)))
    assert manager.get(address(Campaign, "history", 4711), follow=True).content.decode().count("has no campaign 4711")
    assert client_of("no.rights").get(address(Campaign, "history", 1)).status_code == 403


def test_long_history_is_paged(mirrored, manager):
    for number in range(60):
        Difference.objects.create(
            kind="campaigns", remote_id=1, subject="x", sort="changed", fields={"name": ["a", f"name {number}"]}
        )
    first = Form(manager, address(Campaign, "history", 1))
    assert "name 59" in first.text
    assert "name 9<" not in first.text
    assert "?page=2" in first.text
    second = Form(manager, address(Campaign, "history", 1) + "?page=2")
    assert "name 9<" in second.text
    assert "Older" not in second.text


def test_rows_touched_by_a_reading_are_found(mirrored, manager):
    mirrored.state.records["Campaign"][3]["CampaignName"] = "Renamed in the Portal"
    pull("campaigns")
    reading = Reading.objects.filter(kind="campaigns").first()
    page = Form(manager, address(Campaign, "changelist") + f"?reading={reading.pk}")
    assert page.tree.xpath("//table[@id='result_list']/tbody//th//text()") == ["Renamed in the Portal"]
    assert "touched by the reading of" in page.text
    dry = Reading.objects.create(kind="campaigns", dry_run=True, state="done")
    Reading.objects.filter(pk=reading.pk).update(applies=dry)
    assert "Renamed in the Portal" in manager.get(page.url.replace(str(reading.pk), str(dry.pk))).content.decode()
    for odd in ("4711", "x", "-1", "99999999999999999999"):
        empty = manager.get(address(Campaign, "changelist") + f"?reading={odd}")
        assert "No campaign matches" in empty.content.decode()


def test_lists_show_the_activity_last_set_here(mirrored, manager):
    Bulk(manager, LeadList, "activate", 3)
    LastSet.objects.create(kind="lists", remote_id=4, name="active", value=0, is_certain=False, staff="x")
    page = Form(manager, address(LeadList, "changelist"))
    cells = {
        row.xpath("string(.//th)"): " ".join(row.xpath("string(td[contains(@class, 'activity')])").split())
        for row in page.tree.xpath("//table[@id='result_list']/tbody/tr")
    }
    assert cells[str(LeadList.objects.get(pk=3))] == "active"
    assert cells[str(LeadList.objects.get(pk=4))] == "inactive not certain"
    assert cells[str(LeadList.objects.get(pk=5))] == "unknown"
    assert "by m.naidu; MaxContact does not report it" in page.text


def test_history_does_not_tell_a_link_twice(mirrored, manager):
    push.link(Campaign.objects.get(pk=5), "lists", 11, Author("m.naidu", "admin"))
    said = text_of(Form(manager, address(Campaign, "history", 5)))
    assert said.count("Arrears - 30 days (11)") == 1


def test_change_seen_while_saving_is_dated_by_the_save_alone(mirrored, manager):
    page = Form(manager, address(Campaign, "change", 1))
    mirrored.state.records["Campaign"][1]["Description"] = "Theirs, in the Portal"
    page.send(name="Ours")
    said = text_of(Form(manager, address(Campaign, "history", 1)))
    assert "MaxContact, seen while saving" in said
    assert "seen by a save" not in said
