"""A report becomes the outcomes of a part's rows: which rows it means, what it says of each, what does not add up."""

from collections import Counter
from dataclasses import replace
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from maxops.imports.answers import body_of
from maxops.imports.counts import fold_reasons, note, reason_codes, recount
from maxops.imports.decisions import DECIDED
from maxops.imports.line_base import BREAKS_UNTOLD, family_of, numbering_of
from maxops.imports.line_readings import Reading, read_lines
from maxops.imports.mapping import files_of, platform_of
from maxops.imports.models import Answer, Mapping, Part
from maxops.imports.part_rows import look_at
from maxops.imports.rejections import ACCEPTED, LAST_REASON, UNKNOWN, UNNAMED, early_report, write_outcomes
from maxops.imports.sent_parts import settle_later
from maxops.mirror.models import Ledger
from maxops.remote.lines import NamedLines, Numbering
from maxops.remote.platforms.interface import Fate, Outcome, Report, Settlement

CAME_AFTER_ALL = "MaxContact's report came after all."
UNTOLD = frozenset({Fate.UNKNOWN, Fate.PENDING})
LINES_LOST = (
    "The lead file is deleted, and MaxContact counts line breaks inside cells with this mapping: "
    "which rows its line numbers mean can no longer be told. The counts stand."
)


class Account(NamedTuple):
    accepted: int
    rejected: dict[str, int]
    unknown: int
    unplaced: int
    difference: int


def read_stored(answer: Answer) -> Report:
    """Garbled when the body is no report, FileNotFoundError when it has been deleted."""
    with body_of(answer).open("rb") as body:
        return platform_of(answer.mapping.platform).read_report(body)


def book(answer: Answer, part: Part, report: Report, evidence: str) -> None:
    """The part, its rows, the run's figures and the answer; the database's share of it all or nothing."""
    mapping, files = answer.mapping, files_of(part.run)
    report = report.joined_to(early_report(files, part.number))
    sent = look_at(files, part)
    reading = read_lines(mapping, sent, report.lines)
    learned = learn_line_base(mapping, reading)
    numbering = numbering_of(sent, reading.base)
    is_lost = numbering is None and bool(report.lines)
    told = replace(report, lines=NamedLines()) if is_lost else report
    settlement = platform_of(mapping.platform).settle(sent.count, told, numbering or Numbering())
    fates = {outcome.reason: outcome.fate for outcome in settlement.outcomes if outcome.reason}
    codes = reason_codes(part.run, {**dict.fromkeys(report.rejected, Fate.REJECTED), **fates})
    strays = report.lines.count() if is_lost else strays_of(report.lines, numbering or Numbering(), sent.count)
    account = account_of(part, report, settlement, strays)
    table = bytes(_code(outcome, codes, account) for outcome in settlement.outcomes).ljust(256, b"\0")
    write_outcomes(files, part.first_row, part.last_row, settlement.codes.translate(table))
    part.assumed_base = "" if reading.is_certain or is_lost or not report.lines else reading.base
    _fill(part, report, account, LINES_LOST if is_lost else words_of_strays(strays))
    part.rejected = fold_reasons(account.rejected, codes)
    with transaction.atomic():
        _save(answer, part, report, evidence)
        note(part.run, words_of(part, account))
        if reading.evidence and not reading.is_lesson:
            note(part.run, f"Part {part.number}: {reading.evidence}")
    if learned:
        book_again(mapping)


def _fill(part: Part, report: Report, account: Account, lost_words: str) -> None:
    was_unknown = part.state == Part.State.UNKNOWN
    kept = "" if was_unknown else part.detail  # what was said of an answer that did not come is over
    part.state, part.answered_at, part.failure = Part.State.ANSWERED, timezone.now(), report.failure
    part.in_doubt = False
    part.accepted, part.unknown = account.accepted, account.unknown
    part.unplaced, part.difference = account.unplaced, account.difference
    mended = "The report was malformed and was mended to be read." if report.recovered else ""
    after_all = CAME_AFTER_ALL if was_unknown or kept.startswith(DECIDED) else ""
    news = [text for text in (after_all, report.detail, mended, lost_words) if text and text not in kept]
    part.detail = " ".join(filter(None, [kept, *news]))


def _save(answer: Answer, part: Part, report: Report, evidence: str) -> None:
    part.save()
    if report.failure:
        remember_answer(answer.mapping, f"{report.failure}: {report.detail}")
    recount(part.run_id, message=report.detail if report.failure else "")
    outcome = Ledger.Outcome.REFUSED if report.failure else Ledger.Outcome.ACCEPTED
    settle_later(part, outcome, CAME_AFTER_ALL)
    answer.state, answer.evidence, answer.part = Answer.State.MATCHED, evidence, part
    answer.save()


