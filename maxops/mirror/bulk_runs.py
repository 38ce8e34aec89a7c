"""A confirmed bulk act on its way: row by row, each settled by itself, so that whoever goes on knows where.

A row found "on its way" after a crash is sent again: every offer sets a state, so that does no harm.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from maxops.locks import hold
from maxops.mirror.author import Author
from maxops.mirror.deeds import Chosen
from maxops.mirror.errors import HOPELESS, NotKept, sentence
from maxops.mirror.holds import held
from maxops.mirror.models import BulkAct, BulkRow, Ledger, Mirrored, mirrored_models
from maxops.mirror.offers import Offer, offer_of
from maxops.remote.errors import MaxopsConfigError, Refused, RemoteError

log = logging.getLogger(__name__)
Outcome, State = BulkRow.Outcome, BulkAct.State

SLICE = 100  # rows looked up together
SIGN_OF_LIFE_SECONDS = 2
STALE = timedelta(seconds=60)
FORGOTTEN = timedelta(days=1)
SILENCES = 2  # rows in a row without an answer: nobody is listening
FOREVER = float("inf")
EMERGENCY = "emergency enable"  # as the ledger tells it


class Stop(Exception):
    """The next row would meet the same: the rest is not tried."""


def run(bulk_act_id: int, *, seconds: float = FOREVER) -> bool:
    """Go on with a bulk act that was confirmed, for about so long; whether nothing is left to do for it.

    Whoever holds the lock does it; anybody else has nothing to do.
    """
    with hold(settings.DATA_DIR / "locks" / f"bulk_act-{bulk_act_id}") as mine:
        bulk_act = BulkAct.objects.get(pk=bulk_act_id)
        confirmed = BulkAct.objects.filter(pk=bulk_act_id, state__in=[State.WAITING, State.RUNNING])
        if not mine or not confirmed.update(state=State.RUNNING, alive_at=timezone.now()):
            return True
        try:
            going = _begin(bulk_act, time.monotonic() + seconds)
            state, words = (State.FINISHED, "") if going.through() else (State.RUNNING, "")
        except (Stop, MaxopsConfigError) as end:
            state, words = State.STOPPED, sentence(end)
        return _end(bulk_act, state, words)


def _begin(bulk_act: BulkAct, until: float) -> "Going":
    try:
        offer = offer_of(bulk_act.kind, bulk_act.offer)
        return Going(bulk_act, offer, offer.read(bulk_act.parameters), until)
    except (LookupError, Refused) as error:
        raise Stop(sentence(error)) from error


def _end(bulk_act: BulkAct, state: str, words: str) -> bool:
    """Unless somebody stopped it meanwhile, with words of his own."""
    now = timezone.now()
    if state == State.RUNNING:
        return not BulkAct.objects.filter(pk=bulk_act.pk, state=State.RUNNING).update(alive_at=now)
    running = BulkAct.objects.filter(pk=bulk_act.pk, state=State.RUNNING)
    running.update(state=state, message=words, alive_at=now, finished_at=now)
    log.info("%s: %s", bulk_act, state)
    return True


@dataclass
class Going:
    bulk_act: BulkAct
    offer: Offer
    chosen: Chosen
    until: float
    silences: int = 0
    shown_at: float = field(default_factory=time.monotonic)

    @property
    def author(self) -> Author:
        return Author(self.bulk_act.staff, self.bulk_act.source, self.bulk_act.address)

    def through(self) -> bool:
        """Whether every row is settled; False when the time is over before."""
        last = 0
        while lines := self.open_after(last):
            rows = mirrored_models()[self.bulk_act.kind]._default_manager.in_bulk([line.remote_id for line in lines])
            for start in range(0, len(lines), self.offer.deed.size):
                if time.monotonic() >= self.until:
                    return False
                self.do(lines[start : start + self.offer.deed.size], rows)
            last = lines[-1].pk
        return True

    def open_after(self, last: int) -> list[BulkRow]:
        lines = self.bulk_act.rows.filter(pk__gt=last, outcome__in=[Outcome.OPEN, Outcome.SENDING])
        return list(lines.order_by("pk")[:SLICE])

    def do(self, lines: Sequence[BulkRow], known: dict[int, Mirrored]) -> None:
        """One call, and what came of it for each row of it. Without a setup nothing is sent, and the rows stay open."""
        self.show_life()
        self.heed_emergency()
        rows = [known[line.remote_id] for line in lines if line.remote_id in known]
        numbers = [line.pk for line in lines]
        BulkRow.objects.filter(pk__in=numbers).update(outcome=Outcome.SENDING, at=timezone.now())
        try:
            stood = {row.pk for row in rows if self.offer.deed.stands(row, self.chosen)}
            told = self.offer.deed.send(rows, self.chosen, self.author) if rows else {}
        except MaxopsConfigError:
            BulkRow.objects.filter(pk__in=numbers).update(outcome=Outcome.OPEN, at=None)
            raise
        for line in lines:
            answer = told.get(line.remote_id, LookupError("It is not among the records read from MaxContact."))
            line.outcome, line.words = self.judged(answer, line.remote_id in stood)
            line.at = timezone.now()
        BulkRow.objects.bulk_update(lines, ["outcome", "words", "at"])
        self.stop_if_hopeless([told.get(line.remote_id) for line in lines], lines[-1])

    def judged(self, answer: object, stood: bool) -> tuple[str, str]:
        if isinstance(answer, str):
            words = self.offer.already if stood else self.offer.done
            return Outcome.DONE, f"{words}. {answer}" if answer else words
        if isinstance(answer, NotKept):
            return Outcome.DONE, f"{self.offer.done}. {answer.message}"
        if isinstance(answer, RemoteError) and answer.taken == "unknown":
            words = f"no answer; not known whether it was {self.offer.done}. It is safe to try again."
            return Outcome.UNKNOWN, words
        return Outcome.REFUSED, f"not {self.offer.done}. {sentence(answer) if isinstance(answer, Exception) else ''}"

    def stop_if_hopeless(self, answers: Sequence[object], last: BulkRow) -> None:
        ending = next((answer for answer in answers if isinstance(answer, HOPELESS)), None)
        if ending is not None:
            raise Stop(ending.message)
        self.silences = self.silences + 1 if last.outcome == Outcome.UNKNOWN else 0
        if self.silences >= SILENCES:
            raise Stop("MaxContact did not answer several times in a row.")

    def show_life(self) -> None:
        """Now and then; and whether somebody stopped it meanwhile."""
        if time.monotonic() - self.shown_at < SIGN_OF_LIFE_SECONDS:
            return
        self.shown_at = time.monotonic()
        if not BulkAct.objects.filter(pk=self.bulk_act.pk, state=State.RUNNING).update(alive_at=timezone.now()):
            raise Stop("")

    def heed_emergency(self) -> None:
        """What was chosen before the handle was pulled must not start campaigns after it."""
        pulled = Ledger.objects.filter(kind="", operation=EMERGENCY, at__gte=self.bulk_act.created_at)
        if self.offer.starts and (held() or pulled.exclude(outcome=Ledger.Outcome.REFUSED).exists()):
            raise Stop("The emergency handle was pulled meanwhile, so nothing more was started.")


def left_lying() -> list[int]:
    """Confirmed, but nobody is at work on them: a lost message, a killed worker."""
    now = timezone.now()
    waiting = BulkAct.objects.filter(state=State.WAITING)
    silent = BulkAct.objects.filter(state=State.RUNNING, alive_at__lt=now - STALE)
    return list((waiting | silent).order_by("pk").values_list("pk", flat=True))


def forget_proposals() -> None:
    """Nobody confirmed them for a day. A few at a time: their rows may be many."""
    old = BulkAct.objects.filter(state=State.PROPOSED, created_at__lt=timezone.now() - FORGOTTEN)
    for bulk_act in old[:20]:
        rows = BulkRow.objects.filter(bulk_act=bulk_act)
        while numbers := list(rows.values_list("pk", flat=True)[:1000]):
            BulkRow.objects.filter(pk__in=numbers).delete()
        # Somebody may confirm it at this moment: then it finishes at once, without rows.
        BulkAct.objects.filter(pk=bulk_act.pk, state=State.PROPOSED).delete()
