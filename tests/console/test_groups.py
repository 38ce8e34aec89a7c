"""Supervisor sees everything and changes nothing, Manager edits and loads, Emergency pulls the handle."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission

from maxops.console.groups import grant


def codenames(group: str) -> set[str]:
    permissions = Permission.objects.filter(group__name=group).select_related("content_type")
    return {f"{permission.content_type.app_label}.{permission.codename}" for permission in permissions}


@pytest.fixture
def _granted(db):
    grant(apps)


@pytest.mark.usefixtures("_granted")
def test_supervisor_sees_everything_and_changes_nothing():
    granted = codenames("Supervisor")
    assert {"campaigns.view_campaign", "imports.view_run", "mirror.view_ledger", "emergency.view_event"} <= granted
    assert all(".view_" in name for name in granted)


@pytest.mark.usefixtures("_granted")
def test_manager_edits_and_loads_but_does_not_pull_the_handle():
    granted = codenames("Manager")
    assert {"campaigns.change_campaign", "users.add_user", "imports.add_run", "imports.change_mapping"} <= granted
    assert "emergency.pull_handle" not in granted
    assert [name for name in granted if ".delete_" in name] == ["mirror.delete_namedid"]  # our own register


@pytest.mark.usefixtures("_granted")
def test_emergency_pulls_the_handle_and_edits_nothing():
    granted = codenames("Emergency")
    assert "emergency.pull_handle" in granted
    assert not [name for name in granted if ".change_" in name or ".add_" in name]


@pytest.mark.usefixtures("_granted")
def test_granting_again_keeps_what_an_administrator_added():
    extra = Permission.objects.get(codename="view_user", content_type__app_label="auth")
    Group.objects.get(name="Supervisor").permissions.add(extra)
    grant(apps)
    assert "auth.view_user" in codenames("Supervisor")
