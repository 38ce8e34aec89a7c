"""Who may do what, address by address: every URL and every admin action with every role. A URL that stands in no row of
these tables fails the test, so that nobody adds a page without saying whom it is for.

Letters: V a visitor without a log-in, N an account in no group, S Supervisor, M Manager, E Emergency, A administrator.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from maxops.campaigns.models import Campaign
from maxops.console.groups import grant
from maxops.emergency.models import Event
from maxops.imports.models import Answer, Mapping, Part, Run
from maxops.mirror.models import BulkAct, Difference, Ledger, NamedId, Reading, mirrored_models
from maxops.mirror.pull import pull
from maxops.sandbox.server import Sandbox

GROUPS = {"S": "Supervisor", "M": "Manager", "E": "Emergency"}
EVERYBODY, LOGGED_IN, NOBODY = "VNSMEA", "NSMEA", ""
LOOKERS, EDITORS, HOLDERS, ADMIN = "SMA", "MA", "EA", "A"
WITH_EMERGENCY = "SMEA"


@dataclass(frozen=True)
class Rule:
    """Who is let in by GET and by POST. `looks` says that a POST does no more than a GET does."""

    get: str
    post: str = NOBODY
    looks: bool = False

    def admits(self, method: str) -> str:
        return self.get if method == "get" or self.looks else self.post


def press(roles: str) -> Rule:
    """Something that only a POST does."""
    return Rule(NOBODY, roles)


PAGES = {
    "board": Rule(WITH_EMERGENCY),
    "board_rows": Rule(WITH_EMERGENCY),
    "board_read": press(WITH_EMERGENCY),
    "sync": Rule(LOOKERS),
    "sync_live": Rule(LOOKERS),
    "sync_history": Rule(LOOKERS),
    "sync_read": press(LOOKERS),
    "sync_reading": Rule(LOOKERS),
    "sync_reading_live": Rule(LOOKERS),
    "sync_apply": press(EDITORS),
    "sync_accept": press(EDITORS),
    "audit": Rule(LOOKERS),
    "audit_download": Rule(LOOKERS),
    "login": Rule(EVERYBODY, EVERYBODY),
    "logout": press(LOGGED_IN),
    "password_change": Rule(LOGGED_IN, LOGGED_IN),
    "password_change_done": Rule(LOGGED_IN),
    "health_live": Rule(EVERYBODY),
    "health_ready": Rule(EVERYBODY),
    "imports:list": Rule(LOOKERS),
    "imports:new": Rule(EDITORS, EDITORS),
    "imports:uploads": press(EDITORS),
    "imports:upload": Rule(EDITORS, EDITORS),
    "imports:upload_cancel": press(EDITORS),
    "imports:run": Rule(LOOKERS),
    "imports:state": Rule(LOOKERS),
    "imports:send": press(EDITORS),
    "imports:recheck": press(EDITORS),
    "imports:finding": Rule(LOOKERS),
    "imports:fix": press(EDITORS),
    "imports:hold": press(EDITORS),
    "imports:choose_list": press(EDITORS),
    "imports:check_again": press(EDITORS),
    "imports:decide": press(EDITORS),
    "imports:resend": press(EDITORS),
    "imports:stop": press(EDITORS),
    "imports:cancel": press(EDITORS),
    "imports:rejects": Rule(LOOKERS),
    "imports:row": press(EDITORS),
    "imports:undo": press(EDITORS),
    "imports:attempt": Rule(EDITORS, EDITORS),
    "imports:suppliers": Rule(LOOKERS),
    "imports:suppliers_download": Rule(LOOKERS),
    "imports:mappings": Rule(LOOKERS),
    "imports:mapping_new": Rule(EDITORS, EDITORS),
    "imports:mapping": Rule(LOOKERS, EDITORS),
    "imports:columns": Rule(EDITORS, EDITORS),
    "imports:run_columns": Rule(EDITORS, EDITORS),
    "imports:mapping_clone": press(EDITORS),
    "imports:mapping_delete": press(EDITORS),
    "imports:mapping_forget": press(EDITORS),
    "imports:probe": Rule(LOOKERS, EDITORS),
    "imports:answers": Rule(LOOKERS),
    "imports:assign": press(EDITORS),
    "imports:aside": press(EDITORS),
    "callbacks:receive": press(EVERYBODY),  # guarded by its secret
    "emergency:page": Rule(WITH_EMERGENCY, looks=True),
    "emergency:bar": Rule(LOGGED_IN),
    "emergency:progress": Rule(WITH_EMERGENCY),
    "emergency:read": press(WITH_EMERGENCY),
    "emergency:on": press(HOLDERS),
    "emergency:off": press(HOLDERS),
    "emergency:drill": press(HOLDERS),
    "admin:index": Rule(LOGGED_IN, looks=True),
    "admin:app_list": Rule(WITH_EMERGENCY, looks=True),
    "admin:login": Rule(EVERYBODY, EVERYBODY),
    "admin:logout": press(LOGGED_IN),
    "admin:password_change": Rule(LOGGED_IN, LOGGED_IN),
    "admin:password_change_done": Rule(LOGGED_IN),
    "admin:jsi18n": Rule(LOGGED_IN),
    "admin:autocomplete": Rule(NOBODY),  # no form of ours asks for it
    "admin:view_on_site": Rule(NOBODY),  # no record has a page elsewhere
    "admin:auth_user_password_change": Rule(ADMIN, ADMIN),
    "admin:/(?P<url>.*)$": Rule(NOBODY),
}

# Every register of the admin has these pages; the redirect from the bare address of a record shows nothing of it.


def register(lookers: str, editors: str = NOBODY, deleters: str = NOBODY) -> dict[str, Rule]:
    return {
        "changelist": Rule(lookers, looks=True),
        "history": Rule(lookers, looks=True),
        "change": Rule(lookers, editors),
        "add": Rule(editors, editors),
        "delete": Rule(deleters, deleters),
        "": Rule(LOGGED_IN, looks=True),
    }


def mirrored(lookers: str) -> dict[str, Rule]:
    """Reading anew is for whoever may look; what reaches the dialler is for those who edit."""
    return register(lookers, EDITORS) | {
        "read": press(lookers),
        "reread": press(lookers),
        "tie": press(EDITORS),
        "act": press(EDITORS),
        "bulks": Rule(lookers, looks=True),
        "bulk": Rule(lookers, EDITORS),
    }


REGISTERS = {
    "auth_group": register(ADMIN, ADMIN, ADMIN),
    "auth_user": register(ADMIN, ADMIN, ADMIN),
    "mirror_ledger": register(LOOKERS),
    "mirror_reading": register(WITH_EMERGENCY),
    "mirror_namedid": register(LOOKERS, EDITORS, EDITORS),
    "campaigns_campaign": mirrored(WITH_EMERGENCY),
    "lists_leadlist": mirrored(LOOKERS),
    "teams_team": mirrored(LOOKERS),
    "users_user": mirrored(LOOKERS),
    "imports_mapping": register(LOOKERS),
    "imports_run": register(LOOKERS),
    "imports_answer": register(LOOKERS),
    "emergency_event": register(WITH_EMERGENCY),
}

ACTIVITY = {"activate", "deactivate"}
ACTIONS = {
    "auth_group": (ADMIN, {"delete_selected"}),
    "auth_user": (ADMIN, {"delete_selected"}),
    "mirror_namedid": (EDITORS, {"delete_selected"}),
    "campaigns_campaign": (
        EDITORS,
        ACTIVITY | {"start", "pause", "stop", "flush", "set_type", "add_list", "take_list", "add_team", "take_team"},
    ),
    "lists_leadlist": (EDITORS, ACTIVITY | {"add_to_campaign", "take_from_campaign"}),
    "teams_team": (EDITORS, ACTIVITY | {"add_to_campaign", "take_from_campaign"}),
    "users_user": (EDITORS, ACTIVITY | {"add_to_team", "take_from_team", "give_skill", "take_skill"}),
}


@dataclass(frozen=True)
class Address:
    key: str
    path: str
    model: str = ""


def patterns(resolver: URLResolver, prefix: str = "", space: str = "") -> Iterator[tuple[str, str, URLPattern]]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, route, f"{space}{pattern.namespace}:" if pattern.namespace else space)
        else:
            yield space, route, pattern


def key_of(space: str, route: str, pattern: URLPattern) -> str:
    """The name; for Django's two nameless patterns what their route says of them."""
    if pattern.name:
        return f"{space}{pattern.name}"
    parts = route.split("/")
    return f"{space}{parts[1]}_{parts[2]}_" if "<path:object_id>" in route else f"{space}/{parts[-1]}"


