"""The figures and the state of a run, worked out anew from its parts whenever one of them changes.

Always: rows = held back + accepted + rejected + unknown + not attempted + still waiting (contract section 4).
"""

from collections import Counter
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from maxops.imports.models import Part, Run, RunEvent, Tally
from maxops.imports.rejections import FIRST_REASON, LAST_REASON
from maxops.remote.lines import OTHER_REASONS
from maxops.remote.platforms.interface import Fate

SENT = frozenset({Part.State.SENDING, Part.State.WAITING, Part.State.ANSWERED, Part.State.UNKNOWN})
UNDECIDED = frozenset({Part.State.WAITING, Part.State.UNKNOWN})
FINAL = frozenset({"finished", "finished_with_rejects", "partly_sent", "no_answer", "failed", "cancelled"})


def note(run: Run, text: str) -> None:
    RunEvent.objects.create(run=run, text=text)


def recount(run_id: int, **changes: object) -> Run:
    """Figures by the parts; `changes` are set along with them. The row is locked, so that two at once both count."""
    with transaction.atomic():
        run = Run.objects.select_for_update().get(pk=run_id)
        for name, value in changes.items():
            setattr(run, name, value)
        parts = list(run.parts.all())
        run.state = state_by_parts(run, parts)
        count_parts(run, parts)
        count_reasons(run, parts)
        if run.state not in FINAL:
            run.finished_at = None
        elif run.finished_at is None:
            run.finished_at = timezone.now()
        run.heartbeat = timezone.now()
        run.save()
    return run


def count_parts(run: Run, parts: Iterable[Part]) -> None:
    rows = Counter()
    for part in parts:
        rows[part.state] += part.rows
        if part.state == Part.State.ANSWERED:
            rows["accepted"] += part.accepted
            rows["not known"] += part.unknown
    waiting = rows[Part.State.SENDING] + rows[Part.State.WAITING]
    given_up = run.state == Run.State.NO_ANSWER
    run.sent = sum(rows[state] for state in SENT)
    run.accepted = rows["accepted"]
    run.waiting = 0 if given_up else waiting
    run.unknown = rows["not known"] + rows[Part.State.UNKNOWN] + (waiting if given_up else 0)
    run.not_attempted = run.rows - run.held_back - run.sent


def count_reasons(run: Run, parts: Iterable[Part]) -> None:
    reasons = Counter()
    for part in parts:
        if part.state == Part.State.ANSWERED:
            reasons.update(part.rejected)
    for tally in run.tallies.all():
        if tally.rows != reasons[tally.reason]:
            tally.rows = reasons[tally.reason]
            tally.save(update_fields=["rows"])


def is_untold(part: Part) -> bool:
    """Reported on, yet nothing is known of most of its rows: a person has to look, as if no report had come."""
    return part.state == Part.State.ANSWERED and not part.failure and part.unknown * 2 > part.rows


def state_by_parts(run: Run, parts: list[Part]) -> str:
    """A run whose parts all went out is waiting, finished or failed by what came back; else it stays as it is."""
    if run.state == Run.State.CANCELLED:
        return run.state
    states = {part.state for part in parts}
    if not parts or states & {Part.State.PLANNED, Part.State.SENDING}:
        return run.state
    if Part.State.REFUSED in states:
        return Run.State.PARTLY_SENT if states & SENT else Run.State.FAILED
    if states & UNDECIDED or any(map(is_untold, parts)):
        return run.state if run.state == Run.State.NO_ANSWER else Run.State.WAITING
    if all(part.failure and not part.accepted for part in parts):
        return Run.State.FAILED
    if any(part.rejected or part.unknown for part in parts):
        return Run.State.FINISHED_WITH_REJECTS
    return Run.State.FINISHED


def reason_codes(run: Run, fates: dict[str, Fate]) -> dict[str, int]:
    """The byte of each reason in the outcomes file; new reasons get the next free one."""
    with transaction.atomic():
        Run.objects.select_for_update().get(pk=run.pk)
        known = {tally.reason: tally.code for tally in run.tallies.all()}
        for named, named_fate in fates.items():
            reason, fate = named, named_fate
            if reason in known:
                continue
            codes = [code for code in known.values() if code < LAST_REASON]
            code = max(codes, default=FIRST_REASON - 1) + 1
            if code == LAST_REASON:
                reason, fate = OTHER_REASONS, Fate.REJECTED
            if reason not in known:
                Tally.objects.create(run=run, reason=reason, fate=fate, code=code)
                known[reason] = code
    return known


def fold_reasons(counted: dict[str, int], known: Iterable[str]) -> dict[str, int]:
    """Reasons beyond the bytes there are become one."""
    folded: Counter[str] = Counter()
    for reason, count in counted.items():
        folded[reason if reason in known else OTHER_REASONS] += count
    return dict(folded)
