"""Skills of many users: called for together, told one by one. Setting a skill that is set does no harm."""

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError

from maxops.mirror.author import Author
from maxops.mirror.early import refuse, refuse_locked
from maxops.mirror.errors import HOPELESS, NotKept, Occupied
from maxops.mirror.last_sets import remember
from maxops.mirror.models import LastSet, Ledger, Mirrored
from maxops.mirror.sending import CANNOT_BE_ASKED, settled
from maxops.mirror.turns import turn
from maxops.remote.connect import maxcontact
from maxops.remote.errors import Refused, RemoteError, Unanswered
from maxops.remote.maxcontact.entities import PROFICIENCY

log = logging.getLogger(__name__)
CALL_SIZE = 100  # users a call
Told = dict[int, RemoteError | None]  # by user id; None for done


def give_skill(users: Iterable[Mirrored], skill_id: int, proficiency: int, author: Author) -> Told:
    """What came of it for each user; Refused, with the field named, when the numbers cannot be right."""
    refuse(_wrong_skill(skill_id) | wrong_proficiency(proficiency))
    management = maxcontact().management
    return SkillSetting(
        skill_id, proficiency, author, lambda ids: management.skills_on(skill_id, proficiency, ids)
    ).send(users)


def take_skill(users: Iterable[Mirrored], skill_id: int, author: Author) -> Told:
    refuse(_wrong_skill(skill_id))
    management = maxcontact().management
    return SkillSetting(skill_id, 0, author, lambda ids: management.skills_off(skill_id, ids)).send(users)


def wrong_proficiency(value: Any) -> dict[str, str]:
    low, high = PROFICIENCY
    right = isinstance(value, int) and low <= value <= high
    return {} if right else {"proficiency": f"A proficiency is a whole number from {low} to {high}."}


def _wrong_skill(value: Any) -> dict[str, str]:
    right = isinstance(value, int) and value > 0
    return {} if right else {"skill": "A skill is named by its id in MaxContact, a whole number from 1."}


@dataclass(frozen=True, slots=True)
class SkillSetting:
    """One skill given (`level` is the proficiency) or taken away (0); `call` names those declined one by one."""

    skill_id: int
    level: int
    author: Author
    call: Callable[[Sequence[int]], dict[int, str]]

    def send(self, users: Iterable[Mirrored]) -> Told:
        told: Told = {}
        free = []
        for user in {user.pk: user for user in users}.values():
            try:
                refuse_locked(user)
                free.append(user)
            except Refused as refusal:
                told[user.pk] = refusal
        end: RemoteError | None = None
        for start in range(0, len(free), CALL_SIZE):
            group = free[start : start + CALL_SIZE]
            # A dialler that is away would meet the next call in the same way.
            told |= {user.pk: end for user in group} if end else self.send_group(group)
            end = end or _ending(told[user.pk] for user in group)
        return told

    def send_group(self, users: Sequence[Mirrored]) -> Told:
        try:
            with turn(f"skills-{self.skill_id}", "skill"):
                entries = self.enter(users)
                told = self.ask([user.pk for user in users])
                self.settle(entries, told)
                with suppress(NotKept):  # the log has it; the others' outcomes count
                    self.remember(told)
        except Occupied as refusal:
            return {user.pk: refusal for user in users}
        return told

    def ask(self, user_ids: Sequence[int]) -> Told:
        """A refused call of several is halved until those are found that it was refused for."""
        try:
            declined = self.call(user_ids)
        except RemoteError as error:
            if isinstance(error, Refused) and not isinstance(error, HOPELESS) and len(user_ids) > 1:
                half = len(user_ids) // 2
                first = self.ask(user_ids[:half])
                end = _ending(first.values())
                return first | (dict.fromkeys(user_ids[half:], end) if end else self.ask(user_ids[half:]))
            if error.taken == "unknown":
                words = f"{settled(error.message)} {CANNOT_BE_ASKED}"
                error = Unanswered(words, operation=error.operation, detail=error.detail)
            return dict.fromkeys(user_ids, error)
        return {user_id: Refused(declined[user_id]) if user_id in declined else None for user_id in user_ids}

    def enter(self, users: Sequence[Mirrored]) -> dict[int, Ledger]:
        """Before the first byte, an entry for each: whoever looks for a user's writes must find it."""
        changes = {"skills": [None, self.skill_id] if self.level else [self.skill_id, None]}
        if self.level:
            changes["proficiency"] = [None, self.level]
        entries = [
            Ledger(
                staff=self.author.login,
                source=self.author.source,
                address=self.author.address,
                operation="give skill" if self.level else "take skill",
                kind=user.kind(),
                remote_id=user.pk,
                subject=str(user),
                changes=changes,
                answer="Sent; no answer yet.",
            )
            for user in users
        ]
        return {entry.remote_id: entry for entry in Ledger.objects.bulk_create(entries)}

    def settle(self, entries: dict[int, Ledger], told: Told) -> None:
        alike: dict[tuple[str, str], list[int]] = {}
        for user_id, error in told.items():
            alike.setdefault((outcome_of(error), error.message if error else ""), []).append(entries[user_id].pk)
        try:
            for (outcome, answer), numbers in alike.items():
                Ledger.objects.filter(pk__in=numbers).update(outcome=outcome, answer=answer)
        except DatabaseError:
            log.exception("skill %s was sent, but the ledger could not be written", self.skill_id)

    def remember(self, told: Told) -> None:
        remember(
            [
                LastSet(
                    kind="users",
                    remote_id=user_id,
                    name="skills",
                    other_id=self.skill_id,
                    value=self.level,
                    is_certain=error is None,
                    staff=self.author.login,
                )
                for user_id, error in told.items()
                if error is None or error.taken == "unknown"
            ]
        )


def outcome_of(error: RemoteError | None) -> str:
    if error is None:
        return Ledger.Outcome.ACCEPTED
    return Ledger.Outcome.UNKNOWN if error.taken == "unknown" else Ledger.Outcome.REFUSED


def _ending(errors: Iterable[RemoteError | None]) -> RemoteError | None:
    return next((error for error in errors if isinstance(error, HOPELESS)), None)