def rule_of(key: str) -> Rule:
    if key in PAGES:
        return PAGES[key]
    app, _, rest = key.removeprefix("admin:").partition("_")
    model, _, page = rest.partition("_")
    rules = REGISTERS.get(f"{app}_{model}", {})
    assert page in rules, f"{key}: say in tests/test_roles.py whom this address is for"
    return rules[page]


@pytest.fixture
def world(connected: Sandbox, db) -> dict[str, Any]:
    """One of everything, so that no address leads to nothing."""
    grant(apps)
    for kind in mirrored_models():
        pull(kind)
    mapping = Mapping.objects.create(name="Energy", columns=["phone"])
    run = Run.objects.create(mapping=mapping, file_name="may.csv", sha256="0" * 64, state="failed", rows=2, unknown=2)
    Part.objects.create(
        run=run, number=1, first_row=0, last_row=1, rows=2, bytes=9, first_line=2, state="unknown", unknown=2
    )
    dry = Reading.objects.create(kind="teams", state="done", dry_run=True, missing=1)
    Difference.objects.create(reading=dry, kind="teams", remote_id=3, subject="Team", sort="missing", taken=False)
    rows = {
        "mirror_ledger": Ledger.objects.create(operation="update campaign", kind="campaigns", remote_id=2),
        "mirror_reading": dry,
        "mirror_namedid": NamedId.objects.create(register="role", number=3, name="Agents"),
        "imports_mapping": mapping,
        "imports_run": run,
        "imports_answer": Answer.objects.create(mapping=mapping, file="x", sha256="0" * 64, state="unmatched"),
        "emergency_event": Event.objects.create(kind="drill", state="drill_over"),
        "auth_group": Group.objects.create(name="Spare"),
        "auth_user": get_user_model().objects.create_user("spare"),
    }
    for kind, model in mirrored_models().items():
        rows[label_of(model)] = model.objects.exclude(pk=1).first()
        rows[f"bulk {label_of(model)}"] = BulkAct.objects.create(kind=kind, offer="activate", staff="m.naidu")
    connected.journal.clear()
    return rows


