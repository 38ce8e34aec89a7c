"""Pull, stand down, drill: plain functions, called in the request or the command, never queued (contract.md 3)."""

import time
import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.utils import timezone

from maxops.emergency import calls, journal, readings, records
from maxops.emergency.models import Event, Kind, State, Step, What
from maxops.emergency.proof import add_running, confirm, is_all_quiet, is_lost, judge, take
from maxops.emergency.readings import Look, Sight

PAUSES = (0.0, 0.2, 1.5)  # before each of at most three calls
ROUND_SECONDS = 10.0  # and all of them begin within this
# A look at the campaigns is begun just before the first call, so that it tells what ran. The panel reads them every ten
# seconds: on a press there the call leaves a moment later, answered look or not; else the look gets up to a second.
FRESH_SECONDS = 12.0
HEAD_START = 0.005
SAME_PRESS = timedelta(minutes=1)  # a reload just after a stand-down is no new press
FIRST_READ_SECONDS = 1.0
LATE_WARNING = (
    "An earlier request to stop was never answered and may still take effect: read the campaigns again in a minute, "
    "and stand down once more if they stop."
)


@dataclass(frozen=True)
class Press:
    """A person's decision; `token` makes a double click or a reload the same press."""

    by: str = ""
    reason: str = ""
    note: str = ""
    source: str = "page"
    token: uuid.UUID = field(default_factory=uuid.uuid4)

    def words(self, text: str) -> str:
        return f"{text}: {self.reason}" if self.reason else text

    def step(self, text: str) -> Step:
        return Step(id=self.token, what=What.PRESS, by=self.by, text=text)

    def event(self, kind: Kind, sight: Sight | None) -> Event:
        now = timezone.now()
        return Event(
            id=self.token,
            kind=kind,
            by=self.by[:150],
            source=self.source,
            reason=self.reason[:100],
            note=self.note,
            requested_at=now,
            called_at=now,
            deadline=deadline(),
            before=list(sight.campaigns) if sight else [],
            before_at=sight.at if sight else None,
        )


def deadline() -> Any:
    return timezone.now() + timedelta(seconds=apps.get_app_config("emergency").confirm_seconds)


def pull(press: Press, *, again: bool = False) -> Event:
    """Stop everything. Whoever presses while an emergency is open joins it; `again` asks for another call."""
    sight = readings.newest()
    event = press.event(Kind.PULL, sight)
    kept = records.claim(event, press.step("Stop everything"))
    if kept is not event:
        if is_long_over(kept):
            return pull(replace(press, token=uuid.uuid4()), again=again)
        return join(kept, press, again)
    look = readings.Look()
    sight = look.wait(patience(sight, press.source)) or sight
    event.before, event.before_at = (list(sight.campaigns), sight.at) if sight else ([], None)
    return call_round(event, press, look)


def is_long_over(event: Event) -> bool:
    """A panel left open since an emergency that has ended: pressing it means a new one, whatever its token says."""
    is_over = event.state == State.OFF and event.released_at is not None
    return is_over and timezone.now() - event.released_at >= SAME_PRESS


def patience(sight: Sight | None, source: str) -> float:
    """How long the call may wait to learn what runs: hardly, when it is known from a moment ago."""
    is_known = sight and sight.watched and sight.is_younger_than(FRESH_SECONDS) and source == "page"
    return HEAD_START if is_known else FIRST_READ_SECONDS


def join(event: Event, press: Press, again: bool) -> Event:
    """A press on an open emergency: another call only if it is asked for, or if campaigns are found running again."""
    if journal.of_press(press.token):
        return event  # the same press once more: a double click, a reload
    with journal.lock():
        event = records.get(event.pk) or event
        records.save(event, press.step(press.words("Pressed again" if again else "Joined by another press")))
    if is_calling(event) or (not again and event.state == State.CONFIRMING and not event.past_deadline):
        return event
    if not again and event.state != State.STANDING_DOWN:
        event = confirm(event, wanted=True)
        if is_all_quiet(event) and is_recent(event):
            return event
    with journal.lock():
        event = records.get(event.pk) or event
        if is_calling(event):
            return event
        event.state, event.called_at, event.deadline = State.REQUESTED, timezone.now(), deadline()
        # A stand-down that came to nothing is over with this; the timeline keeps it.
        event.release_requested_at, event.released_by, event.release_reason, event.release_answer = None, "", "", ""
        records.save(event, patience=records.BRIEF)
    return call_round(event, press)


def is_recent(event: Event) -> bool:
    """Whether the last call is so young that another press meant the same one. Nothing shows whether the Portal has
    switched the emergency off since an older one, and asking again for what is on does no harm."""
    return event.called_at is not None and timezone.now() - event.called_at < timedelta(seconds=ROUND_SECONDS)


def is_calling(event: Event) -> bool:
    """Somebody's calls are on their way at this moment."""
    return event.state == State.REQUESTED and not is_lost(event)


