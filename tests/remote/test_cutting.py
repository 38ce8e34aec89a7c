"""A collection cut into rows says the same as one decoded whole; whatever is odd is left to the full decode."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maxops.remote.codec import decode
from maxops.remote.cutting import DecodedRows, cut
from maxops.remote.maxcontact.envelope import rows_of

XSI = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'
AROUND = {"Success": True, "ResponseCode": "Success", "ResponseDetail": ""}
ROWS = [{"Id": 3, "Name": 'O’Neill \\ "q" <b>'}, {"Name": "Zoë", "Id": 1, "Extra": {"a": [1, 2]}}, {"Id": 2}]
FLAT = "<User><Id>3</Id><Name>O’Neill &amp; &lt;Khan&gt;</Name></User>"
NIL = '<User><Name i:nil="true"/><Id>1</Id></User>'
NESTED = "<User><Id>2</Id><Extra><A>1</A><A>2</A></Extra></User>"


def json_body(rows, **around):
    return json.dumps({**AROUND, "Data": rows, **around}, ensure_ascii=False).encode()


def xml_body(*rows, root="ManagementActionResponse", attributes=XSI, head=""):
    inside = "\n  ".join(rows)
    data = f"<Success>true</Success><Data>{inside}</Data><ResponseCode>Success</ResponseCode>"
    return f"{head}<{root} {attributes}>{data}</{root}>".encode()


def whole(body):
    decoded = decode(body)
    return rows_of(decoded["Data"])


BODIES = {
    "json": json_body(ROWS),
    "json with a mark": b"\xef\xbb\xbf " + json_body(ROWS),
    "json in utf-16": json_body(ROWS).decode().encode("utf-16"),
    "json, data first": json.dumps({"Data": ROWS, **AROUND}).encode(),
    "json, one row": json_body(ROWS[:1]),
    "json, no row": json_body([]),
    "xml": xml_body(FLAT, FLAT.replace("3", "4")),
    "xml, one row": xml_body(FLAT),
    "xml, nil": xml_body(FLAT, NIL),
    "xml, nested": xml_body(FLAT, NESTED),
    "xml, declared": xml_body(FLAT, head='<?xml version="1.0" encoding="utf-8"?>\n'),
    "xml, carriage return": xml_body("<User><Id>1</Id><Name>a\r\nb&#233;</Name></User>"),
    "xml, default namespace": xml_body(FLAT, NIL, attributes=f'xmlns="urn:m" {XSI}'),
    "xml, prefixes": (
        f'<m:R xmlns:m="urn:m" {XSI}><m:Success>true</m:Success>'
        '<m:Data><d:U xmlns:d="urn:d"><d:Id>1</d:Id></d:U></m:Data></m:R>'
    ).encode(),
    "xml, prefixes declared above": (
        f'<m:R xmlns:m="urn:m" xmlns:d="urn:d" {XSI}><m:Success>true</m:Success>'
        "<m:Data><d:U><d:Id>1</d:Id><d:N>x</d:N></d:U><d:U><d:Id>2</d:Id><d:N/></d:U></m:Data></m:R>"
    ).encode(),
    "xml in cp1252": xml_body(
        "<User><Id>1</Id><Name>Zoë</Name></User>", head='<?xml version="1.0" encoding="windows-1252"?>'
    )
    .decode()
    .encode("cp1252"),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_rows_cut_are_the_rows_decoded(body):
    rows = cut(body)
    expected = whole(body)
    if rows is None:
        rows = DecodedRows({}, expected, [int(row["Id"]) for row in expected])
    assert list(rows.ids) == [int(row["Id"]) for row in expected]
    every = range(len(expected))
    assert rows.wires(every) == expected if expected else not rows.ids
    assert [rows.wires([place])[0] for place in every] == expected
    assert len(set(rows.marks())) == len(expected)


CUT = ["json", "json with a mark", "json in utf-16", "json, data first", "json, one row", "json, no row"]
CUT += ["xml", "xml, one row", "xml, nil", "xml, nested", "xml, declared", "xml, default namespace", "xml in cp1252"]


@pytest.mark.parametrize("name", CUT)
def test_usual_answers_are_cut_not_decoded(name):
    assert cut(BODIES[name]) is not None


ODD = {
    "empty": b"",
    "text": b"Success",
    "json cut short": json_body(ROWS)[:-30],
    "json, text behind": json_body(ROWS) + b"x",
    "json, Id as text": json_body([{"Id": "3"}]),
    "json, Id null": json_body([{"Id": None}]),
    "json, no Id": json_body([{"Name": "x"}]),
    "json, a number among the rows": json_body([{"Id": 1}, 2]),
    "json, no data": json.dumps(AROUND).encode(),
    "json, data null": json_body(None),
    "json, rows inside an object": json_body({"User": [{"Id": 1}]}),
    "json, not utf-8": json_body(ROWS).replace("Zoë".encode(), b"Zo\xeb"),
    "json, deep": b'{"Data":' + b"[" * 100_000,
    "xml cut short": xml_body(FLAT, NIL)[:-20],
    "xml, not well-formed in a row": xml_body("<User><Id>1</Id><Name>x</Nam></User>"),
    "xml, unknown entity": xml_body("<User><Id>1</Id><Name>&x;</Name></User>"),
    "xml, document type": b"<!DOCTYPE a>" + xml_body(FLAT),
    "xml, cdata": xml_body("<User><Id>1</Id><Name><![CDATA[</User><User><Id>2</Id>]]></Name></User>"),
    "xml, comment": xml_body(FLAT, "<!-- <User><Id>9</Id></User> -->"),
    "xml, instruction": xml_body(FLAT, "<?x <User>?>"),
    "xml, row with attributes": xml_body(FLAT, '<User i:type="b"><Id>9</Id></User>'),
    "xml, rows of two names": xml_body(FLAT, "<Agent><Id>9</Id></Agent>"),
    "xml, row in a row": xml_body("<User><Id>1</Id><User><Id>2</Id></User></User>"),
    "xml, row in a row with attributes": xml_body('<User><Id>1</Id><Up><User i:type="b">x</User></Up></User>'),
    "xml, Id inside something": xml_body("<User><Id>1</Id><Team><Id>2</Id></Team></User>"),
    "xml, no Id": xml_body("<User><Name>x</Name></User>"),
    "xml, nil Id": xml_body('<User><Id i:nil="true"/></User>'),
    "xml, Id that is no number": xml_body("<User><Id>1x</Id></User>"),
    "xml, text between rows": xml_body(FLAT, "and", FLAT),
    "xml, text after rows": xml_body(FLAT, "and"),
    "xml, rows inside an object": xml_body(f"<Users>{FLAT}{FLAT.replace('3', '4')}</Users>"),
    "xml, no rows": xml_body(),
    "a page": b"<html><body>Data</body></html>",
}


@pytest.mark.parametrize("body", ODD.values(), ids=ODD.keys())
def test_odd_answers_are_left_to_the_full_decode(body):
    assert cut(body) is None


def test_envelope_is_read_beside_the_rows():
    for body in (json_body(ROWS, Success=False), xml_body(FLAT).replace(b"true<", b"false<")):
        assert str(cut(body).envelope["Success"]).lower() == "false"


def test_same_bytes_have_the_same_mark_and_others_another():
    first, second = cut(json_body(ROWS)).marks(), cut(json_body([ROWS[2], ROWS[0], {"Id": 1, "Name": "Zoe"}])).marks()
    assert (first[0], first[2]) == (second[1], second[0])
    assert first[1] != second[2]


@given(st.binary(max_size=80))
def test_any_row_is_cut_as_it_is_decoded_or_not_at_all(middle):
    for body in (xml_body(FLAT).replace(b"<Name>", b"<Name>" + middle), json_body(ROWS).replace(b"Zo", middle)):
        rows = cut(body)
        if rows is not None:
            assert rows.wires(range(len(rows.ids))) == whole(body)
