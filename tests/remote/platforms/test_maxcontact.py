"""The bulk loader as a platform: each row of ours gets one fate, and none is guessed."""

import csv
import io
import json
import time
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maxops.remote.errors import Garbled, Refused
from maxops.remote.lines import NamedLines, Numbering
from maxops.remote.platforms import PLATFORMS
from maxops.remote.platforms.interface import Batch, Fate, Report
from maxops.remote.platforms.maxcontact import MaxContactBulk, fate_of
from tests.remote.samples import sample

ROWS = 4
FIRST = {"record": 1, "record0": 0, "file": 2}
COLUMNS = ("phone", "reference", "first_name", "last_name", "postcode", "product")
PLATFORM = MaxContactBulk()


def batch_of(rows: list[dict[str, str]], lines: tuple[int, ...], extra: str = "") -> Batch:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows(rows)
    text.write(extra)
    content = text.getvalue().encode()
    return Batch(
        lines, COLUMNS, len(content), lambda: io.BytesIO(content), lambda: iter(rows), "leads.csv", "Energy leads"
    )


RECORDS = Numbering(1)


def fates(report: Report | None, numbering: Numbering = RECORDS) -> list[tuple[Fate, str]]:
    return [(outcome.fate, outcome.reason) for outcome in PLATFORM.settle(ROWS, report, numbering)]


def named(*pairs: tuple[int, str]) -> NamedLines:
    return NamedLines(pairs)


def test_registered_under_its_slug():
    assert PLATFORMS["maxcontact"] is MaxContactBulk
    assert MaxContactBulk.limits.max_request_bytes == 51_200_000 - 4_096  # room for the headers


def test_without_a_report_all_rows_are_pending():
    assert {fate for fate, _ in fates(None)} == {Fate.PENDING}


@pytest.mark.parametrize(
    ("numbering", "number"),
    [
        (Numbering(1), 3),
        (Numbering(0), 2),
        (Numbering(2), 4),
        (Numbering(2, array("I", [1]), array("I", [1])), 5),
        (Numbering(1, array("I", [0, 1, 3]), array("I", [4, 5, 9])), 8),
    ],
)
def test_line_numbers_are_translated_to_rows(numbering, number):
    report = Report(False, imported=3, rejected={"Duplicate": 1}, lines=named((number, "Duplicate")))
    accepted = (Fate.ACCEPTED, "")
    assert fates(report, numbering) == [accepted, accepted, (Fate.DUPLICATE, "Duplicate"), accepted]
    assert numbering.number_of(2) == number


@pytest.mark.parametrize(
    ("reason", "fate"),
    [
        ("Duplicate", Fate.DUPLICATE),
        ("DuplicateInFile", Fate.DUPLICATE),
        ("DoNotCall", Fate.DO_NOT_CALL),
        ("InvalidSourceFormat", Fate.INVALID),
        ("InvalidPhoneNumber", Fate.INVALID),
        ("Moon phase", Fate.REJECTED),
        ("", Fate.REJECTED),
    ],
)
def test_reasons_have_their_fates(reason, fate):
    assert fate_of(reason) is fate


def test_rows_named_at_once_are_joined_to_the_later_report():
    early = Report(True, lines=named((1, "InvalidSourceFormat"), (2, "Duplicate")))
    later = Report(False, imported=2, rejected={"Duplicate": 1}, lines=named((2, "Duplicate")))
    assert later.joined_to(None) is later
    assert len(later.joined_to(early).lines) == 2
    assert [fate for fate, _ in fates(later.joined_to(early))] == [
        Fate.INVALID,
        Fate.DUPLICATE,
        Fate.ACCEPTED,
        Fate.ACCEPTED,
    ]


def test_counts_that_do_not_add_up_leave_the_unnamed_rows_unknown():
    report = Report(False, imported=2, rejected={"Duplicate": 1}, lines=named((1, "Duplicate")))
    assert [fate for fate, _ in fates(report)] == [Fate.DUPLICATE] + [Fate.UNKNOWN] * 3


def test_number_outside_the_file_condemns_no_row():
    report = Report(False, imported=3, rejected={"Duplicate": 1}, lines=named((9, "Duplicate"), (0, "Duplicate")))
    assert {fate for fate, _ in fates(report)} == {Fate.UNKNOWN}


def test_one_row_named_twice_keeps_the_first_reason():
    report = Report(False, imported=3, lines=named((1, "InvalidPhoneNumber"), (1, "Duplicate")))
    assert fates(report)[0] == (Fate.INVALID, "InvalidPhoneNumber")


def test_all_rejected_for_one_reason_needs_no_lines():
    report = Report(False, imported=0, rejected={"DoNotCall": 4})
    assert fates(report) == [(Fate.DO_NOT_CALL, "DoNotCall")] * ROWS
    assert PLATFORM.settle(ROWS, report, Numbering()).count().total() == ROWS


def test_import_failed_as_a_whole_rejects_all_rows():
    body = json.dumps(
        {
            "Success": False,
            "LeadsImported": 0,
            "Errors": [{"ErrorId": 8, "ErrorSeverity": 3, "ErrorText": "Database gone"}],
        }
    ).encode()
    report = PLATFORM.read_report(io.BytesIO(body))
    assert (report.failure, report.detail) == ("DBError", "Database gone")
    assert fates(report) == [(Fate.REJECTED, "DBError")] * ROWS


