"""Results and reports of lead imports, in every form the documents leave open."""

import io
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maxops.remote.errors import Garbled
from maxops.remote.maxcontact.choices import ErrorId, ErrorSeverity
from maxops.remote.maxcontact.import_answers import ImportResponse, LeadError, line_and_reason, read_result
from maxops.remote.maxcontact.import_answers import read_response as read_response_from
from tests.remote.samples import sample

FIVE = {"Duplicate": 1, "DuplicateInFile": 1, "DoNotCall": 1, "InvalidSourceFormat": 1, "InvalidPhoneNumber": 1}
DENIED = LeadError(0, "NotAuth", 3, "Denied")


def read_response(body: bytes) -> ImportResponse:
    return read_response_from(io.BytesIO(body))


def body(**wire) -> bytes:
    return json.dumps(wire).encode()


def test_published_result_says_not_authorised():
    result = read_result(sample("import_data_result.xml"))
    assert not result.success
    assert result.errors == (LeadError(0, "NotAuth", 3, "You are not authorised to use this service"),)
    assert result.import_ids == ()


def test_published_report_names_its_lines():
    response = read_response(sample("import_data_response.xml"))
    assert response.recovered
    assert not response.success
    assert response.imported == 100
    assert response.rejected == FIVE
    assert tuple(response.lines) == (
        (1, "Duplicate"),
        (2, "DoNotCall"),
        (3, "DuplicateInFile"),
        (4, "InvalidSourceFormat"),
        (5, "InvalidPhoneNumber"),
    )
    assert response.errors == ()


@pytest.mark.parametrize(
    "error",
    [
        {"ErrorCode": "NotAuth", "ErrorSeverity": "Severe", "ErrorText": "Denied"},
        {"ErrorId": 0, "ErrorSeverity": 3, "ErrorText": "Denied"},
        {"ErrorId": "0", "ErrorSeverity": "3", "ErrorText": "Denied"},
        {"ErrorID": "NotAuth", "ErrorSeverity": "severe", "ErrorText": "Denied"},
    ],
)
@pytest.mark.parametrize("wrap", [lambda error: [error], lambda error: {"APIError": [error]}, lambda error: error])
def test_errors_are_read_by_name_or_number_however_listed(error, wrap):
    assert read_result(body(Errors=wrap(error), Success=False)).errors == (DENIED,)


def test_unlisted_code_keeps_its_name():
    [error] = read_result(body(Errors=[{"ErrorCode": "LicenceExpired", "ErrorText": "x"}], Success=False)).errors
    assert (error.code, error.code_name, error.severity) == (None, "LicenceExpired", ErrorSeverity.NONE)
    [error] = read_result(body(Errors=[{"ErrorId": 99, "ErrorText": "x"}], Success=False)).errors
    assert (error.code, error.code_name) == (None, "99")


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ([17], ("17",)),
        (["a-1", "b-2"], ("a-1", "b-2")),
        (None, ()),
        ([], ()),
        ({"int": ["17", "18"]}, ("17", "18")),
        ({"string": "17"}, ("17",)),
        (17, ("17",)),
    ],
)
def test_import_ids_however_listed(ids, expected):
    assert read_result(body(ImportIDs=ids, Success=True)).import_ids == expected


def test_import_ids_in_xml():
    xml = (
        b'<ImportDataResult xmlns="urn:m"><Errors/><ImmediateRejectCount>2</ImmediateRejectCount>'
        b'<ImportIDs xmlns:a="urn:a"><a:int>17</a:int><a:int>18</a:int></ImportIDs><Success>true</Success>'
        b"</ImportDataResult>"
    )
    result = read_result(xml)
    assert (result.success, result.immediate_rejects, result.import_ids) == (True, 2, ("17", "18"))


@pytest.mark.parametrize(
    "wire",
    [
        {"Success": True, "Data": {"ImportIDs": [5], "ImmediateRejectCount": 1}, "ResponseCode": "Success"},
        {"ImportCsvFilesResult": {"Success": True, "ImportIDs": [5], "ImmediateRejectCount": 1}},
        {"ImportIDs": [5], "ImmediateRejectCount": "1", "Success": "true", "Errors": None},
    ],
)
def test_both_envelopes_are_read(wire):
    result = read_result(body(**wire))
    assert (result.success, result.import_ids, result.immediate_rejects) == (True, ("5",), 1)


def test_refusal_of_the_other_envelope_becomes_an_error():
    result = read_result(body(Success=False, Data=None, ResponseCode="Error", ResponseDetail="No such lead"))
    assert result.errors == (LeadError(None, "Error", ErrorSeverity.SEVERE, "No such lead"),)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":' * 500 + b"1" + b"}" * 500,
        b"<a>" * 1500 + b"</a>" * 1500,
        b'{"Success": true, "ImmediateRejectCount": 1e999999999}',
        b'{"Success": false, "Errors": ' + b'{"a":' * 500 + b"1" + b"}" * 500 + b', "ImmediateRejectCount": "x"}',
        b"[]",
        b'"ok"',
        b"{}",
        b'{"Errors": []}',
        b'{"Success": "maybe", "Errors": []}',
        b"<a/>",
        b"",
        b"Success",
    ],
    ids=lambda raw: repr(raw[:30]),
)
def test_what_is_no_result_is_garbled_and_keeps_nothing(raw):
    for read in (read_result, read_response):
        with pytest.raises(Garbled) as caught:
            read(raw)
        assert caught.value.detail == ""


