"""Reports of any size read as they come: the quick way never says anything else than the careful one."""

import io
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from maxops.remote.maxcontact.import_answers import Gathered
from maxops.remote.maxcontact.report_pieces import Text
from maxops.remote.maxcontact.reports import read_wire

REASONS = ["Duplicate", "DoNotCall", "DuplicateInFile", "InvalidSourceFormat", "InvalidPhoneNumber", "Moon phase (7)"]
FIRST_READ = 700  # bytes: all that comes before the first error


class Drops(io.BytesIO):
    """A body that is read a few bytes at a time, once its beginning has been."""

    def __init__(self, content: bytes, drop: int) -> None:
        super().__init__(content)
        self.drop = drop

    def read(self, size: int | None = -1) -> bytes:
        return super().read(FIRST_READ if self.tell() == 0 else self.drop)


class Careful(Gathered):
    """Lets no error stand for others: each is read by itself."""

    def error(self, wire: Mapping[str, Any]) -> Text | None:
        super().error(wire)
        return None


class Watched(Gathered):
    """Counts the errors that came as part of a run."""

    def __init__(self) -> None:
        super().__init__()
        self.in_runs = 0

    def run(self, text: Text, numbers: list[bytes], reasons: list[bytes]) -> None:
        self.in_runs += len(numbers)
        super().run(text, numbers, reasons)


def write_xml(texts: list[str], pretty: bool = False, prefix: str = "a:", code: str = "GeneralInfo") -> bytes:
    end, p = ("\n  " if pretty else ""), prefix
    names = ' xmlns:a="urn:e" xmlns:b="urn:b"'
    errors = "".join(
        f"<{p}APIError>{end}<{p}ErrorCode>{code}</{p}ErrorCode>{end}<{p}ErrorSeverity>Info</{p}ErrorSeverity>{end}"
        f"<{p}ErrorText>{text}</{p}ErrorText>{end}</{p}APIError>{end}"
        for text in texts
    )
    return (
        f'<LeadAPIResult.ImportDataResponse xmlns="urn:m">{end}<Errors{names}>{end}{errors}</Errors>{end}'
        f"<ImmediateRejectCount>0</ImmediateRejectCount>{end}<ImportIDs/>{end}<LeadsImported>7</LeadsImported>{end}"
        "<Success>false</Success></LeadAPIResult.ImportDataResponse>"
    ).encode()


def write_json(texts: list[str], pretty: bool = False, key: str = "ErrorCode", code: Any = 1) -> bytes:
    errors = [{key: code, "ErrorSeverity": 1, "ErrorText": text} for text in texts]
    wire = {"Errors": errors, "ImportIDs": [17], "LeadsImported": 7, "RejectedDnc": 2, "Success": False}
    return json.dumps(wire, indent=1 if pretty else None, separators=None if pretty else (",", ":")).encode()


def texts_of(count: int) -> list[str]:
    return [f"Line: {7 * number % 1000} Reason: {REASONS[number % len(REASONS)]}" for number in range(count)]


def outcome(body: io.BytesIO, sink: type[Gathered]) -> Any:
    try:
        wire = read_wire(body, sink)
    except ValueError:
        return None
    values = {name: value for name, value in wire.values.items() if name != "Errors"} if wire.values else wire.values
    return values, tuple(wire.sink.lines), wire.sink.errors, wire.recovered


@pytest.mark.parametrize("drop", [101, 5_000])
@pytest.mark.parametrize("pretty", [False, True])
@pytest.mark.parametrize("write", [write_xml, write_json])
def test_errors_spelt_alike_are_taken_in_runs_and_in_their_order(write, pretty, drop):
    texts = texts_of(400)
    wire = read_wire(Drops(write(texts, pretty), drop), Watched)
    assert wire.sink.in_runs > 390
    assert [f"Line: {number} Reason: {reason}" for number, reason in wire.sink.lines] == texts


def test_a_run_begins_anew_when_the_spelling_changes():
    head, tail = write_xml(texts_of(100)).split(b"</Errors>")
    other = write_xml(texts_of(100), code="GeneralWarning").split(b'xmlns:b="urn:b">')[1]
    wire = read_wire(Drops(head + other, 700), Watched)
    assert tail
    assert len(wire.sink.lines) == 200
    assert wire.sink.in_runs > 180


