"""ImportCsvFiles from the form to the callback: real rejects for the documented reasons, and the refusals at once."""

import hashlib
import json
import re

import pytest
from lxml import etree

from maxops.sandbox.maxcontact.phones import drama_phone
from tests.sandbox.caller import BOUNDARY, JSON, SERVICES, XML, listen

HEADER = "phone,reference,first_name,last_name,postcode,product"
COUNTERS = ["LeadsImported", "RejectedDedupe", "RejectedDedupeFile", "RejectedDnc", "RejectedParsing"]
COUNTERS += ["RejectedValidation"]


def row(phone, extra=""):
    return f"{phone},R1,Ann,Lee,LS1 4AP,Tracker{extra}"


def csv_file(*rows, end="\r\n"):
    return (end.join([HEADER, *rows]) + end).encode()


def fresh(number):
    return drama_phone(0, 900 + number)


@pytest.fixture
def heard(sandbox):
    """A listener that the mapping "Energy leads" reports to at once."""
    sandbox.state.callback_delay = 0.0
    with listen() as heard:
        sandbox.state.mappings["Energy leads"].response_url = heard.url
        yield heard


@pytest.fixture
def faulty(sandbox):
    """Eight records; lines 2 to 6 carry one fault each."""
    known = sandbox.state.leads.in_list(1)[0].phones[0]
    return csv_file(
        row("07700 900901"),
        row(fresh(1)),
        row(known),
        row(min(sandbox.state.dnc)),
        row("0770"),
        row(fresh(2), extra=",x"),
        row(fresh(3)),
        row(fresh(4)),
    )


def upload(caller, content, **fields):
    return caller.upload(content, **{"mapname": "Energy leads", **fields}).json()


def rejects(body):
    if body.startswith(b"{"):
        texts = [error["ErrorText"] for error in json.loads(body)["Errors"]]
    else:
        texts = [element.text for element in etree.fromstring(body).iterfind(".//{*}ErrorText")]
    found = [re.fullmatch(r"Line: (\d+) Reason: (\w+)", text) for text in texts]
    return [(int(match[1]), match[2]) for match in found]


EXPECTED = [
    (2, "DuplicateInFile"),
    (3, "Duplicate"),
    (4, "DoNotCall"),
    (5, "InvalidPhoneNumber"),
    (6, "InvalidSourceFormat"),
]


def test_upload_is_answered_at_once_and_reported_in_xml(caller, sandbox, heard, faulty):
    before = len(sandbox.state.leads)
    answer = upload(caller, faulty)
    assert answer == {"Errors": [], "ImmediateRejectCount": 0, "ImportIDs": [1001], "Success": True}
    body = heard.wait()
    root = etree.fromstring(body)
    assert root.tag.endswith("}LeadAPIResult.ImportDataResponse")
    assert rejects(body) == EXPECTED
    assert [root.findtext(f"{{*}}{name}") for name in COUNTERS] == ["3", "1", "1", "1", "1", "1"]
    assert root.findtext("{*}Success") == "false"
    assert [element.text for element in root.find("{*}ImportIDs")] == ["1001"]
    assert len(sandbox.state.leads) == before + 3
    assert heard.types == ["application/xml; charset=utf-8"]


def test_report_is_json_when_the_mapping_says_so(caller, sandbox, heard, faulty):
    sandbox.state.mappings["Energy leads"].response_format = "json"
    upload(caller, faulty)
    body = heard.wait()
    assert rejects(body) == EXPECTED
    assert [json.loads(body)[name] for name in COUNTERS] == [3, 1, 1, 1, 1, 1]


def test_clean_file_is_reported_as_success(caller, heard):
    upload(caller, csv_file(row(fresh(1)), row(fresh(2))))
    root = etree.fromstring(heard.wait())
    assert root.findtext("{*}Success") == "true"
    assert root.findtext("{*}LeadsImported") == "2"


def test_same_file_twice_is_all_duplicates(caller, heard):
    content = csv_file(row(fresh(1)), row(fresh(2)))
    for _ in range(2):
        upload(caller, content)
        body = heard.wait()
    assert rejects(body) == [(1, "Duplicate"), (2, "Duplicate")]


@pytest.mark.parametrize(("base", "expected"), [("record", [3, 4]), ("record0", [2, 3]), ("file", [6, 7])])
def test_lines_are_counted_as_the_style_says(caller, sandbox, heard, base, expected):
    sandbox.state.style.line_base = base
    broken = f'{fresh(1)},R1,"Ann\r\nMarie",Lee,LS1 4AP,Tracker'
    upload(caller, csv_file(broken, "", row(fresh(2)), row("1"), row("2")))
    assert [line for line, _ in rejects(heard.wait())] == expected


