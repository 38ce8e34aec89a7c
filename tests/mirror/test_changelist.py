"""List pages at any length: as many queries for many rows as for few, the right rows on every page, an index behind
every order, and what people may do read anew at each click."""

import pytest
from django.contrib.admin import site
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from lxml import html

from maxops.emergency import records
from maxops.mirror import changelist, looks
from maxops.mirror.models import LastSet, NamedId, Reading, mirrored_models
from maxops.users.models import User
from tests.mirror.browsing import address

MOST_QUERIES = 6
KINDS = sorted(mirrored_models())


@pytest.fixture
def staff(db):
    person = get_user_model().objects.create_user("m.naidu", is_staff=True)
    person.groups.add(Group.objects.get(name="Manager"))
    return person


@pytest.fixture
def manager(staff) -> Client:
    """Somebody in the group, with no permission of their own."""
    client = Client()
    client.force_login(staff)
    return client


@pytest.fixture
def slow_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shared for a second stays shared, however slow the machine."""
    monkeypatch.setattr(looks, "KEEP_SECONDS", 600.0)
    monkeypatch.setattr(records.Glance, "KEEP_SECONDS", 600.0)
    records.glance.forget()  # what another test looked at just before would end within this one


def columns(model, number):
    """A row that names others, which are there or not."""
    values = (
        {"name": f"Row {number % 7}"}
        if model is not User
        else {"last_name": f"Row {number % 7}", "login": f"a{number}"}
    )
    for column in model._meta.concrete_fields:
        if column.is_relation:
            values[column.attname] = number % 3
        elif column.get_internal_type() in ("IntegerField", "SmallIntegerField") and not column.primary_key:
            values[column.attname] = number % 2
    return {**values, "id": number}


def fill(model, count):
    made = {one: [one(**columns(one, number)) for number in range(1, count + 1)] for one in mirrored_models().values()}
    for one, rows in made.items():
        one._default_manager.bulk_create(rows if one is model else rows[:3], ignore_conflicts=True)
    LastSet.objects.bulk_create(
        [LastSet(kind=model.kind(), remote_id=number, name="active", value=1) for number in range(1, count + 1)]
    )


def shown(client, url):
    """Ids on the page, in their order, and what is said of their number."""
    answer = client.get(url)
    assert answer.status_code == 200, answer
    tree = html.fromstring(answer.content)
    ids = [int(box.get("value")) for box in tree.xpath("//input[@name='_selected_action']")]
    return ids, " ".join(" ".join(box.text_content() for box in tree.find_class("paginator")).split())


@pytest.mark.parametrize("kind", KINDS)
def test_many_rows_take_no_more_queries_than_few(manager, slow_clock, kind, monkeypatch):
    model = mirrored_models()[kind]
    NamedId.objects.create(register="role", number=1, name="Agents")
    monkeypatch.setattr(site._registry[model], "list_per_page", 100)
    taken = []
    for count in (3, 100):
        model._default_manager.all().delete()
        LastSet.objects.all().delete()
        fill(model, count)
        manager.get(address(model, "changelist"))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            ids, _ = shown(manager, address(model, "changelist"))
        assert len(ids) == count
        taken.append([query["sql"] for query in queries])
    assert len(taken[0]) == len(taken[1]), taken[1]
    assert len(taken[1]) <= MOST_QUERIES, taken[1]


@pytest.mark.parametrize(
    "query", ["?q=row", "?q=row&p=2", "?seen=yes", "?seen=no", "?o=2", "?o=-2", "?p=3", "?q=nobody"]
)
@pytest.mark.parametrize("kind", KINDS)
def test_no_page_takes_more_queries_than_allowed(manager, slow_clock, kind, query):
    fill(mirrored_models()[kind], 120)
    where = address(mirrored_models()[kind], "changelist") + query
    manager.get(where)
    with CaptureQueriesContext(connection) as queries:
        manager.get(where)
    assert len(queries) <= MOST_QUERIES, [query["sql"] for query in queries]


def sortable(model):
    """(number of the column in `o=`, what it is sorted by)"""
    admin = site._registry[model]
    request = RequestFactory().get(address(model, "changelist"))
    request.user = get_user_model()(is_superuser=True, is_active=True)
    page = admin.get_changelist_instance(request)
    fields = [(number, page.get_ordering_field(name)) for number, name in enumerate(page.list_display)]
    return [(number, field) for number, field in fields if field]


@pytest.mark.parametrize("kind", KINDS)
def test_every_sortable_column_has_its_index(db, kind):
    """Without one, a click on its heading sorts the whole table. No column of another table can have one."""
    model = mirrored_models()[kind]
    indexes = [tuple(index.fields) for index in model._meta.indexes]
    assert tuple(model._meta.ordering) in indexes
    for _, field in sortable(model):
        assert (field, "id") in indexes or model._meta.ordering[0] == field, f"{field} has no index ({field}, id)"


@pytest.mark.parametrize("kind", KINDS)
def test_pages_in_either_direction_show_every_row_once_in_order(manager, kind):
    model = mirrored_models()[kind]
    fill(model, 230)
    for number, field in sortable(model):
        ways = []
        for sign in ("", "-"):
            pages = [
                shown(manager, f"{address(model, 'changelist')}?o={sign}{number}&p={page}")[0] for page in range(1, 6)
            ]
            ways.append([row_id for page in pages for row_id in page])
        assert sorted(ways[0]) == list(range(1, 231)), field
        assert ways[1] == ways[0][::-1], field
        names = (
            [model._meta.ordering[0], *model._meta.ordering[1:]] if field == model._meta.ordering[0] else [field, "id"]
        )
        assert ways[0] == list(model._default_manager.order_by(*names).values_list("pk", flat=True)), field


@pytest.mark.parametrize("order", ["o=99", "o=x", "o=3.-2", "o=-"])
def test_order_nobody_offers_is_none(manager, order):
    fill(User, 60)
    assert len(shown(manager, f"{address(User, 'changelist')}?{order}")[0]) == 50


def test_page_beyond_the_last_leads_back_to_the_list(manager):
    fill(User, 60)
    answer = manager.get(address(User, "changelist") + "?p=99")
    assert answer.status_code == 302
    assert shown(manager, address(User, "changelist") + "?p=2")[0]


@pytest.mark.parametrize("few", [2_000, 10])
def test_search_and_filters_find_the_same_whether_few_or_many(manager, monkeypatch, few):
    monkeypatch.setattr(changelist, "FEW", few)
    fill(User, 150)
    User.objects.filter(pk__lte=60).update(missing_since="2027-01-01T00:00Z", first_name="Siân")
    where = address(User, "changelist")
    assert "60 users" in shown(manager, where + "?q=row+si")[1]
    ids = shown(manager, where + "?q=row+si")[0] + shown(manager, where + "?q=row+si&p=2")[0]
    expected = User.objects.filter(pk__lte=60).order_by("last_name", "first_name", "id").values_list("pk", flat=True)
    assert ids == list(expected)
    assert shown(manager, where + "?seen=no&p=2")[0] == ids[50:]
    assert shown(manager, where + "?seen=no&q=a149")[0] == []
    assert shown(manager, where + "?seen=yes&q=a149")[0] == [149]
    assert len(shown(manager, where + "?seen=no&all=")[0]) == 60


def test_long_table_is_counted_once_in_a_while_and_a_short_one_always(manager, monkeypatch):
    fill(User, 60)
    where = address(User, "changelist")
    assert "60 users" in shown(manager, where)[1]
    User.objects.create(pk=1000, login="new")
    assert "61 users" in shown(manager, where)[1]
    monkeypatch.setattr(changelist, "LONG", 50)
    monkeypatch.setattr(changelist, "counts", {})
    assert "61 users" in shown(manager, where)[1]
    User.objects.create(pk=1001, login="newer")
    assert "61 users" in shown(manager, where)[1]
    assert shown(manager, where + "?q=newer")[0] == [1001]
    monkeypatch.setattr(changelist, "COUNT_SECONDS", 0.0)
    assert "62 users" in shown(manager, where)[1]


def test_reading_and_names_of_a_moment_ago_are_shown_at_once(manager, slow_clock):
    fill(User, 3)
    where = address(User, "changelist")
    assert "Not read from MaxContact yet." in manager.get(where).content.decode()
    Reading.objects.create(kind="users", state=Reading.State.DONE)
    NamedId.objects.create(register="role", number=1, name="Agents")
    User.objects.update(role_plan_id=1)
    page = manager.get(where).content.decode()
    assert "As in MaxContact, read" in page
    assert "Agents (1)" in page


def test_what_is_given_or_taken_away_counts_at_the_next_click(manager, staff):
    where = address(User, "changelist")
    assert manager.get(where).status_code == 200
    staff.groups.clear()
    assert manager.get(where).status_code == 403
    view = Permission.objects.get(codename="view_user", content_type__app_label="users")
    staff.user_permissions.add(view)
    assert manager.get(where).status_code == 200
    staff.user_permissions.clear()
    assert manager.get(where).status_code == 403
    group = Group.objects.create(name="Own")
    group.permissions.add(view)
    staff.groups.add(group)
    assert manager.get(where).status_code == 200
    group.permissions.clear()
    assert manager.get(where).status_code == 403
    staff.is_superuser = True
    staff.save()
    assert manager.get(where).status_code == 200
    staff.is_active = False
    staff.save()
    assert manager.get(where).status_code == 302


def test_permissions_of_others_are_not_mixed_in(manager, staff):
    other = get_user_model().objects.create_user("other", is_staff=True)
    other.user_permissions.add(Permission.objects.get(codename="add_user", content_type__app_label="auth"))
    other.groups.add(Group.objects.get(name="Emergency"))
    assert manager.get("/admin/auth/user/add/").status_code == 403
    mine = Client()
    mine.force_login(other)
    assert mine.get(address(User, "changelist")).status_code == 403


def test_log_out_ends_the_session_for_good(manager):
    key = manager.cookies["sessionid"].value
    manager.post(reverse("logout"))
    stale = Client()
    stale.cookies["sessionid"] = key
    assert stale.get(address(User, "changelist")).status_code == 302