SNIPPETS = [
    *[b"<!--", b"-->", b"<![CDATA[", b"]]>", b"&amp;", b"&a;", b"<?x", b"?>", b"<a:APIError>", b"</a:APIError>"],
    *[
        b"</Errors>",
        b"<Errors>",
        b"<b:APIError>",
        b"</b:APIError>",
        b"xmlns:a='urn:x' ",
        b"</ a:APIError >",
        b"<",
        b">",
    ],
    *[b"\\u0031", b'\\"', b"\\\\", b'"', b"}", b"{", b",", b"]", b"[", b'"Errors":[', b"null"],
    *[b"\0", "é".encode(), b"\xe9", b" ", b"\n", b"Line: 5", b"12", b"Reason: ", b""],
]
CUTS = st.tuples(st.floats(0, 1), st.integers(0, 300), st.one_of(st.sampled_from(SNIPPETS), st.binary(max_size=2)))


def spoil(body: bytes, cuts: list[tuple[float, int, bytes]]) -> bytes:
    for place, length, snippet in cuts:
        at = int(place * len(body))
        body = body[:at] + snippet + body[at + (length if length > 290 else length % 3) :]
    return body


@given(st.sampled_from([write_xml, write_json]), st.booleans(), st.lists(CUTS, max_size=4), st.integers(50, 400))
@example(write_xml, False, [(0.5, 0, b"<!--"), (0.7, 0, b"-->")], 90)
def test_whatever_was_done_to_a_report_the_quick_way_says_what_the_careful_one_says(write, pretty, cuts, drop):
    body = spoil(write(texts_of(24), pretty), cuts)
    assert outcome(Drops(body, drop), Gathered) == outcome(io.BytesIO(body), Careful)


PLANTED = [
    "<!--{error}-->",
    "<![CDATA[{error}]]>",
    "<?x {error}?>",
    "<Other>{error}</Other>",
    "<a:APIError><a:Inner>{error}</a:Inner></a:APIError>",
    "text {error} text",
    "<x y='{error}'/>",
]


@pytest.mark.parametrize("planted", PLANTED)
@pytest.mark.parametrize("drop", [60, 333, 4_000])
def test_what_only_looks_like_an_error_is_none(planted, drop):
    body = write_xml(texts_of(40)).decode()
    first = body[body.index("<a:APIError>") : body.index("</a:APIError>") + len("</a:APIError>")]
    place = body.rindex("<a:APIError>", 0, len(body) // 2)
    spoilt = (body[:place] + planted.format(error=first * 3) + body[place:]).encode()
    assert outcome(Drops(spoilt, drop), Gathered) == outcome(io.BytesIO(spoilt), Careful)


@pytest.mark.parametrize("write", [write_xml, write_json])
def test_a_report_cut_short_anywhere_is_refused_whole(write):
    body = write(texts_of(12))
    for end in range(0, len(body) - 1, 3):
        assert outcome(Drops(body[:end], 200), Gathered) is None


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
@pytest.mark.parametrize("write", [write_xml, write_json])
def test_other_unicode_encodings_are_read_alike(write, encoding):
    body = write(texts_of(50))
    content = body.decode().encode(encoding)
    assert outcome(Drops(content, 333), Gathered) == outcome(io.BytesIO(body), Careful)


def test_an_error_that_is_more_than_a_row_is_kept_beside_its_line():
    body = write_json(["Line: 3 Reason: Duplicate"] * 5, code="NotAuth")
    wire = read_wire(io.BytesIO(body), Gathered)
    assert (len(wire.sink.lines), len(wire.sink.errors)) == (5, 5)


@pytest.mark.parametrize(
    "text",
    ["Line: 4", "Line: 4Duplicate", "Line: 4 Duplicate", "line 12, reason: do not call", "See: LINE=7; REASON=X", "No"],
)
@pytest.mark.parametrize("write", [write_xml, write_json])
def test_texts_written_otherwise_are_read_alike(write, text):
    body = write([text, *[text.replace("4", str(number)) for number in (5, 12345678901, 77)], "Line: 12 Reason: x"] * 9)
    assert outcome(Drops(body, 500), Gathered) == outcome(io.BytesIO(body), Careful)


def test_a_lead_in_a_reason_is_not_kept():
    texts = [f"Line: {n} Reason: Number 0770090{n:04d} of lead.{n}@example.com is on hold" for n in range(30)]
    wire = read_wire(Drops(write_json(texts), 300), Gathered)
    assert wire.sink.lines.reasons == ["Number … of … is on hold"]


def test_reasons_beyond_all_counting_are_one():
    texts = [f"Line: {n} Reason: Kind {n:04d}" for n in range(500)]
    wire = read_wire(io.BytesIO(write_json(texts)), Gathered)
    assert len(wire.sink.lines.reasons) == 241
    assert wire.sink.lines.count()["Other reasons"] == 260