def test_bytes_that_are_not_utf8_spoil_only_their_record(caller, heard):
    upload(caller, csv_file(row(fresh(1)), row(fresh(2))).replace(b"Ann", b"Ren\xe9e", 1))
    assert rejects(heard.wait()) == [(1, "InvalidSourceFormat")]


def test_byte_order_mark_and_quotes_are_understood(caller, heard):
    quoted = f'"{fresh(1)}","R1","Ann","O, Lee","LS1 4AP","Tracker"'
    upload(caller, b"\xef\xbb\xbf" + csv_file(quoted, end="\n"))
    assert rejects(heard.wait()) == []


def test_international_numbers_are_invalid(caller, heard):
    upload(caller, csv_file(row("+447700900901"), row("7700900902")))
    assert rejects(heard.wait()) == [(1, "InvalidPhoneNumber"), (2, "InvalidPhoneNumber")]


def test_options_overrule_the_mapping(caller, sandbox, heard):
    known = sandbox.state.leads.in_list(1)[0].phones[0]
    options = {"ListId": 2, "Dedupe": False, "CheckDnc": False, "RemoveNonDigits": False, "TruncateExtraDigits": True}
    content = csv_file(row(known), row(known), row(min(sandbox.state.dnc)), row("07700 900901"), row(fresh(1) + "99"))
    upload(caller, content, options=json.dumps(options))
    assert rejects(heard.wait()) == [(4, "InvalidPhoneNumber")]
    assert sandbox.state.uploads[0]["list_id"] == 2
    assert sandbox.state.leads.with_phone(fresh(1), 2)


def test_fixed_list_of_the_mapping_is_not_overruled(caller, sandbox):
    sandbox.state.mappings["Energy leads"].list_fixed = True
    upload(caller, csv_file(row(fresh(1))), options='{"ListID": 2}')
    assert sandbox.state.uploads[0]["list_id"] == 1


@pytest.mark.parametrize(
    ("fields", "content", "code"),
    [
        ({"mapname": "Energy Leads"}, csv_file(), "NoMapFound"),
        ({"file_name": ""}, csv_file(), "FileMissing"),
        ({}, b"phone;reference\r\n", "NoMapMatch"),
        ({}, b"", "NoMapMatch"),
        ({"options": "{ ListID: 1 }"}, csv_file(), "GeneralError"),
        ({"options": "[1]"}, csv_file(), "GeneralError"),
        ({"options": '{"ListId": "1"}'}, csv_file(), "GeneralError"),
        ({"options": '{"ListId": 99}'}, csv_file(), "GeneralError"),
        ({"options": '{"Dedupe": 1}'}, csv_file(), "GeneralError"),
        ({"options": '{"Deduplicate": true}'}, csv_file(), "GeneralError"),
    ],
)
def test_unusable_uploads_are_refused_at_once(caller, sandbox, fields, content, code):
    answer = upload(caller, content, **fields)
    assert (answer["Success"], answer["ImportIDs"]) == (False, None)
    assert [error["ErrorCode"] for error in answer["Errors"]] == [code]
    assert sandbox.state.uploads == []


def test_missing_mapname_is_no_map_found(caller):
    assert caller.upload(csv_file()).json()["Errors"][0]["ErrorCode"] == "NoMapFound"


