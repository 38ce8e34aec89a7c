"""Ids by their names: the registers, the controls that offer them, the words of lists and read-only pages."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from maxops.mirror.models import NamedId
from maxops.users.models import User
from tests.mirror.browsing import Form, address, client_of

PK = 5
SECRET = "new-Secret-9"


@pytest.fixture
def roles(mirrored) -> int:
    """Two roles have names; the one the user has now does not."""
    NamedId.objects.create(register="role", number=3, name="Agents")
    NamedId.objects.create(register="role", number=4, name="Team leaders")
    return mirrored.state.records["User"][PK]["RolePlanId"]


@pytest.fixture
def page(roles, manager) -> Form:
    return Form(manager, address(User, "change", PK))


def role(sandbox) -> int:
    return sandbox.state.records["User"][PK]["RolePlanId"]


def test_control_offers_names_and_keeps_the_present_number(roles, page):
    options = [" ".join(option.itertext()) for option in page.tree.xpath("//select[@name='role_plan_id']/option")]
    assert options == ["none (0)", "Agents (3)", "Team leaders (4)", f"{roles} (no name here)"]
    assert page.values["role_plan_id"] == str(roles)
    assert "nothing was sent" in page.send().messages


def test_name_is_chosen(page, mirrored):
    assert page.send(role_plan_id="4", password=SECRET).redirected
    assert role(mirrored) == 4


def test_number_typed_beside_the_names_wins(page, mirrored):
    assert page.send(role_plan_id_other="17", password=SECRET).redirected
    assert role(mirrored) == 17


def test_plain_number_under_the_plain_name_is_taken(page, mirrored):
    assert page.send(role_plan_id="23", password=SECRET).redirected
    assert role(mirrored) == 23


def test_what_is_no_number_comes_back_as_typed(page, mirrored):
    back = page.send(role_plan_id_other="seven", password=SECRET)
    assert "whole number" in back.errors
    assert back.values["role_plan_id_other"] == "seven"
    assert mirrored.journal.entries == []


def test_without_names_the_number_is_typed(mirrored, manager):
    page = Form(manager, address(User, "change", PK))
    assert page.tree.xpath("//input[@name='role_plan_id']/@type") == ["number"]


def test_names_stand_in_lists_and_on_pages_for_reading(page, supervisor, mirrored):
    page.send(role_plan_id="3", password=SECRET)
    login = User.objects.get(pk=PK).login
    assert "Agents (3)" in supervisor.get(address(User, "changelist") + f"?q={login}").content.decode()
    assert "Agents (3)" in supervisor.get(address(User, "change", PK)).content.decode()


def test_list_looks_names_up_once(roles, manager, django_assert_num_queries):
    few, many = address(User, "changelist") + "?q=ahmed", address(User, "changelist")
    manager.get(few)
    with CaptureQueriesContext(connection) as queries:
        manager.get(few)
    with django_assert_num_queries(len(queries)):
        manager.get(many)


def test_manager_names_ids_and_supervisor_looks(db, supervisor):
    manager = client_of("m.all", "view", "add", "change", "delete")
    form = {"register": "skill", "number": "7", "name": "Spanish", "remark": ""}
    assert manager.post(address(NamedId, "add"), form).status_code == 302
    named = NamedId.objects.get()
    again = manager.post(address(NamedId, "add"), {**form, "name": "French"}).content.decode()
    assert "This id has a name already." in again
    listed = supervisor.get(address(NamedId, "changelist") + "?q=7&register__exact=skill").content.decode()
    assert "Spanish" in listed
    assert supervisor.post(address(NamedId, "change", named.pk), form).status_code == 403
    assert supervisor.post(address(NamedId, "delete", named.pk), {"post": "yes"}).status_code == 403
    assert manager.post(address(NamedId, "delete", named.pk), {"post": "yes"}).status_code == 302
    assert not NamedId.objects.exists()
