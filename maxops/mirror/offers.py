"""What can be done to rows of each kind, one row an offer: as an action over a selection, or on one record's page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from maxops.mirror.deeds import Associate, Deed, SetSkill, SetTo
from maxops.mirror.early import refuse
from maxops.remote.maxcontact.choices import CampaignStatus, CampaignType
from maxops.remote.maxcontact.entities import PROFICIENCY, SKILL

LARGEST_ID = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Parameter:
    """`source` is a kind, of which a record is chosen, or "skill", "proficiency" or "type"."""

    name: str
    label: str
    source: str

    def read(self, given: Any) -> int | None:
        """The number given, if this parameter can take it."""
        text = str("" if given is None else given).strip()
        if not text.isdecimal() or len(text) > len(str(LARGEST_ID)):
            return None
        low, high = RANGES.get(self.source, (1, LARGEST_ID))
        return int(text) if low <= int(text) <= high else None

    @property
    def advice(self) -> str:
        if self.source in RANGES:
            low, high = RANGES[self.source]
            return f"Choose the {self.label}: a whole number from {low} to {high}."
        return f"Choose the {self.label}: by its id in MaxContact, a whole number from 1."


RANGES = {"proficiency": PROFICIENCY, "type": (min(CampaignType.values), max(CampaignType.values))}


@dataclass(frozen=True, slots=True)
class Offer:
    """`done` finishes "3 campaigns ...", `already` the same for those that stood so before.

    `question` begins the sentence that asks before something wide or destructive is done, `question_end` ends it after
    the rows: "Take 12 lists from a campaign". An offer without a question needs none.
    """

    name: str
    label: str
    done: str
    already: str
    deed: Deed
    question: str = ""
    question_end: str = ""
    parameters: tuple[Parameter, ...] = ()

    @property
    def called(self) -> str:
        """The kind of the record a call goes to, where that is not the row itself."""
        return self.deed.owner if isinstance(self.deed, Associate) else ""

    @property
    def starts(self) -> bool:
        """Whether it sets campaigns dialling."""
        return self.deed == SetTo("set_status", CampaignStatus.RUNNING.value)

    def asked(self, rows: str) -> str:
        """`rows` are "12 campaigns", or one by its name."""
        return " ".join(filter(None, [self.question or self.label, rows, self.question_end]))

    def read(self, given: Mapping[str, Any]) -> dict[str, int]:
        """What was chosen, as numbers; Refused, each parameter named, when something is missing or cannot be."""
        values = {parameter.name: parameter.read(given.get(parameter.name)) for parameter in self.parameters}
        refuse({parameter.name: parameter.advice for parameter in self.parameters if values[parameter.name] is None})
        return {name: value for name, value in values.items() if value is not None}


LIST = Parameter("list", "list", "lists")
TEAM = Parameter("team", "team", "teams")
CAMPAIGN = Parameter("campaign", "campaign", "campaigns")
TYPE = Parameter("type", "dialling type", "type")
WHICH_SKILL = Parameter("skill", "skill", SKILL)
HOW_WELL = Parameter("proficiency", "proficiency", "proficiency")

ACTIVITY = (
    Offer("activate", "Set active in MaxContact", "set active", "already active", SetTo("set_active", True)),
    Offer(
        "deactivate",
        "Set inactive in MaxContact",
        "set inactive",
        "already inactive",
        SetTo("set_active", False),
        "Set",
        "inactive",
    ),
)


def _status(name: str, status: CampaignStatus, done: str, already: str, *, asks: bool = True) -> Offer:
    verb = name.capitalize()
    return Offer(name, f"{verb} in MaxContact", done, already, SetTo("set_status", status.value), verb if asks else "")


def _of_campaign(link: str, parameter: Parameter) -> tuple[Offer, Offer]:
    label = parameter.label
    given = Offer(
        f"add_{parameter.name}",
        f"Add a {label}",
        f"given the {label}",
        f"already given the {label}",
        Associate(link, parameter.name, adds=True),
        parameters=(parameter,),
    )
    taken = Offer(
        f"take_{parameter.name}",
        f"Take a {label} away",
        f"cleared of the {label}",
        f"already cleared of the {label}",
        Associate(link, parameter.name, adds=False),
        f"Take a {label} away from",
        parameters=(parameter,),
    )
    return given, taken


def _of_others(owner: Parameter, link: str) -> tuple[Offer, Offer]:
    label = owner.label
    added = Offer(
        f"add_to_{owner.name}",
        f"Add to a {label}",
        f"added to the {label}",
        f"already in the {label}",
        Associate(link, owner.name, adds=True, owner=owner.source),
        parameters=(owner,),
    )
    taken = Offer(
        f"take_from_{owner.name}",
        f"Take from a {label}",
        f"taken from the {label}",
        f"already taken from the {label}",
        Associate(link, owner.name, adds=False, owner=owner.source),
        "Take",
        f"from a {label}",
        (owner,),
    )
    return added, taken


OFFERS: dict[str, tuple[Offer, ...]] = {
    "campaigns": (
        _status("start", CampaignStatus.RUNNING, "started", "already running", asks=False),
        _status("pause", CampaignStatus.PAUSED, "paused", "already paused"),
        _status("stop", CampaignStatus.NOT_RUNNING, "stopped", "already stopped"),
        _status("flush", CampaignStatus.FLUSHED, "flushed", "already flushed"),
        *ACTIVITY,
        Offer(
            "set_type",
            "Set the dialling type",
            "given the new type",
            "already of that type",
            SetTo("set_type", parameter=TYPE.name),
            "Set the dialling type of",
            parameters=(TYPE,),
        ),
        *_of_campaign("lists", LIST),
        *_of_campaign("teams", TEAM),
    ),
    "lists": (*ACTIVITY, *_of_others(CAMPAIGN, "lists")),
    "teams": (*ACTIVITY, *_of_others(CAMPAIGN, "teams")),
    "users": (
        *ACTIVITY,
        *_of_others(TEAM, "users"),
        Offer(
            "give_skill",
            "Give a skill",
            "given the skill",
            "already given the skill",
            SetSkill(gives=True),
            parameters=(WHICH_SKILL, HOW_WELL),
        ),
        Offer(
            "take_skill",
            "Take a skill away",
            "cleared of the skill",
            "already cleared of the skill",
            SetSkill(gives=False),
            "Take a skill away from",
            parameters=(WHICH_SKILL,),
        ),
    ),
}


def offer_of(kind: str, name: str) -> Offer:
    """LookupError when there is none of that name, as after an upgrade."""
    found = next((offer for offer in OFFERS.get(kind, ()) if offer.name == name), None)
    if found is None:
        raise LookupError(f"There is no {name} for {kind}.")
    return found
