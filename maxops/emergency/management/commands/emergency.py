"""`manage.py emergency on|off|status|drill`: the handle without a browser, and without a database (contract.md 3)."""

import getpass
import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.utils import timezone

from maxops.emergency import proof, records, service
from maxops.emergency.models import Event, State, moment
from maxops.emergency.service import Press

NOTHING_SENT = "Nothing has been sent from here; MaxContact cannot be asked, and its Portal can switch it as well."


class Command(BaseCommand):
    help = "Stop all campaigns (on), go back to normal (off), tell what was last sent (status), or rehearse (drill)."
    # Checks may look into the database; this has to work without one.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["on", "off", "status", "drill"])
        parser.add_argument("--reason", default="", help="why, in a few words")
        parser.add_argument("--as", dest="login", default="", help="login name of whoever decided")
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        be_brief_with_the_database()
        act = {"on": self.on, "off": self.off, "status": self.status, "drill": self.drill}[options["action"]]
        press = Press(by=options["login"] or own_login(), reason=options["reason"], source="command")
        event, done = act(press)
        self.stdout.write(json.dumps(as_json(event)) if options["json"] else as_text(event))
        if not done:
            raise CommandError(failure(event), returncode=1)

    def on(self, press: Press) -> tuple[Event | None, bool]:
        event = service.pull(press)
        while event.is_settling and not (event.past_deadline and event.state != State.REQUESTED):
            time.sleep(1)
            event = proof.confirm(records.get(event.pk) or event)
        return event, event.state == State.ON

    def off(self, press: Press) -> tuple[Event | None, bool]:
        event = service.release(press)
        return event, event.state == State.OFF

    def status(self, press: Press) -> tuple[Event | None, bool]:
        event = service.status()
        if event and event.is_settling:
            event = proof.confirm(event)
        return event, event is not None or records.is_database_there()

    def drill(self, press: Press) -> tuple[Event | None, bool]:
        event = service.drill(press)
        if event.is_drill:
            event = service.end_drill(press.by) or event
        return event, event.is_drill and event.read_at is not None


def own_login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "command"


def be_brief_with_the_database() -> None:
    """A database server that does not answer must not hold the handle for as long as its driver likes."""
    for name in connections:
        settings = connections[name].settings_dict
        if settings["ENGINE"].endswith("postgresql"):
            settings["OPTIONS"] = {"connect_timeout": 2, **settings["OPTIONS"]}


def as_json(event: Event | None) -> dict[str, Any]:
    if event is not None:
        return event.as_json()
    known = records.is_database_there()
    nothing = dict.fromkeys(("requested_at", "accepted_at", "by", "reason", "seconds"))
    figures = {"running_before": 0, "confirmed_stopped": 0, "still_running": []}
    message = NOTHING_SENT if known else "Neither the database nor the local journal can tell."
    return {"state": "off" if known else "unknown", **nothing, **figures, "message": message}


def as_text(event: Event | None) -> str:
    if event is None:
        return as_json(None)["message"]
    requested = f"{moment(event.requested_at)} {timezone.localtime(event.requested_at):%Z}"
    lines = [
        f"{event.get_kind_display()}: {event.get_state_display()}",
        event.told,
        f"Requested {requested} by {event.by or 'unknown'}: {event.reason or 'no reason given'}",
        f"{event.confirmed_stopped} of {event.running_before} campaigns that ran have been seen stopped.",
        *(f"  not seen stopped: {row['name']} (id {row['id']})" for row in event.still_running),
    ]
    return "\n".join(line for line in lines if line)


def failure(event: Event | None) -> str:
    """One sentence for standard error: what is known of the dialler."""
    if event is None:
        return "Nothing is known."
    names = ", ".join(row["name"] for row in event.still_running)
    rest = f" Not seen stopped: {names}." if names and not event.is_drill else ""
    return f"{event.get_state_display()}. {event.told}{rest}"
