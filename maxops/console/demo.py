"""What the demo shows beside the stand-in: people to log in as and mappings to load leads with."""

import json
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import quote, urlsplit

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from maxops.imports.models import Mapping
from maxops.mirror.models import NamedId


@dataclass(frozen=True)
class Person:
    """A log-in of the demo; its password is printed, so it must never leave a loopback address."""

    login: str
    groups: tuple[str, ...]
    what: str
    administrator: bool = False

    @property
    def password(self) -> str:
        return f"{self.login}-demo"


PEOPLE = (
    Person("supervisor", ("Supervisor",), "sees everything, changes nothing"),
    Person("manager", ("Manager",), "edits campaigns, loads leads"),
    Person("emergency", ("Supervisor", "Emergency"), "may pull the emergency handle"),
    Person("admin", ("Manager", "Emergency"), "everything, accounts included", administrator=True),
)

# Names, columns and formats are those of the stand-in's own templates: in the portal somebody set them up already.
MAPPINGS = (
    {
        "name": "Energy leads",
        "columns": ["phone", "reference", "first_name", "last_name", "postcode", "product"],
        "fields": {"phone": "phone", "reference": "reference"},
        "response_format": "xml",
        "supplier": "Switchwise comparison site",
    },
    {
        "name": "Renewals CSV",
        "columns": ["Mobile", "Customer ref", "Title", "Surname", "Renewal date"],
        "fields": {"Mobile": "phone", "Customer ref": "reference"},
        "response_format": "json",
        "supplier": "Own renewals team",
    },
)

# As somebody copied them from the portal; a few plans stay numbers, as they would.
NAMES = (
    ("role", 1, "Agent"),
    ("role", 6, "Team Leader"),
    ("role", 7, "Sys Admin"),
    ("skill", 1, "Energy sales"),
    ("skill", 2, "Renewals"),
    ("skill", 3, "Welsh speaking"),
    ("schedule_plan", 1, "Weekdays 9 to 8"),
    ("recall_plan", 2, "Standard recalls"),
    ("script", 3, "Energy script 2026"),
)


def make_people() -> None:
    """The four log-ins, with the passwords printed beside them."""
    for person in PEOPLE:
        account, _ = get_user_model().objects.get_or_create(username=person.login)
        account.is_staff = True
        account.is_superuser = person.administrator
        account.set_password(person.password)
        account.save()
        account.groups.set(Group.objects.filter(name__in=person.groups))


def make_mappings() -> None:
    """The two mappings, kept as they are when the demo was started before."""
    for row in MAPPINGS:
        given = {key: value for key, value in row.items() if key != "name"}
        Mapping.objects.get_or_create(platform="maxcontact", name=row["name"], defaults=given)


def make_names() -> None:
    """The registers with a first few names in them, kept as people changed them since."""
    for register, number, name in NAMES:
        NamedId.objects.get_or_create(register=register, number=number, defaults={"name": name})


def ask(url: str, path: str, *, method: str = "GET", body: object = None) -> int:
    """One request to a process of the demo; the status it answered. OSError while nothing listens there yet."""
    place = urlsplit(url)
    connection = HTTPConnection(place.hostname or "127.0.0.1", place.port or 80, timeout=5)
    try:
        content = None if body is None else json.dumps(body).encode()
        connection.request(method, path, content, {"Content-Type": "application/json"} if content else {})
        return connection.getresponse().status
    finally:
        connection.close()


def paste_callback_urls(sandbox_url: str) -> None:
    """Do in the stand-in what a manager does in MaxContact's portal: paste each mapping's Response URL."""
    for mapping in Mapping.objects.filter(name__in=[row["name"] for row in MAPPINGS]):
        wanted = {"response_url": mapping.callback_url, "response_format": mapping.response_format}
        ask(sandbox_url, f"/_sandbox/mappings/{quote(mapping.name)}", method="PUT", body=wanted)
