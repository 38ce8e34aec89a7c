"""Which part an answer belongs to, and what it says of the part's rows.

The callback address belongs to a mapping, not to an import, and the document's own example carries no import id. So: by
id; else by the open parts of the mapping, their row counts and the lines we expected; else a person decides.
"""

import logging
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from django.apps import apps
from django.db import DataError, IntegrityError, transaction
from django.utils import timezone

from maxops.imports.answers import body_of
from maxops.imports.counts import fold_reasons, note, reason_codes, recount
from maxops.imports.line_base import PHYSICAL, SentPart, infer, known_base, look_at, numbers_of
from maxops.imports.mapping import files_of, platform_of
from maxops.imports.models import OPEN_PARTS, Answer, Mapping, Part
from maxops.imports.rejections import (
    ACCEPTED,
    LAST_REASON,
    UNKNOWN,
    UNNAMED,
    early_report,
    sent_rows,
    write_outcomes,
)
from maxops.imports.sent_parts import settle_later
from maxops.locks import FOREVER, hold
from maxops.mirror.models import Ledger
from maxops.remote.errors import Garbled
from maxops.remote.platforms.interface import Fate, Outcome, Report

RETRIED = 50
log = logging.getLogger(__name__)


class Choice(NamedTuple):
    """`part` None and `wait`: a part is still being sent and may be the one."""

    part: Part | None
    evidence: str
    wait: bool = False


class Account(NamedTuple):
    accepted: int
    rejected: dict[str, int]
    unknown: int
    unplaced: int
    difference: int


def settle_answer(answer_id: int, part: Part | None = None) -> None:
    """Reads a stored answer and books it on its part; `part` when a person says which. Harmless when done twice."""
    answer = Answer.objects.select_related("mapping").get(pk=answer_id)
    with hold(lock_path(answer.mapping), patience=FOREVER):
        booked = _settle_locked(answer, part)
    if booked:
        settle_open(answer.mapping)


def settle_open(mapping: Mapping) -> None:
    """Tries the answers of a mapping that have no part yet: a part has changed, and may now be the only one left."""
    while True:
        oldest = Part.objects.filter(run__mapping=mapping, state__in=OPEN_PARTS).order_by("sent_at").first()
        if oldest is None or oldest.sent_at is None:
            return
        waiting = Answer.objects.filter(
            mapping=mapping, state__in=[Answer.State.NEW, Answer.State.UNMATCHED], received_at__gte=oldest.sent_at
        ).order_by("id")[:RETRIED]
        with hold(lock_path(mapping), patience=FOREVER):
            booked = [_settle_locked(answer, None) for answer in waiting]
        if not any(booked):
            return


def lock_path(mapping: Mapping) -> Path:
    return apps.get_app_config("imports").answers_folder / f"{mapping.pk}.lock"


def _settle_locked(answer: Answer, part: Part | None) -> bool:
    answer.refresh_from_db()
    if answer.state not in (Answer.State.NEW, Answer.State.UNMATCHED):
        return False
    try:
        report = platform_of(answer.mapping.platform).read_report(body_of(answer).read_bytes())
    except Garbled as error:
        _close(answer, Answer.State.UNREADABLE, error.message)
        return False
    except FileNotFoundError:
        _close(answer, Answer.State.UNREADABLE, "The stored body is no longer there.")
        return False
    answer.imported, answer.rejected = report.imported, sum(report.rejected.values())
    choice = Choice(part, "Assigned by a person.") if part else choose_part(answer, report)
    if choice.part is None:
        matched = Answer.objects.filter(mapping=answer.mapping, sha256=answer.sha256, state=Answer.State.MATCHED)
        if not choice.wait and matched.exists():
            _close(answer, Answer.State.DUPLICATE, "The same report was booked before, and no part waits for another.")
            return False
        state = Answer.State.NEW if choice.wait else Answer.State.UNMATCHED
        _close(answer, state, choice.evidence)
        return False
    choice.part.refresh_from_db()
    # A part that a person decided on has no report yet: what MaxContact says of it counts more.
    if choice.part.state == Part.State.ANSWERED and choice.part.answers.exists():
        recount(choice.part.run_id)
        _close(answer, Answer.State.DUPLICATE, "This part has been reported before; the first report stands.")
        return False
    try:
        book(answer, choice, report)
    except (DataError, IntegrityError, OverflowError, ValueError):
        log.exception("answer %s of mapping %s cannot be booked", answer.pk, answer.mapping_id)
        _close(answer, Answer.State.UNREADABLE, "It holds figures or words that cannot be kept.")
        return False
    return True


