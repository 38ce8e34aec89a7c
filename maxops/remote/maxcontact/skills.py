"""Skills of many users in one call, and what its answer tells of each of them.

The document calls the answer SkillUserResult and says no more of it: `Success` decides, a list of users is read if
there is one.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from maxops.remote.codec import WRAPPERS, decode, encode
from maxops.remote.http import Answer, Call
from maxops.remote.kinds import letters_of, read_flag, read_int
from maxops.remote.maxcontact.envelope import TOLERATED, read_envelope
from maxops.remote.maxcontact.session import Session

PATH = "management/users/skills"
WHO = ("userid", "id", "user")
FLAGS = ("success", "issuccess", "succeeded")
WORDS = ("result", "status", "responsecode")
REASONS = ("responsedetail", "detail", "message", "error", "reason", "description")
# A word of success is not documented, so only a word of failure counts against the call's own success.
FAILURE = re.compile(r"error|fail|invalid|not\s*found|unknown|declin|refus|denied|reject", re.IGNORECASE)


def give(session: Session, skill_id: int, proficiency: int, user_ids: Sequence[int]) -> dict[int, str]:
    wire = {"SkillId": skill_id, "Proficiency": proficiency, "UserIds": list(user_ids)}
    return _send(session, Call("give skill", "PUT", PATH, body=encode(wire), repeat=True, tolerated=TOLERATED))


def take(session: Session, skill_id: int, user_ids: Sequence[int]) -> dict[int, str]:
    wire = {"SkillId": skill_id, "UserIds": list(user_ids)}
    return _send(session, Call("take skill", "DELETE", PATH, body=encode(wire), repeat=True, tolerated=TOLERATED))


def _send(session: Session, call: Call) -> dict[int, str]:
    """The users it was declined for although the call as such succeeded, with the reason."""

    def read(answer: Answer) -> dict[int, str]:
        read_envelope(call, session.transport, answer)
        return declined_in(decode(answer.body, answer.content_type))

    return session.call(call, read)


def declined_in(wire: Any, depth: int = WRAPPERS + 2) -> dict[int, str]:
    """By user id, wherever in the answer the list of users is."""
    if depth == 0:
        return {}
    if isinstance(wire, Mapping):
        wire = list(wire.values())
    if not isinstance(wire, list):
        return {}
    found: dict[int, str] = {}
    for one in wire:
        verdict = _verdict(one) if isinstance(one, Mapping) else None
        found |= declined_in(one, depth - 1) if verdict is None else verdict
    return found


def _verdict(one: Mapping[str, Any]) -> dict[int, str] | None:
    """{} for a user it was done for, {id: reason} for one it was not; None when it is not about a user."""
    by_name = {letters_of(name): value for name, value in one.items()}
    try:
        user_id = next((read_int(by_name[name]) for name in WHO if name in by_name), None)
        flag = next((read_flag(by_name[name]) for name in FLAGS if name in by_name), None)
    except ValueError:
        return None
    words = next((str(by_name[name]) for name in WORDS if by_name.get(name)), "")
    if user_id is None or (flag is None and not words):
        return None
    if flag or (flag is None and not FAILURE.search(words)):
        return {}
    reason = next((str(by_name[name]) for name in REASONS if by_name.get(name)), words)
    return {user_id: f"MaxContact declined it for this user{f': {reason}' if reason else ' and gave no reason.'}"}