def label_of(model: Any) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}"


def addresses(world: dict[str, Any]) -> list[Address]:
    found = []
    for space, route, pattern in patterns(get_resolver()):
        model = "_".join(route.split("/")[1:3])
        wanted = {
            "object_id": world[model].pk if model in world else 1,
            "id": world["auth_user"].pk,
            "bulk_act_id": world[f"bulk {model}"].pk if f"bulk {model}" in world else 1,
            "reading_id": world["mirror_reading"].pk,
            "run_id": world["imports_run"].pk,
            "mapping_id": world["imports_mapping"].pk,
            "answer_id": world["imports_answer"].pk,
            "upload_id": "0b9f6f0e-6d0c-4f3e-9d35-3c1f6f0e6d0c",
            "number": 1,
            "kind": "teams",
            "platform": "maxcontact",
            "secret": "wrong",
            "content_type_id": 1,
            "app_label": "campaigns",
            "url": "nowhere",
        }
        key = key_of(space, route, pattern)
        found.append(Address(key, f"/{filled(route, wanted)}", model))
    return found


def filled(route: str, wanted: dict[str, Any]) -> str:
    if "(?P<app_label>" in route:
        return "admin/campaigns/"
    for name, value in wanted.items():
        for converter in ("int:", "str:", "slug:", "path:", "uuid:", ""):
            route = route.replace(f"<{converter}{name}>", str(value))
    return "admin/nowhere/at/all" if "(?P<url>" in route else route


def account(role: str) -> Any:
    accounts = get_user_model().objects
    if role == "A":
        return accounts.create_superuser("administrator")
    person = accounts.create_user(f"role-{role.lower()}")
    person.groups.set(Group.objects.filter(name=GROUPS.get(role, "")))
    return person


# Enough for those who are let in to do it.
TIES = {
    "campaigns_campaign": "campaigns-lists",
    "lists_leadlist": "campaigns-lists",
    "teams_team": "campaigns-teams",
    "users_user": "users-skills",
}
BODIES = {"act": {"offer": "activate"}, "bulk": {"do": "confirm"}}


def body_of(address: Address) -> dict[str, str]:
    page = address.key.rpartition("_")[2]
    return {"tie": TIES[address.model]} if page == "tie" else BODIES.get(page, {})