def _close(answer: Answer, state: str, evidence: str, part: Part | None = None) -> None:
    answer.state, answer.evidence, answer.part = state, evidence, part
    answer.save()


def choose_part(answer: Answer, report: Report) -> Choice:
    parts = list(
        Part.objects.filter(run__mapping=answer.mapping)
        .exclude(state__in=[Part.State.PLANNED, Part.State.REFUSED])
        .select_related("run__mapping")
        .order_by("-id")[:2000]
    )
    references = set(report.references)
    for part in parts:
        if references & references_of(part):
            return Choice(part, f"By import id {', '.join(sorted(references & references_of(part)))}.")
    candidates = [
        part
        for part in parts
        if part.state in OPEN_PARTS
        and part.sent_at
        and part.sent_at <= answer.received_at
        and not (references and references_of(part))
    ]
    return choose_by_content(candidates, report)


def references_of(part: Part) -> set[str]:
    return {text for text in part.reference.split(",") if text}


def choose_by_content(candidates: list[Part], report: Report) -> Choice:
    """Only an answer that cannot be another part's is taken; a wrong guess would load a wrong report."""
    total = None if report.imported is None else report.imported + sum(report.rejected.values())
    total = None if report.failure and not total else total  # an import that failed as a whole counts nothing
    possible = [part for part in candidates if total is None or total in (part.rows, _expected(part))]
    if any(part.state == Part.State.SENDING for part in possible):
        return Choice(None, "Came while a part was still being sent.", patience=FOREVER)
    if len(possible) == 1:
        words = "of this mapping that waits for a report" if total is None else f"waiting that has {total:,} rows"
        return Choice(possible[0], f"The only part {words}.")
    scored = [(infer(_sent_part(part), report.lines).score, part) for part in possible]
    scored.sort(key=lambda pair: -pair[0])
    if len(scored) > 1 and scored[0][0] > 0 and scored[0][0] > scored[1][0]:
        return Choice(scored[0][1], f"{scored[0][0]} rejected lines are rows of this part that we expected.")
    if not possible:
        return Choice(None, "No part of this mapping that waits for a report has as many rows.")
    return Choice(None, f"It fits {len(possible)} waiting parts of this mapping alike.")


def _expected(part: Part) -> int:
    """Rows the report should account for: those rejected at once are not told twice."""
    return part.rows - part.rejected_at_once


def _sent_part(part: Part) -> SentPart:
    files = files_of(part.run)
    return look_at(files, sent_rows(files, part.first_row, part.last_row))


def book(answer: Answer, choice: Choice, report: Report) -> None:
    """The report becomes the outcomes of the part's rows, and the run is counted anew; all of it or nothing."""
    part = choice.part
    run, mapping = part.run, answer.mapping
    files = files_of(run)
    report = report.joined_to(early_report(files, part.number))
    sent = _sent_part(part)
    learned = learn_line_base(mapping, sent, report)
    known = known_base(mapping)
    lines = files.lines_of(part.first_row, part.last_row - part.first_row + 1)
    outcomes = platform_of(mapping.platform).settle(
        part.reference,
        [lines[row - part.first_row] for row in sent.rows],
        report,
        numbers_of(sent, known.base) if known.base in PHYSICAL else known.base,
    )
    fates = {outcome.reason: outcome.fate for outcome in outcomes if outcome.reason}
    codes = reason_codes(run, {**dict.fromkeys(report.rejected, Fate.REJECTED), **fates})
    account = account_of(part, report, outcomes)
    write_outcomes(files, sent.rows, bytes(_code(outcome, codes, account) for outcome in outcomes))
    part.state, part.answered_at, part.failure = Part.State.ANSWERED, timezone.now(), report.failure
    part.assumed_base = "" if known.is_certain or not report.lines else known.base
    part.accepted, part.unknown = account.accepted, account.unknown
    part.unplaced, part.difference = account.unplaced, account.difference
    part.rejected = fold_reasons(account.rejected, codes)
    news = [text for text in (report.detail, _recovered_words(report)) if text and text not in part.detail]
    part.detail = " ".join(filter(None, [part.detail, *news]))
    with transaction.atomic():
        part.save()
        if report.failure:
            remember_answer(mapping, f"{report.failure}: {report.detail}")
        note(run, _words(part, account))
        recount(run.pk, message=report.detail if report.failure else "")
        outcome = Ledger.Outcome.REFUSED if report.failure else Ledger.Outcome.ACCEPTED
        settle_later(part, outcome, "MaxContact's report came after all.")
        _close(answer, Answer.State.MATCHED, choice.evidence, part)
    if learned:
        book_again(mapping)