def _code(outcome: Outcome, codes: dict[str, int], account: Account) -> int:
    if outcome.fate == Fate.ACCEPTED:
        return UNNAMED if account.unplaced else ACCEPTED
    if outcome.fate in UNTOLD:
        return UNKNOWN if account.unknown else UNNAMED
    return codes.get(outcome.reason, LAST_REASON)


def strays_of(lines: NamedLines, numbering: Numbering, count: int) -> dict[str, int]:
    """How many lines of each reason are no rows of the part."""
    if not numbering.count_outside(lines.numbers, count):
        return {}
    missed = (code for row, code in zip(numbering.places(lines.numbers, count), lines.codes, strict=True) if row < 0)
    return {lines.reasons[code]: number for code, number in Counter(missed).items()}


def account_of(part: Part, report: Report, settlement: Settlement, strays: dict[str, int]) -> Account:
    """The part's sums. Counts may name more rows than the lines do, and lines more than there are: `strays`.

    What nothing accounts for is unknown.
    """
    named: Counter[str] = Counter()
    loaded = 0
    for outcome, rows in settlement.count().items():
        if outcome.fate == Fate.ACCEPTED:
            loaded += rows
        elif rows and outcome.fate not in UNTOLD:
            named[outcome.reason] += rows
    told = named + Counter(strays if sum(strays.values()) <= part.rows - named.total() else {})
    rejected = {reason: max(report.rejected.get(reason, 0), told[reason]) for reason in {*report.rejected, *told}}
    unnamed = sum(rejected.values()) - named.total()
    accepted = max(0, loaded - unnamed) if report.imported is None else report.imported
    difference = part.rows - accepted - sum(rejected.values())
    if difference < 0:  # it counts more rows than were sent: the rows it names are certain, the rest is not
        rejected = dict(named)
        accepted = min(accepted, part.rows - sum(rejected.values()))
    counted = sum(rejected.values())
    return Account(accepted, rejected, part.rows - accepted - counted, counted - named.total(), difference)


def learn_line_base(mapping: Mapping, reading: Reading) -> bool:
    """What a report's evidence shows is kept with the mapping. True when it is news."""
    if not reading.is_lesson:
        return False
    is_told = BREAKS_UNTOLD not in reading.evidence
    was_told = BREAKS_UNTOLD not in mapping.line_base_evidence
    if mapping.line_base in (family_of(reading.base) if not is_told else (reading.base,)) and was_told >= is_told:
        return False
    mapping.line_base, mapping.line_base_evidence = reading.base, reading.evidence
    mapping.save(update_fields=["line_base", "line_base_evidence"])
    return True


def book_again(mapping: Mapping) -> None:
    """Reports that were booked on an assumption, now that it is known which rows their lines mean."""
    booked = Answer.objects.filter(mapping=mapping, state=Answer.State.MATCHED).exclude(part__assumed_base="")
    looked_up_since = Q(part__detail__startswith=DECIDED) & ~Q(part__detail__contains=CAME_AFTER_ALL)
    booked = booked.exclude(looked_up_since)
    for answer in booked.select_related("mapping", "part__run__mapping"):
        if body_of(answer).exists():
            note(answer.part.run, f"Part {answer.part.number}: its lines are now known; the rows were assigned anew.")
            book(answer, answer.part, read_stored(answer), answer.evidence)


def words_of_strays(strays: dict[str, int]) -> str:
    if not strays:
        return ""
    count = sum(strays.values())
    named = f"{count:,} lines that are no rows" if count > 1 else "1 line that is no row"
    return f"The report names {named} of this part: what was rejected there is counted, and is in no download."


def remember_answer(mapping: Mapping, words: str) -> None:
    mapping.last_answer, mapping.last_answer_at = words, timezone.now()
    mapping.save(update_fields=["last_answer", "last_answer_at"])


def words_of(part: Part, account: Account) -> str:
    text = f"Report for part {part.number}: {account.accepted:,} loaded, {sum(account.rejected.values()):,} rejected"
    if account.unplaced:
        text += f" ({account.unplaced:,} of them without a row)"
    if account.difference > 0:
        text += f"; it does not account for {account.difference:,} rows"
    if account.difference < 0:
        text += f"; it counts {-account.difference:,} rows more than were sent"
    return text + "."