@pytest.mark.parametrize(
    "body",
    [
        b"no delimiter at all",
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="a"; filename="x\r\n\r\nx\r\n--{BOUNDARY}--'.encode(),
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="a"\r\n\r\nnever closed'.encode(),
        f"--{BOUNDARY}\r\nContent-Type: text/plain\r\n\r\nx\r\n--{BOUNDARY}--".encode(),
    ],
)
def test_malformed_forms_are_refused(caller, body):
    headers = {**JSON, "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    answer = caller.send("POST", f"{SERVICES}/LeadManagement/ImportCsvFiles", body, headers)
    assert answer.json()["Errors"][0]["ErrorCode"] == "GeneralError"


def test_quoted_boundary_with_blanks_as_in_the_code_sample(caller):
    body = (
        b"----Max Test-\r\nContent-Disposition: form-data; name=mapname\r\n\r\nEnergy leads\r\n"
        b'----Max Test-\r\nContent-Disposition: form-data; name="f"; filename=a.csv\r\n\r\n'
        + csv_file(row(fresh(1)))
        + b"\r\n----Max Test---\r\n"
    )
    headers = {**JSON, "Content-Type": 'multipart/form-data; boundary="--Max Test-"'}
    answer = caller.send("POST", f"{SERVICES}/LeadManagement/ImportCsvFiles", body, headers)
    assert answer.json()["Success"] is True


def test_journal_keeps_the_upload_by_its_digest(caller, sandbox):
    content = csv_file(row(fresh(1)))
    upload(caller, content, options='{"CheckDnc": true}')
    (entry,) = sandbox.journal.find("POST", "ImportCsvFiles")
    assert entry["body"] == ""
    assert entry["upload"]["fields"] == ["CSV Upload", "mapname", "options"]
    assert entry["upload"]["mapname"] == "Energy leads"
    (part,) = entry["upload"]["files"]
    assert part["file_name"] == "leads.csv"
    assert (part["size"], part["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())


def test_large_file_arrives_whole(caller, sandbox, heard):
    content = csv_file(*(row(fresh(1)) for _ in range(60_000)))
    upload(caller, content, options='{"Dedupe": false}')
    root = etree.fromstring(heard.wait())
    assert root.findtext("{*}LeadsImported") == "60000"
    assert sandbox.state.uploads[0]["sha256"] == hashlib.sha256(content).hexdigest()


def test_body_over_the_limit_is_answered_413_by_its_length(caller, sandbox):
    sandbox.state.max_request_bytes = 2_000_000
    answer = caller.upload(b"x" * 2_000_000, mapname="Energy leads")
    assert (answer.status, answer.body) == (413, b"")
    assert sandbox.state.uploads == []
    assert caller.upload(b"x" * 1_000_000, mapname="Energy leads").status == 200


def test_default_limit_is_the_document_s(sandbox):
    assert sandbox.state.max_request_bytes == 51_200_000


def test_immediate_rejects_are_told_at_once_and_counted_once(caller, sandbox, heard, faulty):
    sandbox.state.style.immediate_rejects = True
    answer = upload(caller, faulty)
    assert answer["ImmediateRejectCount"] == 1
    assert answer["Errors"][0]["ErrorText"] == "Line: 6 Reason: InvalidSourceFormat"
    root = etree.fromstring(heard.wait())
    assert root.findtext("{*}ImmediateRejectCount") == "1"
    assert root.findtext("{*}RejectedParsing") == "0"
    assert rejects(heard.bodies[0]) == EXPECTED[:4]


@pytest.mark.parametrize(
    ("style", "at_once", "reported"),
    [("filled", [1001], ["1001"]), ("nil", None, []), ("nil_in_callback", [1001], [])],
)
def test_import_ids_follow_the_style(caller, sandbox, heard, style, at_once, reported):
    sandbox.state.style.import_ids = style
    assert upload(caller, csv_file(row(fresh(1))))["ImportIDs"] == at_once
    ids = etree.fromstring(heard.wait()).find("{*}ImportIDs")
    assert [element.text for element in ids] == reported
    assert (ids.get("{http://www.w3.org/2001/XMLSchema-instance}nil") == "true") is (not reported)


def test_callback_can_close_its_tags_as_the_sample_does(caller, sandbox, heard):
    sandbox.state.style.doc_sample_tags = True
    upload(caller, csv_file(row(fresh(1))))
    text = heard.wait().decode()
    assert "<LeadsImported>1</ LeadsImported >" in text
    assert "<RejectedDedupe>0</ RejectedDedupe>" in text
    assert text.endswith("</LeadAPIResult.ImportDataResponse >")
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(text)


def test_callback_can_come_twice(caller, sandbox, heard):
    sandbox.state.callback_copies = 2
    upload(caller, csv_file(row(fresh(1))))
    heard.wait()
    heard.wait()
    assert heard.bodies[0] == heard.bodies[1]


def test_callback_is_tried_again_while_nobody_listens(caller, sandbox):
    sandbox.state.change({"callback_delay": 0, "callback_pause": 0.01, "callback_tries": 1000})
    with listen() as gone:
        pass
    sandbox.state.mappings["Energy leads"].response_url = gone.url
    upload(caller, csv_file(row(fresh(1))))
    with listen() as heard:
        sandbox.state.mappings["Energy leads"].response_url = heard.url
        heard.wait()
    (callback,) = sandbox.state.callbacks
    assert callback["tries"] >= 1


def test_answer_is_xml_by_default(caller):
    root = caller.upload(csv_file(row(fresh(1))), headers=XML, mapname="Energy leads").xml()
    assert root.tag.endswith("}LeadAPIResult.ImportDataResult")
    assert root.findtext("{*}Success") == "true"