def _code(outcome: Outcome, codes: dict[str, int], account: Account) -> int:
    if outcome.fate == Fate.ACCEPTED:
        return ACCEPTED
    if outcome.fate in (Fate.UNKNOWN, Fate.PENDING):
        return UNKNOWN if account.unknown else UNNAMED
    return codes.get(outcome.reason, LAST_REASON)


def account_of(part: Part, report: Report, outcomes: tuple[Outcome, ...]) -> Account:
    """The part's sums. Counts may name more rows than the lines do; what neither accounts for is unknown."""
    named = Counter(o.reason for o in outcomes if o.fate not in (Fate.ACCEPTED, Fate.UNKNOWN, Fate.PENDING))
    accepted = report.imported
    if accepted is None:
        accepted = sum(outcome.fate == Fate.ACCEPTED for outcome in outcomes)
    rejected = {reason: max(report.rejected.get(reason, 0), named[reason]) for reason in {*report.rejected, *named}}
    difference = part.rows - accepted - sum(rejected.values())
    if difference < 0:  # it counts more rows than were sent: the rows it names are certain, the rest is not
        rejected = dict(named)
        accepted = min(accepted, part.rows - sum(rejected.values()))
    counted = sum(rejected.values())
    return Account(accepted, rejected, part.rows - accepted - counted, counted - named.total(), difference)


def learn_line_base(mapping: Mapping, sent: SentPart, report: Report) -> bool:
    """What this report's evidence shows is kept with the mapping. True when it is news."""
    inference = infer(sent, report.lines)
    if not inference.base or mapping.line_base == inference.base:
        return False
    mapping.line_base, mapping.line_base_evidence = inference.base, inference.evidence
    mapping.save(update_fields=["line_base", "line_base_evidence"])
    return True


def book_again(mapping: Mapping) -> None:
    """Reports that were booked on an assumption, now that it is known which rows their lines mean."""
    booked = Answer.objects.filter(mapping=mapping, state=Answer.State.MATCHED).exclude(part__assumed_base="")
    for answer in booked.select_related("mapping", "part__run__mapping"):
        body = body_of(answer)
        if body.exists():
            note(answer.part.run, f"Part {answer.part.number}: its lines are now known; the rows were assigned anew.")
            report = platform_of(mapping.platform).read_report(body.read_bytes())
            book(answer, Choice(answer.part, answer.evidence), report)


def remember_answer(mapping: Mapping, words: str) -> None:
    mapping.last_answer, mapping.last_answer_at = words, timezone.now()
    mapping.save(update_fields=["last_answer", "last_answer_at"])


def _recovered_words(report: Report) -> str:
    return "The report was malformed and was mended to be read." if report.recovered else ""


def _words(part: Part, account: Account) -> str:
    text = f"Report for part {part.number}: {account.accepted:,} loaded, {sum(account.rejected.values()):,} rejected"
    if account.unplaced:
        text += f" ({account.unplaced:,} of them without a line)"
    if account.difference > 0:
        text += f"; it does not account for {account.difference:,} rows"
    if account.difference < 0:
        text += f"; it counts {-account.difference:,} rows more than were sent"
    return text + "."
