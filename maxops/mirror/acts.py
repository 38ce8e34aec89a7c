"""A write sent out, as one sentence: what was done to which record, or what somebody tried to do.

Told from the operation and the changes of its ledger entry; an operation not named here is told by its own words.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from maxops.mirror.models import Ledger
from maxops.mirror.wording import Wording, ends_of, in_order, label_of
from maxops.remote.maxcontact.choices import CampaignStatus
from maxops.remote.maxcontact.entities import ENTITIES

FIELDS_NAMED = 3  # beyond so many changed fields their number says more than their names


@dataclass(frozen=True, slots=True)
class Act:
    """`done` for what was taken, `to_do` after "Tried to" for what was not, or not for certain."""

    done: str
    to_do: str
    icon: str = "send"
    says_all: bool = False  # nothing in the changes that these words do not tell


STATUS_ACTS = {
    CampaignStatus.RUNNING: ("Started", "start", "play"),
    CampaignStatus.PAUSED: ("Paused", "pause", "pause"),
    CampaignStatus.NOT_RUNNING: ("Stopped", "stop", "stop"),
    CampaignStatus.FLUSHED: ("Flushed", "flush", "undo"),
}


def sentence_of(entry: Ledger, wording: Wording) -> str:
    act = act_of(entry, wording)
    return act.done if entry.outcome == Ledger.Outcome.ACCEPTED else f"Tried to {act.to_do}"


def act_of(entry: Ledger, wording: Wording) -> Act:
    for pattern, tell in ACTS:
        if found := pattern.fullmatch(entry.operation):
            return tell(entry, wording, found)
    return Act(f"{entry.operation[:1].upper()}{entry.operation[1:]}{about(entry)}", f"{entry.operation}{about(entry)}")


def thing(entry: Ledger) -> str:
    """campaign “Spring renewals” (12)"""
    label = ENTITIES[entry.kind].label if entry.kind in ENTITIES else "record"
    number = f" ({entry.remote_id})" if entry.remote_id is not None else ""
    return f"{label} “{entry.subject}”{number}" if entry.subject else f"{label}{number}"


def about(entry: Ledger) -> str:
    if entry.kind:
        return f": {thing(entry)}"
    return f": {entry.subject}" if entry.subject else ""


def creating(entry: Ledger, wording: Wording, found: re.Match[str]) -> Act:
    return Act(f"Created {thing(entry)}", f"create {thing(entry)}", "plus")


def updating(entry: Ledger, wording: Wording, found: re.Match[str]) -> Act:
    labels = [label_of(entry.kind, attribute) for attribute, _ in in_order(entry.kind, entry.changes)]
    many = len(labels) > FIELDS_NAMED or not labels
    what = f"{len(labels)} fields" if many else " and ".join(filter(None, [", ".join(labels[:-1]), labels[-1]]))
    return Act(f"Changed {what} of {thing(entry)}", f"change {what} of {thing(entry)}", "pen")


def setting(entry: Ledger, wording: Wording, found: re.Match[str]) -> Act:
    attribute = found["attribute"]
    _, value = ends_of(entry.changes.get(attribute))
    if attribute == "status" and value in STATUS_ACTS:
        done, to_do, icon = STATUS_ACTS[value]
        return Act(f"{done} {thing(entry)}", f"{to_do} {thing(entry)}", icon)
    if attribute == "active":
        words = f"set {thing(entry)} {'active' if value else 'inactive'}"
    else:
        words = (
            f"set {label_of(entry.kind, attribute)} of {thing(entry)} to {wording.value(entry.kind, attribute, value)}"
        )
    return Act(f"S{words[1:]}", words, "pen")


def linking(entry: Ledger, wording: Wording, found: re.Match[str]) -> Act:
    link = found["link"]
    before, after = ends_of(entry.changes.get(link))
    label, named = label_of(entry.kind, link), wording.value(entry.kind, link, before or after)
    other = named if named.startswith(f"{label} ") else f"{label} {named}"
    if found["verb"] == "add":
        return Act(f"Added {other} to {thing(entry)}", f"add {other} to {thing(entry)}", "plus", says_all=True)
    return Act(f"Took {other} from {thing(entry)}", f"take {other} from {thing(entry)}", "close", says_all=True)


def skilling(entry: Ledger, wording: Wording, found: re.Match[str]) -> Act:
    before, after = ends_of(entry.changes.get("skills"))
    skill = f"skill {wording.value(entry.kind, 'skills', before or after)}"
    if found["verb"] == "give":
        _, proficiency = ends_of(entry.changes.get("proficiency"))
        words = f"{skill} to {thing(entry)}{f', proficiency {proficiency}' if proficiency else ''}"
        return Act(f"Gave {words}", f"give {words}", "plus", says_all=True)
    return Act(f"Took {skill} from {thing(entry)}", f"take {skill} from {thing(entry)}", "close", says_all=True)


def uploading(entry: Ledger, wording: Wording, found: re.Match[str]) -> Act:
    what = f"part {found['part']} of import {found['run']}{f' by mapping “{entry.subject}”' if entry.subject else ''}"
    return Act(f"Sent {what}", f"send {what}", "upload")


def pulling(entry: Ledger, wording: Wording, found: re.Match[str]) -> Act:
    if found["verb"] == "enable":
        return Act("Pulled the emergency handle", "pull the emergency handle", "siren")
    return Act("Released the emergency handle", "release the emergency handle", "siren")


Tell = Callable[[Ledger, Wording, re.Match[str]], Act]
ACTS: tuple[tuple[re.Pattern[str], Tell], ...] = (
    (re.compile(r"create \w+"), creating),
    (re.compile(r"update \w+"), updating),
    (re.compile(r"set (?P<attribute>\w+) of \w+"), setting),
    (re.compile(r"(?P<verb>add) to (?P<link>\w+) of \w+"), linking),
    (re.compile(r"(?P<verb>take) from (?P<link>\w+) of \w+"), linking),
    (re.compile(r"(?P<verb>give|take) skill\b.*"), skilling),
    (re.compile(r"upload part (?P<part>\d+) of run (?P<run>\d+)"), uploading),
    (re.compile(r"emergency (?P<verb>enable|disable)"), pulling),
)