def call_round(event: Event, press: Press, look: Look | None = None) -> Event:
    """At most three calls: again at once when nothing was taken; after no answer only while campaigns still run."""
    began, doubt, wait = time.monotonic(), False, 0.0
    for pause in PAUSES:
        if time.monotonic() - began + max(pause, wait) >= ROUND_SECONDS:
            break
        time.sleep(max(pause, wait))
        event.called_at = timezone.now()
        step, wait = calls.call(calls.ENABLE, press.by)
        event.answer = step.text
        if step.outcome == "accepted":
            event.accepted_at = event.accepted_at or timezone.now()
        records.save(event, step, patience=records.BRIEF)
        doubt = doubt or step.outcome == "unknown"
        if step.outcome not in ("no", "unknown"):
            break
        if step.outcome == "unknown" and not is_seen_running(event):
            break
    late = look.wait(0) if look else None
    if late:
        add_running(event, late, "")
    event.state = State.CONFIRMING if event.accepted_at else State.UNKNOWN if doubt else State.FAILED
    if event.state == State.FAILED:
        event.settled_at = timezone.now()
    records.save(event)
    # A dialler that declines can be read: what still runs is worth knowing.
    return confirm(event, wanted=step.outcome == "refused")


def is_seen_running(event: Event) -> bool:
    """Read at once after a call without an answer: true only when campaigns are seen to run still."""
    sight = readings.read_now()
    line = take(event, sight)
    records.save(event, line, patience=records.BRIEF)
    return not sight.problem and bool(event.unconfirmed)


def release(press: Press) -> Event:
    """Back to normal. Nothing is restarted; a call without an answer is not repeated, for nothing shows its effect."""
    with journal.lock():
        event = journal.of_press(press.token) or records.open_pull()
        if event and (is_calling(event) or is_standing_down(event) or not event.is_open):
            return event
        if event is None:
            event = press.event(Kind.RELEASE, readings.newest())
        event.state, event.called_at = State.STANDING_DOWN, timezone.now()
        event.release_requested_at, event.released_by = event.called_at, press.by[:150]
        event.release_reason, event.release_answer = press.reason[:100], ""
        records.save(event, press.step(press.words("Stand down")), patience=records.BRIEF)
    for pause in PAUSES:
        time.sleep(pause)
        step, _ = calls.call(calls.DISABLE, press.by)
        records.save(event, step, patience=records.BRIEF)
        if step.outcome != "no":
            break
    return stood_down(event.pk, step, event)


def had_silence(event: Event) -> bool:
    """Whether a request to stop was never answered: it may lie on the way still, and arrive after the stand-down."""
    return any(step.operation == calls.ENABLE and step.outcome == "unknown" for step in records.steps_of(event))


def asked_at(event: Event) -> datetime:
    """When the latest request to stop was sent."""
    calls_on = (step.at for step in records.steps_of(event) if step.operation == calls.ENABLE)
    return max(calls_on, default=event.requested_at)


def is_standing_down(event: Event) -> bool:
    return event.state == State.STANDING_DOWN and not is_lost(event)


def stood_down(pk: uuid.UUID, step: Step, event: Event) -> Event:
    """Record how the stand-down went, unless the handle was pulled again meanwhile."""
    sight = readings.read_now()
    with journal.lock():
        event = records.get(pk) or event
        if event.state != State.STANDING_DOWN:
            return event
        line = take(event, sight)
        event.release_answer = step.text
        if step.outcome == "accepted":
            event.state, event.released_at = State.OFF, timezone.now()
            event.release_answer = f"{step.text} {LATE_WARNING}" if had_silence(event) else step.text
        elif step.outcome == "unknown":
            event.release_answer = f"{step.text} Whether the emergency is off is not known: press again."
            event.called_at = None  # nothing is under way any more
        elif event.kind == Kind.RELEASE:
            event.state = State.FAILED
        else:
            event.state = State.CONFIRMING if event.accepted_at else State.UNKNOWN
            event.called_at = asked_at(event)  # what was seen since the pull still holds
            event.deadline, known = timezone.now(), event.settled_at
            judge(event)
            event.release_answer = f"Stand-down did not go through: {step.text}"
            event.settled_at = known or event.settled_at
        records.save(event, line)
    return event


def drill(press: Press) -> Event:
    """Everything but the call: the statuses, the log-in and a reading, timed. An open emergency comes back instead."""
    opened = records.open_pull()
    if opened:
        return opened
    end_drill(press.by)
    event = press.event(Kind.DRILL, readings.newest())
    event.state = State.DRILL
    sight = readings.read_now()
    line = take(event, sight)
    if sight.problem:
        event.answer = f"Drill: MaxContact could not be read. {sight.problem}"
    else:
        event.before, event.before_at = list(sight.campaigns), sight.at
        line.text = f"{event.running_before} of {len(event.before)} campaigns run."
        event.answer = f"Drill: the request was not sent; {event.running_before} running campaigns would have to stop."
    event.settled_at = timezone.now()
    call = Step(what=What.CALL, operation=calls.ENABLE, outcome="not sent", by=press.by, text="Drill: not sent.")
    records.save(event, press.step("Drill"), call, line)
    return event


def end_drill(by: str) -> Event | None:
    event = records.open_drill()
    if event:
        event.state, event.released_at, event.released_by = State.DRILL_OVER, timezone.now(), by
        records.save(event)
    return event


def status() -> Event | None:
    """What was last sent from here, or a drill under way; None when nothing was ever sent."""
    return records.look_up() or records.last_event((Kind.PULL, Kind.RELEASE))
