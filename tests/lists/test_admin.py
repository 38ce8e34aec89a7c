"""Lists: the suite of every mirrored kind, then what only a list has."""

from datetime import UTC, datetime

import pytest

from maxops.lists.models import LeadList
from maxops.mirror.pull import pull
from tests.mirror.browsing import Bulk, Form, address
from tests.mirror.suite import Case, MirrorSuite, manager, mirrored, supervisor

__all__ = ["manager", "mirrored", "supervisor"]


class TestLeadList(MirrorSuite):
    case = Case(LeadList, "List", "name", "ListName", unique="name", other_wire="Description")


def test_activity_goes_by_put_and_is_remembered(mirrored, manager):
    Bulk(manager, LeadList, "deactivate", 3).do("confirm")
    assert [entry["path"][-23:] for entry in mirrored.journal.find("PUT")] == ["/lists/3/activitystatus"]
    assert mirrored.state.activity["List"][3] is False
    assert "Inactive, set here" in Form(manager, address(LeadList, "change", 3)).text


@pytest.mark.parametrize("dates", ["iso", "ms"])
def test_date_is_set_and_read_back(dates, mirrored, manager):
    mirrored.state.style.change(dates=dates)
    page = Form(manager, address(LeadList, "change", 3))
    page = page.send(max_callback_date_0="2026-07-01", max_callback_date_1="18:30:00")
    assert page.errors == ""
    assert LeadList.objects.get(pk=3).max_callback_date == datetime(2026, 7, 1, 17, 30, tzinfo=UTC)
    assert (page.values["max_callback_date_0"], page.values["max_callback_date_1"]) == ("01/07/2026", "18:30:00")
    assert "nothing was sent" in page.send().messages
    assert pull("lists").changed == 0


def test_long_script_keeps_its_lines(mirrored, manager):
    text = "Hello,\r\n\r\nam I speaking to ...?\nThank you.  "
    mirrored.state.records["List"][3]["Script"] = text
    pull("lists")
    Form(manager, address(LeadList, "change", 3)).send(fetch_weight="7")
    assert mirrored.state.records["List"][3]["Script"] == text
    assert mirrored.state.records["List"][3]["FetchWeight"] == 7
