"""Verbs as admin actions: one row an action, done to each selected record in turn through `push.perform`."""

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest

from maxops.mirror import push
from maxops.mirror.errors import NotKept
from maxops.mirror.models import Mirrored
from maxops.remote.errors import Busy, MaxopsConfigError, NotAuthorised, RemoteError, Unanswered, Unreachable

HOPELESS = (Unreachable, Busy, NotAuthorised)  # the next record would meet the same


@dataclass(frozen=True, slots=True)
class Offer:
    """`done` finishes "3 campaigns ...", `already` the same for those that stood so before.

    `question` is what a page with a script asks first; an offer without one acts at once.
    """

    name: str
    label: str
    verb: str
    value: Any
    done: str
    already: str
    question: str = ""


ACTIVITY = (
    Offer("activate", "Set active in MaxContact", "set_active", True, "set active", "already active"),
    Offer(
        "deactivate",
        "Set inactive in MaxContact",
        "set_active",
        False,
        "set inactive",
        "already inactive",
        "Set inactive",
    ),
)


def as_actions(offers: tuple[Offer, ...]) -> dict[str, tuple[Any, str, str]]:
    """In the shape ModelAdmin.get_actions gives."""
    return {offer.name: (partial(run_offer, offer=offer), offer.name, offer.label) for offer in offers}


def run_offer(admin: ModelAdmin, request: HttpRequest, queryset: QuerySet[Mirrored], *, offer: Offer) -> None:
    """Each record that is refused gets its own message, the rest goes on; a dialler that is away ends it."""
    rows = list(queryset)
    done: Counter[str] = Counter()
    for number, row in enumerate(rows, start=1):
        words = offer.already if stood_so(row, offer) else offer.done
        try:
            kept = push.perform(row, offer.verb, offer.value, request.user.get_username(), "admin")
        except MaxopsConfigError as error:
            admin.message_user(request, str(error), messages.ERROR)
            break
        except NotKept as news:
            admin.message_user(request, f"{row}: {news.message}", messages.WARNING)
        except RemoteError as error:
            rest = len(rows) - number if ends_it(error) else 0
            admin.message_user(request, f"{row}: {failure(error, offer)}{untried(rest)}", messages.ERROR)
            if rest:
                break
        else:
            done[words] += 1
            if kept.remark:
                admin.message_user(request, f"{row}: {offer.done}. {kept.remark}", messages.WARNING)
    if done:
        said = (f"{count} {named(admin, count)} {words}" for words, count in sorted(done.items(), reverse=True))
        admin.message_user(request, f"{', '.join(said)} in MaxContact.", messages.SUCCESS)


def stood_so(row: Mirrored, offer: Offer) -> bool:
    """Whether our reading showed it so before. It is sent all the same: the reading may be seconds old."""
    attribute = type(row).entity.verb(offer.verb).field.attribute
    return bool(getattr(row, attribute, None) == offer.value)


def named(admin: ModelAdmin, count: int) -> str:
    return str(admin.opts.verbose_name if count == 1 else admin.opts.verbose_name_plural)


def ends_it(error: RemoteError) -> bool:
    return isinstance(error, HOPELESS) or (isinstance(error, Unanswered) and error.taken == "unknown")


def failure(error: RemoteError, offer: Offer) -> str:
    """Certain where it is certain; else one sentence that says what is not known."""
    if isinstance(error, Unanswered) and error.taken == "unknown":
        return f"no answer; not known whether it was {offer.done}."
    return f"not {offer.done}. {error.message}"


def untried(rest: int) -> str:
    if rest == 0:
        return ""
    return " The other one was not tried." if rest == 1 else f" The other {rest} were not tried."


def activity_words(row: Mirrored) -> str:
    """What is known of an activity that MaxContact does not report: what was last set from here."""
    last = row.last_set("active")
    if last is None:
        return "Unknown: MaxContact does not report it, and it was not set from here."
    return f"{'Active' if last.value else 'Inactive'}, {last.set_words}."