def test_success_without_counts_accepts_and_failure_without_counts_does_not():
    assert {fate for fate, _ in fates(Report(True))} == {Fate.ACCEPTED}
    assert {fate for fate, _ in fates(Report(False))} == {Fate.UNKNOWN}


@given(
    st.integers(1, 40),
    st.lists(st.tuples(st.integers(0, 45), st.sampled_from(["Duplicate", "DoNotCall", "odd"])), max_size=30),
    st.one_of(st.none(), st.integers(0, 45)),
    st.integers(0, 2),
    st.booleans(),
)
def test_every_row_gets_one_outcome(count, lines, imported, first, success):
    report = Report(success, imported=imported, rejected={}, lines=NamedLines(lines))
    outcomes = list(PLATFORM.settle(count, report, Numbering(first)))
    assert len(outcomes) == count
    reasons = {number - first: reason for number, reason in reversed(lines)}
    assert all(outcomes[place].reason == reason for place, reason in reasons.items() if 0 <= place < count)
    accepted = sum(outcome.fate is Fate.ACCEPTED for outcome in outcomes)
    assert imported is None or accepted in (0, imported)


def test_published_report_settles_a_file_of_its_size():
    report = PLATFORM.read_report(io.BytesIO(sample("import_data_response.xml")))
    outcomes = list(PLATFORM.settle(105, report, Numbering(1)))
    assert [outcome.fate for outcome in outcomes[:5]] == [
        Fate.DUPLICATE,
        Fate.DO_NOT_CALL,
        Fate.DUPLICATE,
        Fate.INVALID,
        Fate.INVALID,
    ]
    assert {outcome.fate for outcome in outcomes[5:]} == {Fate.ACCEPTED}
    assert report.recovered


def test_callback_that_is_no_report_is_garbled():
    for body in (b"", b"hello", b"<html></html>", b'{"phone": "07700900123"}', sample("token.xml")):
        with pytest.raises(Garbled):
            PLATFORM.read_report(io.BytesIO(body))


@pytest.mark.parametrize("line_base", ["record", "record0", "file"])
@pytest.mark.parametrize("response_format", ["xml", "json"])
@pytest.mark.parametrize("immediate", [False, True])
def test_delivery_and_callback_tell_every_rows_fate(connected, line_base, response_format, immediate):
    """A whole import with the stand-in: sent, judged there, reported back, settled here."""
    connected.state.style.change(line_base=line_base, immediate_rejects=immediate, doc_sample_tags=True)
    connected.state.callback_delay = 0
    mapping = connected.state.mappings["Energy leads"]
    mapping.response_format = response_format
    # Nobody listens there: the stand-in keeps what it would have sent.
    mapping.response_url = "http://127.0.0.1:1/"
    connected.state.callback_tries = 1
    taken = next(iter(connected.state.leads.in_list(mapping.list_id))).phones[0]
    blocked = next(
        phone for phone in sorted(connected.state.dnc) if not connected.state.leads.with_phone(phone, mapping.list_id)
    )
    phones = ["07700900001x", "12", taken, blocked, "01632960001", "01632960001", "01632960002"]
    batch = batch_of(
        [{"phone": phone, "last_name": "A, B"} for phone in phones], (2, 3, 4, 6, 7, 8, 9, 11), "too,few\r\n"
    )

    receipt = PLATFORM.deliver(batch, {"Dedupe": True, "CheckDnc": True})
    report = PLATFORM.read_report(io.BytesIO(wait_for_callback(connected))).joined_to(receipt.report)
    settled = PLATFORM.settle(len(batch.lines), report, Numbering(FIRST[line_base]))
    outcomes = list(zip(batch.lines, settled, strict=True))
    assert report.references == tuple(receipt.reference.split(","))
    reasons = {line: outcome.reason for line, outcome in outcomes if outcome.fate is not Fate.ACCEPTED}
    assert reasons.pop(3) == "InvalidPhoneNumber"
    assert reasons.pop(4) == "Duplicate"
    assert reasons.pop(6) == "DoNotCall"
    assert reasons.pop(8) == "DuplicateInFile"
    assert {outcome.fate for line, outcome in outcomes if line in (7, 9)} == {Fate.ACCEPTED}
    assert reasons.pop(11) == "InvalidSourceFormat"
    assert set(reasons) <= {2}
    assert (receipt.report is not None) is immediate


def wait_for_callback(sandbox) -> bytes:
    ends = time.monotonic() + 5
    while time.monotonic() < ends:
        if sandbox.state.callbacks:
            return sandbox.state.callbacks[0]["body"].encode()
        time.sleep(0.02)
    raise AssertionError("no callback")


def test_request_size_is_what_delivery_sends(connected):
    batch = batch_of([{"phone": "07700900999"}], (2,))
    PLATFORM.deliver(batch, {"ListId": 2})
    entry = connected.journal.find("POST", "ImportCsvFiles")[-1]
    assert entry["content_length"] == PLATFORM.request_size(batch, {"ListId": 2})


def test_refused_delivery_is_told(connected):
    batch = batch_of([{"phone": "07700900999"}], (2,))
    connected.state.mappings.clear()
    with pytest.raises(Refused, match="knows no import mapping"):
        PLATFORM.deliver(batch, {})
