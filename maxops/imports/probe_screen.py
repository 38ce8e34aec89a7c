"""What the last probe of a mapping showed, step by step, in sentences for its page."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any, NamedTuple

from django.utils import timezone

from maxops.imports.answers import body_of
from maxops.imports.forms import lists_in_use
from maxops.imports.line_base import BASE_WORDS, known_base
from maxops.imports.mapping import platform_of
from maxops.imports.models import Answer, Mapping, Part, Run
from maxops.imports.portal import MAP_ANSWERS
from maxops.imports.probe import BAD, GOOD
from maxops.remote.errors import Garbled

REPORT_DUE = timedelta(minutes=10)
LARGEST_BODY = 100_000  # bytes of a report on three rows; what is larger is not read for a page
DONE, FAILED, CURRENT, UNKNOWN, TODO = "done", "failed", "current", "unknown", ""
STATE_WORDS = {DONE: "Good", FAILED: "Wrong", CURRENT: "Under way", UNKNOWN: "Not certain", TODO: "Not yet"}
TAKEN = (Part.State.WAITING, Part.State.ANSWERED)
BAD_NUMBER = "InvalidPhoneNumber"


class Step(NamedTuple):
    """`state` as the check lists of the pages have it."""

    state: str
    words: str

    @property
    def state_words(self) -> str:
        return STATE_WORDS[self.state]


def probe_screen(mapping: Mapping) -> dict[str, Any]:
    run = mapping.runs.filter(is_probe=True).order_by("-pk").first()
    steps = list(steps_of(run)) if run else []
    return {
        "probe": run,
        "steps": steps,
        "probe_polls": any(step.state == CURRENT for step in steps),
        "lists": lists_in_use(),
    }


def steps_of(run: Run) -> Iterator[Step]:
    part = run.parts.first()
    if part is None:
        yield Step(CURRENT, "On its way.") if run.is_moving else Step(FAILED, f"Nothing was sent. {run.message}")
        return
    yield sent_step(run, part)
    if part.state not in TAKEN:
        if code := next((code for code in MAP_ANSWERS if code in run.mapping.last_answer), ""):
            yield Step(FAILED, f"The template: {MAP_ANSWERS[code]}")
        return
    if part.failure in MAP_ANSWERS:
        yield Step(FAILED, f"The template: {MAP_ANSWERS[part.failure]}")
    else:
        yield Step(DONE, f"MaxContact knows the template '{run.mapping.name}', and its columns fit.")
    answer = part.answers.filter(state=Answer.State.MATCHED).first()
    yield report_step(part, answer)
    if answer is not None and part.failure not in MAP_ANSWERS:
        yield rows_step(part)
        yield line_step(run.mapping)
        yield from letter_steps(run, part, answer)


def sent_step(run: Run, part: Part) -> Step:
    if part.state in (Part.State.PLANNED, Part.State.SENDING):
        return Step(CURRENT, "On its way.") if run.is_moving else Step(FAILED, f"It could not be sent. {part.detail}")
    if part.state == Part.State.REFUSED:
        return Step(FAILED, f"MaxContact was reached and refused the upload. {part.detail}")
    if part.state == Part.State.UNKNOWN:
        return Step(UNKNOWN, f"It is not known whether MaxContact took it. {part.detail}")
    return Step(DONE, "MaxContact was reached and took the three rows.")


def report_step(part: Part, answer: Answer | None) -> Step:
    if answer is not None:
        return Step(DONE, f"Its report came after {seconds_between(part.sent_at, answer.received_at)}.")
    if part.state == Part.State.ANSWERED:
        return Step(UNKNOWN, "No report came; what became of the rows was looked up by a person.")
    if part.sent_at and timezone.now() - part.sent_at < REPORT_DUE:
        return Step(CURRENT, "Waiting for its report.")
    return Step(FAILED, "No report after 10 minutes: is the Response URL in the portal, and can MaxContact reach it?")


def seconds_between(sent_at: datetime | None, received_at: datetime) -> str:
    seconds = max(0.0, (received_at - sent_at).total_seconds()) if sent_at else 0.0
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:,.0f} s"


def rows_step(part: Part) -> Step:
    told = ", ".join(f"{count} {reason}" for reason, count in part.rejected.items()) or "none rejected"
    words = f"{part.accepted} loaded, {told}"
    if part.accepted == GOOD and part.rejected == {BAD_NUMBER: BAD}:
        return Step(DONE, f"The rows as expected: {words}.")
    if part.accepted > GOOD:
        return Step(UNKNOWN, f"The rows: {words}. The number that cannot be one was not rejected.")
    return Step(UNKNOWN, f"The rows: {words}. Expected were {GOOD} loaded and {BAD} {BAD_NUMBER}.")


def line_step(mapping: Mapping) -> Step:
    known = known_base(mapping)
    if known.is_certain:
        return Step(DONE, f"Line numbers are understood: {BASE_WORDS[known.base]}.")
    return Step(UNKNOWN, "The report did not show what MaxContact's line numbers mean.")


def letter_steps(run: Run, part: Part, answer: Answer) -> Iterator[Step]:
    """What the report itself looks like."""
    body = body_of(answer)
    if answer.size > LARGEST_BODY or not body.exists():
        return
    content = body.read_bytes()
    try:
        references = platform_of(run.platform).read_report(BytesIO(content)).references
    except Garbled:
        return
    ids = [f"the answer to the upload {id_words(part.reference)}", f"the report {id_words(','.join(references))}"]
    yield Step(DONE, f"Import ids: {', '.join(ids)}. Both ways are understood.")
    found = "xml" if content.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") else "json"
    set_here = run.mapping.response_format
    if found == set_here:
        yield Step(DONE, f"The report is {found.upper()}, as set.")
    else:
        yield Step(UNKNOWN, f"The report is {found.upper()}, while {set_here.upper()} is set here. Both are read.")


def id_words(reference: str) -> str:
    return f"has {reference}" if reference else "has none"