def visit(role: str, person: Any, method: str, address: Address) -> str:
    """in, out (refused, or not offered by this method), or log-in."""
    client = Client()
    if person is not None:
        client.force_login(person)
    answer = getattr(client, method)(address.path, body_of(address) if method == "post" else {})
    assert answer.status_code < 500, f"{role} {method} {address}: {answer.status_code}"
    location = answer.headers.get("Location", "")
    if location.startswith(("/accounts/login/", "/admin/login/")) and "login" not in address.key:
        return "in" if "logout" in address.key and person is not None else "log-in"
    return "out" if answer.status_code in (403, 404, 405) else "in"


def expected(role: str, method: str, address: Address, rule: Rule) -> str:
    if role in rule.admits(method):
        return "in"
    return "log-in" if role == "V" and "V" not in rule.get + rule.post else "out"


# What those who are let in meet all the same: nothing there under this name.
EMPTY_HANDED = {
    "callbacks:receive",
    "imports:finding",
    "imports:resend",
    "imports:decide",
    "imports:upload",
    "imports:upload_cancel",
    "imports:columns",
}


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("role", list(EVERYBODY))
def test_every_address_lets_in_whom_it_is_for_and_nobody_else(role, method, world, connected, monkeypatch):
    person = None if role == "V" else account(role)
    wrong = []
    for address in addresses(world):
        rule = rule_of(address.key)
        wanted = expected(role, method, address, rule)
        met = visit(role, person, method, address)
        if met != wanted and not (address.key in EMPTY_HANDED and wanted == "in"):
            wrong.append(f"{address.key} {address.path}: {met}, not {wanted}")
    assert not wrong, "\n".join(wrong)
    if role in "VNS" or method == "get":
        assert [entry for entry in connected.journal.entries if is_write(entry)] == []
        assert Ledger.objects.count() == 1


def is_write(entry: Any) -> bool:
    return entry["method"] != "GET" and "apitoken" not in entry["path"]


@pytest.mark.parametrize("role", list(LOGGED_IN))
def test_every_action_is_offered_to_whom_it_is_for_and_nobody_else(role, db):
    grant(apps)
    request = RequestFactory().get("/admin/")
    request.user = account(role)
    for model, register_admin in admin.site._registry.items():
        who, names = ACTIONS.get(label_of(model), (NOBODY, set()))
        offered = set(register_admin.get_actions(request)) if register_admin.has_view_permission(request) else set()
        assert offered == (names if role in who else set()), f"{label_of(model)} for {role}"


@pytest.mark.parametrize("role", ["N", "S", "E"])
def test_action_posted_without_the_right_to_it_reaches_nobody(role, world, connected):
    client = Client()
    client.force_login(account(role))
    for label, (_, names) in ACTIONS.items():
        for name in names:
            chosen = {"action": name, "_selected_action": [world[label].pk], "post": "yes"}
            client.post(f"/admin/{label.replace('_', '/')}/", chosen)
    assert [entry for entry in connected.journal.entries if is_write(entry)] == []
    assert Ledger.objects.count() == 1
    assert NamedId.objects.exists()
    assert Group.objects.filter(name="Spare").exists()


def test_right_taken_away_bites_at_the_next_click(world, connected):
    manager = account("M")
    client = Client()
    client.force_login(manager)
    form, act = "/admin/campaigns/campaign/2/change/", "/admin/campaigns/campaign/2/act/"
    assert 'value="Save to MaxContact"' in client.get(form).content.decode()
    assert client.post(act, {"offer": "activate"}).status_code == 302
    assert connected.journal.find("PATCH", "/campaigns/2/")
    connected.journal.clear()
    manager.groups.set(Group.objects.filter(name="Supervisor"))
    assert 'value="Save to MaxContact"' not in client.get(form).content.decode()
    bulk_act = world["bulk campaigns_campaign"]
    for path, values in (
        (act, {"offer": "activate"}),
        (form, {"name": "Mine"}),
        (f"/admin/campaigns/campaign/bulk/{bulk_act.pk}/", {"do": "confirm"}),
        (f"/sync/{world['mirror_reading'].pk}/apply/", {}),
    ):
        assert client.post(path, values).status_code == 403, path
    manager.groups.clear()
    assert client.get("/audit/").status_code == 403
    assert [entry for entry in connected.journal.entries if is_write(entry)] == []
    assert Campaign.objects.get(pk=2).name != "Mine"


def test_account_switched_off_is_out_at_the_next_click(world):
    manager = account("M")
    client = Client()
    client.force_login(manager)
    assert client.get("/sync/").status_code == 200
    manager.is_active = False
    manager.save()
    assert client.get("/sync/").headers["Location"].startswith("/accounts/login/")