def test_report_with_an_unreadable_count_is_garbled():
    with pytest.raises(Garbled, match="report"):
        read_response(body(Success=True, LeadsImported="lots"))


def test_report_in_json_and_counters_not_listed():
    response = read_response(body(Success=False, LeadsImported=3, RejectedDnc=2, RejectedMoon=1, RejectedDedupe=0))
    assert (response.imported, response.rejected, response.recovered) == (3, {"DoNotCall": 2, "Moon": 1}, False)
    assert read_response(body(Success=True, Errors=[])).imported is None


@pytest.mark.parametrize("name", ["LeadsImported", "ImmediateRejectCount", "RejectedDnc", "RejectedMoon"])
@pytest.mark.parametrize("count", [-1, 2**31, 10**30, "-7"])
def test_report_that_counts_what_cannot_be_is_garbled(name, count):
    with pytest.raises(Garbled, match="cannot be"):
        read_response(body(**{"Success": True, name: count}))


def test_report_whose_counters_add_up_to_what_cannot_be_is_garbled():
    with pytest.raises(Garbled, match="cannot be"):
        read_response(body(Success=True, RejectedDnc=2**31 - 1, RejectedMoon=1))
    assert read_response(body(Success=True, RejectedDnc=2**31 - 1)).rejected == {"DoNotCall": 2**31 - 1}


FLOODS = {
    "a list at the top": b"[" + b"{}," * 5_000_000 + b"{}]",
    "empty objects": b'{"Success": false, "Errors": [' + b"{}," * 5_000_000 + b"{}]}",
    "short texts": b'{"Success": false, "Errors": [' + b'"a",' * 4_000_000 + b"{}]}",
    "empty elements": b"<ImportDataResponse><Success>false</Success>" + b"<a/>" * 4_000_000 + b"</ImportDataResponse>",
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_report_that_would_fill_the_memory_is_refused_before_it_is_decoded(name):
    tracemalloc.start()
    with pytest.raises(Garbled):
        read_response(FLOODS[name])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2 * len(FLOODS[name])


@pytest.mark.parametrize(
    "error",
    [
        b'{"ErrorCode":9,"ErrorText":"Line: 1"},',
        b'{"ErrorCode":9,"ErrorText":"Line: 1 Reason: Duplicate \\"\\",\\"\\",\\"\\",,,,,,,,,,,,,,"},',
    ],
    ids=["shortest", "with the row itself"],
)
def test_a_long_report_of_short_errors_is_read(error):
    response = read_response(b'{"Success":false,"Errors":[' + (error * 20_000)[:-1] + b"]}")
    assert len(response.lines) == 20_000


def test_what_no_database_takes_is_taken_out():
    text = "Line: 3 Reason: Full\0 moon" + "!" * 300
    error = {"ErrorCode": "Mo\0on" + "n" * 300, "ErrorSeverity": 3, "ErrorText": text}
    response = read_response(
        body(Success=False, Errors=[error], ImportIDs=["a\0b"], **{"Rejected\0Moon" + "x" * 300: 1})
    )
    assert response.import_ids == ("ab",)
    assert response.errors[0].code_name.startswith("Moon")
    assert response.errors[0].text.startswith("Line: 3 Reason: Full moon!")
    [(number, reason)] = response.lines
    assert number == 3
    assert reason.startswith("Full moon!")
    [counted] = response.rejected
    assert counted.startswith("Moonx")
    assert {len(reason), len(counted), len(response.errors[0].code_name)} == {200}


def test_a_line_number_that_cannot_be_names_no_line():
    texts = ["Line: 2147483648 Reason: Duplicate", f"Line: {'9' * 5000} Reason: Duplicate", "Line: 2147483647"]
    errors = [{"ErrorCode": "9" * 5000, "ErrorText": text} for text in texts]
    assert tuple(read_response(body(Success=False, Errors=errors)).lines) == ((2**31 - 1, "NoReasonGiven"),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Line: 1 Reason: Duplicate", (1, "Duplicate")),
        ("line 12, reason: do not call", (12, "DoNotCall")),
        ("LINE=7; REASON=INVALID_PHONE_NUMBER", (7, "InvalidPhoneNumber")),
        ("Line:3 Reason:Moon phase\n is wrong ", (3, "Moon phase is wrong")),
        ("Line: 0 Reason: Duplicate", (0, "Duplicate")),
        ("Line: 9 Duplicate", (9, "Duplicate")),
        ("Line: 4", (4, "NoReasonGiven")),
        ("There were a high number of rejected leads", None),
        ("Deadline: none", None),
        ("", None),
    ],
)
def test_line_and_reason_are_found(text, expected):
    assert line_and_reason(text) == expected


@given(st.text(max_size=80))
def test_any_text_is_searched_without_failing(text):
    line_and_reason(text)


def test_error_ids_compare_explicitly():
    """NotAuth is 0 and must not pass for "no error"."""
    [error] = read_result(body(Errors=[{"ErrorId": 0, "ErrorSeverity": 3}], Success=False)).errors
    assert error.code == ErrorId.NOT_AUTH
    assert error.code is not None
