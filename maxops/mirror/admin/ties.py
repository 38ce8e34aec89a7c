"""What a record is tied to: lists and teams of a campaign, members of a team, skills of a user, seen from either side.

MaxContact takes these and, but for a user's team, never tells them: shown is what was last set from here, as such.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from maxops.mirror import push
from maxops.mirror.author import Author
from maxops.mirror.form_fields import NamedIdField, ProficiencyField, RecordField
from maxops.mirror.models import LastSet, Mirrored, NamedId, mirrored_models
from maxops.remote.maxcontact.entities import ENTITIES, PROFICIENCY, SKILL

LINES = 50  # shown of each sort
# (owner, link) -> the column of the tied record by which MaxContact does report the link
REPORTED = {("teams", "users"): "team"}


@dataclass(frozen=True)
class Tie:
    """One sort of link or skill as one kind's page shows it. The call goes to `owner`, whichever page it is."""

    name: str
    owner: str
    other: str  # the kind on the other end, or the register of skills
    here: str  # the kind whose page it is

    @property
    def key(self) -> str:
        return f"{self.owner}-{self.name}"

    @property
    def is_skill(self) -> bool:
        return self.other == SKILL

    @property
    def is_forward(self) -> bool:
        return self.here == self.owner

    @property
    def label(self) -> str:
        return "skill" if self.is_skill else ENTITIES[self.other].label

    @property
    def title(self) -> str:
        if self.key == "teams-users":
            return "Members" if self.is_forward else "Team"
        return f"{self.label.capitalize()}s"

    @property
    def reported_by(self) -> str | None:
        return REPORTED.get((self.owner, self.name))

    def unknown_words(self) -> str:
        here = ENTITIES[self.here].label
        has = "has" if self.is_forward else "is in"
        which = f"which {self.label}s a {here} {has}"
        return f"Unknown: MaxContact does not report {which}; none was set from here."


def ties_of(kind: str) -> list[Tie]:
    own = [Tie(link.name, kind, link.name, kind) for link in ENTITIES[kind].links]
    others = [
        Tie(link.name, owner, owner, kind)
        for owner, entity in ENTITIES.items()
        for link in entity.links
        if link.name == kind
    ]
    return [*own, *others, *([Tie("skills", kind, SKILL, kind)] if kind == "users" else [])]


class TieForm(forms.Form):
    """Which one to add or to take away; how well, for a skill."""

    def __init__(self, tie: Tie, admin_site: Any, sent: Mapping[str, Any] | None = None) -> None:
        super().__init__(sent, auto_id=f"id_{tie.key}_%s")
        self.takes = bool(sent) and sent.get("do") == "take"
        if tie.is_skill:
            self.fields["other"] = NamedIdField(SKILL, min_value=1, label="Skill")
            self.fields["other"].fit(None, none=False)
            self.fields["proficiency"] = ProficiencyField(PROFICIENCY, required=not self.takes, label="Proficiency")
        else:
            self.fields["other"] = RecordField(mirrored_models()[tie.other], admin_site, label=tie.label.capitalize())
            self.fields["other"].choose_widget(None)


@dataclass
class Line:
    number: int
    words: str
    how: str  # it is known
    tone: str = "mute"
    state: str = ""
    url: str = ""
    is_there: bool = True


@dataclass
class Panel:
    """What a template needs to draw one tie of one record."""

    tie: Tie
    form: TieForm | None
    lines: list[Line] = field(default_factory=list)
    count: int = 0
    is_reported: bool = False
    all_of_them: str = ""  # address of the list of all

    @property
    def more(self) -> int:
        return max(0, self.count - len(self.lines))


def sets_of(tie: Tie, row: Mirrored) -> QuerySet[LastSet]:
    """What was set here of this tie: what stands first, then what was taken away."""
    sets = LastSet.objects.filter(kind=tie.owner, name=tie.name)
    own = sets.filter(remote_id=row.pk) if tie.is_forward else sets.filter(other_id=row.pk)
    return own.order_by("-value", "-at")


