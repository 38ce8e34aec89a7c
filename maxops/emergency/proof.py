"""What is known after the calls: readings become figures, figures become the state, until all is seen stopped.

Of all statuses only Running counts as running. The API has nothing that tells whether the emergency is on; what is
said here rests on the answers to our own calls and on reading the campaigns (screens.md 1, quirks.md 8.11).
"""

from datetime import timedelta

from django.utils import timezone

from maxops.emergency import journal, readings, records
from maxops.emergency.models import Event, Kind, State, Step, What
from maxops.emergency.readings import Sight
from maxops.remote.maxcontact.choices import CampaignStatus

SETTLED = (State.ON, State.ON_NOT_CONFIRMED, State.FAILED)
LOST_AFTER = timedelta(seconds=30)  # a call without a recorded outcome: its process is gone


def is_lost(event: Event) -> bool:
    return event.called_at is None or timezone.now() - event.called_at > LOST_AFTER


def confirm(event: Event, *, wanted: bool = False) -> Event:
    """Read the campaigns once more, unless somebody did within the last second. Any viewer's page may ask for it."""
    if not (event.is_settling or wanted) or (event.state == State.REQUESTED and not is_lost(event)):
        return event
    if is_read_since_call(event) and timezone.now() - event.read_at < timedelta(seconds=1):
        return settle(event)
    with journal.sole_reader() as ours:
        if not ours:
            return records.get(event.pk) or event
        sight = readings.read_now()
        with journal.lock():
            event = records.get(event.pk) or event
            return take_in(event, sight)


def settle(event: Event) -> Event:
    """What the readings so far come to, kept if it is news."""
    was = event.state
    judge(event)
    if event.state != was:
        records.save(event)
    return event


def take_in(event: Event, sight: Sight) -> Event:
    """Keep a reading with the event: in its figures always, in its timeline while it says something new."""
    known = (event.state, event.confirmed_stopped, bool(event.read_at))
    if event.state == State.REQUESTED and is_lost(event):
        event.state = State.CONFIRMING if event.accepted_at else State.UNKNOWN
    line = take(event, sight)
    judge(event)
    changed = known != (event.state, event.confirmed_stopped, bool(event.read_at))
    records.save(event, *([line] if changed or not event.past_deadline else []))
    return event


def take(event: Event, sight: Sight) -> Step:
    """The reading's facts into the event; its line for the timeline comes back."""
    line = Step(what=What.READING, at=sight.at, operation="read campaigns", seconds=sight.seconds)
    if sight.problem:
        line.outcome, line.text = "unknown", sight.problem
        return line
    if event.is_settling:
        add_running(event, sight, "after")
    event.seen = {str(row["id"]): row["status"] for row in sight.campaigns}
    event.read_at = sight.at
    stopped = {row["id"] for row in event.affected} - {row["id"] for row in event.unconfirmed}
    for row in event.before:
        if row["id"] in stopped:
            event.stopped.setdefault(str(row["id"]), sight.at.isoformat())
        else:
            event.stopped.pop(str(row["id"]), None)
    line.outcome, line.stopped, line.of = "read", event.confirmed_stopped, event.running_before
    line.text = f"{line.stopped} of {line.of} campaigns seen stopped."
    return line


def add_running(event: Event, sight: Sight, found: str) -> None:
    """What is seen running now and was not known to run at the pull counts among those that have to stop."""
    rows = {row["id"]: row for row in event.before}
    for seen in sight.running:
        row = rows.get(seen["id"])
        if row is None:
            event.before.append({**seen, "found": found})
        elif row["status"] != CampaignStatus.RUNNING:
            row.update(status=CampaignStatus.RUNNING, found=found)


def is_read_since_call(event: Event) -> bool:
    return bool(event.read_at and event.called_at and event.read_at >= event.called_at)


def judge(event: Event) -> None:
    """The state from the facts: the answers to the calls, the latest reading, the deadline."""
    if event.kind != Kind.PULL or event.state in (State.REQUESTED, State.FAILED, State.STANDING_DOWN, State.OFF):
        return
    was, event.state = event.state, judged(event)
    if event.state in SETTLED and event.state != was:
        event.answer = words(event)
        if event.settled_at is None or event.state == State.ON:
            event.settled_at = timezone.now()


def is_all_quiet(event: Event) -> bool:
    """Read within the last seconds, and nothing at all was seen running."""
    fresh = event.read_at and timezone.now() - event.read_at < timedelta(seconds=5)
    return bool(fresh and not event.unconfirmed and CampaignStatus.RUNNING not in event.seen.values())


def judged(event: Event) -> State:
    all_stopped = is_read_since_call(event) and not event.unconfirmed
    if event.accepted_at:
        if all_stopped:
            return State.ON
        return State.ON_NOT_CONFIRMED if event.past_deadline or event.state == State.ON else State.CONFIRMING
    if all_stopped and event.running_before:
        return State.ON_NOT_CONFIRMED
    if not event.past_deadline or not is_read_since_call(event):
        return State.UNKNOWN
    if event.confirmed_stopped:
        return State.ON_NOT_CONFIRMED
    return State.FAILED if event.unconfirmed else State.UNKNOWN


def words(event: Event) -> str:
    stopped, ran = event.confirmed_stopped, event.running_before
    if not is_read_since_call(event):
        said = "MaxContact accepted the request" if event.accepted_at else "MaxContact gave no answer"
        return f"{said}; the campaigns could not be read since, so it is not known whether any has stopped."
    if event.state == State.ON:
        seen = f"all {ran} campaigns that ran have been seen stopped" if ran else "no campaign is running"
        return f"MaxContact accepted the request and {seen}."
    if event.state == State.FAILED:
        return f"No answer to the request, and all {ran} campaigns that ran are seen running still."
    if not event.accepted_at:
        return f"MaxContact gave no answer, yet {stopped} of {ran} campaigns that ran have been seen stopped."
    return f"MaxContact accepted the request; {stopped} of {ran} campaigns that ran have been seen stopped."
