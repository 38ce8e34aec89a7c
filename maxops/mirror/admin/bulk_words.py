"""A bulk act in words and numbers: what it will touch, how far it is, what came of each row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.core.paginator import Page, Paginator
from django.db.models import Count
from django.utils import timezone

from maxops.mirror.bulk_acts import counts
from maxops.mirror.bulk_runs import STALE
from maxops.mirror.columns import badge, code_words, worded
from maxops.mirror.form_fields import NamedIdField, ProficiencyField, RecordField
from maxops.mirror.models import BulkAct, BulkRow, Mirrored, mirrored_models
from maxops.mirror.offers import Offer, Parameter, offer_of
from maxops.mirror.records import columns_of
from maxops.mirror.wording import Wording
from maxops.remote.maxcontact.choices import CampaignType
from maxops.remote.maxcontact.entities import ENTITIES, PROFICIENCY, SKILL

ROWS = 50  # a page
MOVING = (BulkAct.State.WAITING, BulkAct.State.RUNNING)
# Outcome -> (key in an address, words, tone)
OUTCOMES = {
    BulkRow.Outcome.DONE: ("done", "Done", "ok"),
    BulkRow.Outcome.REFUSED: ("refused", "Not done", "bad"),
    BulkRow.Outcome.UNKNOWN: ("unknown", "Unknown", "warn"),
    BulkRow.Outcome.SENDING: ("sending", "On its way", "info"),
    BulkRow.Outcome.OPEN: ("open", "Not tried", "mute"),
}


def numbered(kind: str, count: int) -> str:
    label = ENTITIES[kind].label
    return f"{count:,} {label}" if count == 1 else f"{count:,} {label}s"


def known_offer(bulk_act: BulkAct) -> Offer | None:
    """None for one that an upgrade has taken away: its page stays readable."""
    try:
        return offer_of(bulk_act.kind, bulk_act.offer)
    except LookupError:
        return None


def headline(bulk_act: BulkAct, count: int, name: str = "") -> str:
    """Stop 12 campaigns; one by its name."""
    offer = known_offer(bulk_act)
    rows = name or numbered(bulk_act.kind, count)
    if offer is None or not offer.question:
        return f"{short_label(offer) if offer else bulk_act.offer}: {rows}"
    return offer.asked(rows)


def listed(bulk_acts: Sequence[BulkAct]) -> list[dict[str, Any]]:
    """Each with its headline and how it ended, their rows counted in one go."""
    rows = BulkRow.objects.filter(bulk_act__in=[bulk_act.pk for bulk_act in bulk_acts]).order_by()
    numbers: dict[int, dict[str, int]] = {bulk_act.pk: {} for bulk_act in bulk_acts}
    for bulk_act_id, outcome, number in rows.values_list("bulk_act", "outcome").annotate(number=Count("pk")):
        numbers[bulk_act_id][outcome] = number
    single = [bulk_act_id for bulk_act_id, found in numbers.items() if sum(found.values()) == 1]
    names = dict(rows.filter(bulk_act__in=single).values_list("bulk_act", "subject"))
    return [
        {
            "bulk_act": bulk_act,
            "title": headline(bulk_act, sum(numbers[bulk_act.pk].values()), names.get(bulk_act.pk, "")),
            "outcome": ", ".join(
                f"{numbers[bulk_act.pk][outcome]:,} {words.lower()}"
                for outcome, (_, words, _) in OUTCOMES.items()
                if numbers[bulk_act.pk].get(outcome)
            ),
        }
        for bulk_act in bulk_acts
    ]


def short_label(offer: Offer) -> str:
    return offer.label.removesuffix(" in MaxContact")


def chosen_words(bulk_act: BulkAct) -> list[tuple[str, str]]:
    """What a person chose beside the rows: [("list", "Spring (12)")]."""
    offer = known_offer(bulk_act)
    chosen = [(one, bulk_act.parameters.get(one.name)) for one in (offer.parameters if offer else ())]
    # Told as a change of these attributes would be.
    as_changes = {one.name: (place_of(one), value) for one, value in chosen if value is not None}
    wording = Wording.of((kind, {attribute: [None, value]}) for (kind, attribute), value in as_changes.values())
    return [
        (one.label.capitalize(), wording.value(*as_changes[one.name][0], as_changes[one.name][1]))
        for one, value in chosen
        if value is not None
    ]


def place_of(parameter: Parameter) -> tuple[str, str]:
    """(kind, attribute) whose values this parameter takes."""
    places = {SKILL: ("users", "skills"), "proficiency": ("users", "proficiency"), "type": ("campaigns", "type")}
    return places.get(parameter.source, ("campaigns", parameter.source))


def standing(bulk_act: BulkAct) -> str:
    """How the rows stand now, as far as the mirror shows it: "9 of them are running now, 3 not running." """
    model = mirrored_models()[bulk_act.kind]
    rows = model._default_manager.filter(pk__in=bulk_act.rows.order_by().values("remote_id"))
    gone = rows.exclude(missing_since=None).count()
    said = []
    if "status" in columns_of(model):
        column = columns_of(model)["status"]
        found = rows.order_by().values_list("status").annotate(number=Count("pk")).order_by("-number")
        said = [f"{number:,} {(worded(column, value) or 'of unknown status').lower()}" for value, number in found]
    words = f"Now: {', '.join(said)}." if said else ""
    lost = f" {gone:,} not in MaxContact any more, as last read." if gone else ""
    return f"{words}{lost}".strip()


class ParameterForm(forms.Form):
    """What an offer has to know beside the rows."""

    def __init__(self, offer: Offer, admin_site: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for parameter in offer.parameters:
            self.fields[parameter.name] = field_of(parameter, admin_site)
            self.fields[parameter.name].error_messages["required"] = f"Choose the {parameter.label}."


def field_of(parameter: Parameter, admin_site: Any) -> forms.Field:
    label = parameter.label.capitalize()
    if parameter.source == SKILL:
        field = NamedIdField(SKILL, min_value=1, label=label)
        field.fit(None, none=False)
        return field
    if parameter.source == "proficiency":
        return ProficiencyField(PROFICIENCY, label=label)
    if parameter.source == "type":
        choices = [("", "---------"), *CampaignType.choices]
        return forms.TypedChoiceField(choices=choices, coerce=int, label=label)
    field = RecordField(mirrored_models()[parameter.source], admin_site, label=label)
    field.choose_widget(None)
    return field


@dataclass
class BulkPage:
    """All a template needs of one bulk act."""

    bulk_act: BulkAct
    offer: Offer | None
    counts: Mapping[str, int]
    outcome: str  # the filter, by its key
    page: Page

    @classmethod
    def of(cls, bulk_act: BulkAct, asked: Mapping[str, str]) -> "BulkPage":
        keys = {key: outcome for outcome, (key, _, _) in OUTCOMES.items()}
        outcome = asked.get("outcome", "")
        rows = bulk_act.rows.all()
        if outcome in keys:
            rows = rows.filter(outcome=keys[outcome])
        page = Paginator(rows, ROWS).get_page(asked.get("page"))
        return cls(bulk_act, known_offer(bulk_act), counts(bulk_act), outcome if outcome in keys else "", page)

    @property
    def count(self) -> int:
        return sum(self.counts.values())

    @property
    def tried(self) -> int:
        waiting = (BulkRow.Outcome.OPEN, BulkRow.Outcome.SENDING)
        return self.count - sum(self.counts[outcome] for outcome in waiting)

    @property
    def left(self) -> int:
        return self.count - self.counts[BulkRow.Outcome.DONE]

    @cached_property
    def title(self) -> str:
        name = self.bulk_act.rows.get().subject if self.count == 1 else ""
        return headline(self.bulk_act, self.count, name)

    @property
    def button(self) -> str:
        return self.title if self.offer is None or self.offer.question else short_label(self.offer)

    @property
    def chosen(self) -> list[tuple[str, str]]:
        return chosen_words(self.bulk_act)

    @property
    def is_proposed(self) -> bool:
        return self.bulk_act.state == BulkAct.State.PROPOSED

    @property
    def is_moving(self) -> bool:
        return self.bulk_act.state in MOVING

    @property
    def has_ended(self) -> bool:
        return self.bulk_act.state in (BulkAct.State.FINISHED, BulkAct.State.STOPPED)

    @property
    def is_silent(self) -> bool:
        return self.is_moving and self.bulk_act.alive_at < timezone.now() - STALE

    @cached_property
    def standing(self) -> str:
        return standing(self.bulk_act)

    @property
    def chips(self) -> list[dict[str, Any]]:
        """The outcomes there are, as filters."""
        return [
            {"key": key, "words": words, "tone": tone, "count": self.counts[outcome]}
            for outcome, (key, words, tone) in OUTCOMES.items()
            if self.counts[outcome] or key == self.outcome
        ]

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The rows of this page, each with how its record stands now."""
        rows = list(self.page.object_list)
        model = mirrored_models()[self.bulk_act.kind]
        records = model._default_manager.in_bulk([row.remote_id for row in rows])
        return [
            {"row": row, "now": now_words(records.get(row.remote_id)), "is_known": row.remote_id in records}
            for row in rows
        ]


def now_words(record: Mirrored | None) -> str:
    if record is None:
        return "not read from MaxContact"
    if record.missing_since:
        return badge("not in MaxContact any more", "bad")
    if record.is_locked:
        return badge("the vendor's own account: will not be touched", "mute")
    if "status" in columns_of(type(record)):
        return badge(code_words(record, "status") or "unknown", record.status_tone)
    return "in MaxContact"