def far_end(tie: Tie, last: LastSet) -> int:
    return last.other_id if tie.is_forward else last.remote_id


def names_of(tie: Tie, numbers: set[int]) -> dict[int, str]:
    """By their names as far as we have them; the others stay the numbers they are."""
    if tie.is_skill:
        named = NamedId.objects.filter(register=SKILL, number__in=numbers).values_list("number", "name")
        known = dict(named)
    else:
        known = {pk: str(row) for pk, row in mirrored_models()[tie.other]._default_manager.in_bulk(numbers).items()}
    return {number: f"{known[number]} ({number})" if number in known else f"{tie.label} {number}" for number in numbers}


def set_here(tie: Tie, row: Mirrored) -> tuple[list[Line], int]:
    """The lines of what was set from here, and how many there are in all."""
    sets = sets_of(tie, row)
    shown = list(sets[:LINES])
    names = names_of(tie, {far_end(tie, last) for last in shown})
    lines = []
    for last in shown:
        number = far_end(tie, last)
        words = names[number] + (f", proficiency {last.value}" if tie.is_skill and last.value else "")
        state = "not certain" if not last.is_certain else "set" if last.value else "taken away"
        tone = "warn" if not last.is_certain else "ok" if last.value else "mute"
        is_there = bool(last.value) or not last.is_certain
        lines.append(Line(number, words, last.set_words, tone, state, is_there=is_there))
    return lines, len(shown) if len(shown) < LINES else sets.count()


def reported(tie: Tie, row: Mirrored) -> tuple[list[Line], int]:
    """What MaxContact itself reports of this tie, then what was set here and is reported otherwise."""
    column = tie.reported_by or ""
    if tie.is_forward:
        members = mirrored_models()[tie.name]._default_manager.filter(**{f"{column}_id": row.pk}, missing_since=None)
        found = {member.pk: f"{member} ({member.pk})" for member in members[:LINES]}
        count = len(found) if len(found) < LINES else members.count()
    else:
        number = getattr(row, f"{column}_id")
        found = names_of(tie, {number}) if number else {}
        count = len(found)
    lines = [Line(number, words, "as MaxContact reports") for number, words in found.items()]
    against = list(contradictions(tie, row))
    return [*lines, *against], count + len(against)


def contradictions(tie: Tie, row: Mirrored) -> Iterator[Line]:
    column = f"{tie.reported_by}_id"
    shown = list(sets_of(tie, row)[:LINES])
    numbers = {far_end(tie, last) for last in shown}
    names = names_of(tie, numbers)
    model = mirrored_models()[tie.name]
    there = dict(model._default_manager.filter(pk__in=numbers).values_list("pk", column))
    for last in shown:
        number = far_end(tie, last)
        is_so = there.get(number) == row.pk if tie.is_forward else getattr(row, column) == number
        if bool(last.value) == is_so:
            continue
        did = ("added here" if last.value else "taken away here") if last.is_certain else "asked for here, no answer"
        how = (
            f"{did} {timezone.localtime(last.at):%d %b %H:%M} by {last.staff or 'maxops'}; MaxContact reports otherwise"
        )
        yield Line(number, names[number], how, "warn", "differs", is_there=bool(last.value))


def send(tie: Tie, row: Mirrored, wanted: Mapping[str, Any], author: Author) -> None:
    """Add or take away; raises what the dialler says against it."""
    other, takes = wanted["other"], wanted["takes"]
    if tie.is_skill:
        said = (
            push.take_skill([row], other, author)
            if takes
            else push.give_skill([row], other, wanted["proficiency"], author)
        )
        refusal = said.get(row.pk)
        if refusal is not None:
            raise refusal
        return
    owner, number = (row, other) if tie.is_forward else (owner_of(tie, other), row.pk)
    (push.unlink if takes else push.link)(owner, tie.name, number, author)


def owner_of(tie: Tie, number: int) -> Mirrored:
    """The record the call goes to; also one that MaxContact knows and the mirror has not read."""
    model = mirrored_models()[tie.owner]
    return model._default_manager.filter(pk=number).first() or model(pk=number)
