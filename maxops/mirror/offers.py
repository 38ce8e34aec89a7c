"""Verbs as admin actions: one row an action, done to each selected record in turn through `push.perform`."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst

from maxops.mirror import push
from maxops.mirror.errors import NotKept
from maxops.mirror.models import Mirrored
from maxops.remote.errors import Busy, MaxopsConfigError, NotAuthorised, RemoteError, Unreachable

HOPELESS = (Unreachable, Busy, NotAuthorised)  # the next record would meet the same


@dataclass(frozen=True, slots=True)
class Offer:
    """`done` finishes the sentence "3 campaigns ..."."""

    name: str
    label: str
    verb: str
    value: Any
    done: str


ACTIVITY = (
    Offer("activate", "Set active in MaxContact", "set_active", True, "set active"),
    Offer("deactivate", "Set inactive in MaxContact", "set_active", False, "set inactive"),
)


def as_actions(offers: tuple[Offer, ...]) -> dict[str, tuple[Any, str, str]]:
    """In the shape ModelAdmin.get_actions gives."""
    return {offer.name: (partial(run_offer, offer=offer), offer.name, offer.label) for offer in offers}


def run_offer(admin: ModelAdmin, request: HttpRequest, queryset: QuerySet[Mirrored], *, offer: Offer) -> None:
    """Each record that is refused gets its own message, the rest goes on; a dialler that is away ends it."""
    rows = list(queryset)
    done = 0
    for number, row in enumerate(rows, start=1):
        try:
            kept = push.perform(row, offer.verb, offer.value, request.user.get_username(), "admin")
        except MaxopsConfigError as error:
            admin.message_user(request, str(error), messages.ERROR)
            break
        except NotKept as news:
            admin.message_user(request, f"{row}: {news.message}", messages.WARNING)
        except RemoteError as error:
            admin.message_user(request, f"{row}: not {offer.done}. {error.message}", messages.ERROR)
            if isinstance(error, HOPELESS) and number < len(rows):
                admin.message_user(request, f"The other {len(rows) - number} were not tried.", messages.ERROR)
                break
        else:
            done += 1
            if kept.remark:
                admin.message_user(request, f"{row}: {kept.remark}", messages.WARNING)
    if done:
        names = admin.opts.verbose_name if done == 1 else admin.opts.verbose_name_plural
        admin.message_user(request, f"{done} {names} {offer.done} in MaxContact.", messages.SUCCESS)


def activity_words(row: Mirrored) -> str:
    """What is known of an activity that MaxContact does not report: what was last set from here."""
    entry = row.last_set("active")
    if entry is None:
        return "Unknown: MaxContact does not report it, and it was not set from here."
    state = capfirst("active" if entry.value_set("active") else "inactive")
    return f"{state}, set here {entry.at_words} by {entry.staff or 'maxops'}. MaxContact does not report it."
