"""Whatever form an answer comes in, the same plain values come out, or it is refused whole."""

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maxops.remote.codec import decode, encode
from maxops.remote.encodings import is_web_page
from maxops.remote.errors import Garbled

RESULT = {"Success": "true", "Data": {"Campaign": [{"Id": "1", "Name": "Énergie"}, {"Id": "2", "Name": None}]}}
PLAIN = (
    "<ManagementActionResponse><Success>true</Success><Data><Campaign><Id>1</Id><Name>Énergie</Name></Campaign>"
    '<Campaign><Id>2</Id><Name i:nil="true" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"/></Campaign></Data>'
    "</ManagementActionResponse>"
)
PREFIXED = (
    '<?xml version="1.0" encoding="utf-8"?>\n<!-- hello -->\n'
    '<m:ManagementActionResponse xmlns:m="urn:m" xmlns:d="urn:d" xmlns:x="http://www.w3.org/2001/XMLSchema-instance">\n'
    '  <m:Success>true</m:Success>\n  <m:Data x:type="d:ArrayOfCampaign">\n'
    "    <d:Campaign><d:Id>1</d:Id><d:Name>Énergie</d:Name></d:Campaign>\n"
    '    <d:Campaign><d:Id>2</d:Id><d:Name x:nil="1"></d:Name></d:Campaign>\n'
    "  </m:Data>\n</m:ManagementActionResponse>\n"
)


@pytest.mark.parametrize("xml", [PLAIN, PREFIXED], ids=["plain", "prefixed"])
def test_xml_is_read_by_local_name_whatever_the_namespaces(xml):
    assert decode(xml.encode()) == RESULT


@pytest.mark.parametrize(
    "body",
    [
        PLAIN.encode("utf-8-sig"),
        b"\r\n  " + PLAIN.encode(),
        PLAIN.encode("utf-16"),
        PLAIN.encode("utf-16-le"),
        PLAIN.encode("utf-16-be"),
        b'<?xml version="1.0" encoding="windows-1252"?>' + PLAIN.encode("cp1252"),
        ('<?xml version="1.0" encoding="utf-16"?>' + PLAIN).encode("utf-16"),
    ],
    ids=["bom", "space", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "utf-16 declared"],
)
def test_xml_is_read_in_any_encoding(body):
    assert decode(body) == RESULT


@pytest.mark.parametrize("content_type", ["application/json", "text/xml", "text/html", ""])
def test_content_decides_not_the_header(content_type):
    assert decode(b'\xef\xbb\xbf {"Success": true}', content_type) == {"Success": True}
    assert decode(b"<a><Success>true</Success></a>", content_type) == {"Success": "true"}


def test_json_in_utf_16_and_in_a_declared_charset():
    assert decode('{"a": "é"}'.encode("utf-16")) == {"a": "é"}
    assert decode('{"a": "é"}'.encode("cp1252"), "application/json; charset=windows-1252") == {"a": "é"}


def test_empty_xml_element_is_empty_text_and_nil_is_none():
    assert decode(b'<a><b/><c i:nil="true" xmlns:i="urn:i"/></a>') == {"b": "", "c": None}


def test_numbers_go_back_digit_for_digit():
    body = b'{"a":2.50,"b":0.1,"c":12345678901234567890,"d":-3,"e":100}'
    assert decode(body)["a"] == Decimal("2.50")
    assert encode(decode(body)) == body


def test_xml_values_can_be_encoded():
    assert encode(decode(b"<a><b><c>1</c></b></a>")) == b'{"b":{"c":"1"}}'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  \n",
        b"Success",
        b'{"Success": true, "Data": [{"Id": 1',
        b'{"Success": true} trailing',
        PLAIN.encode()[:150],
        b"<a><b></a></b>",
        b"\x00\x01\x02",
        b"[" * 200_000,
        b"<a>" * 10_000,
        b'{"a": NaN}',
        b'<?xml version="1.0" encoding="utf-7"?><a/>',
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_not_whole_is_refused(body):
    with pytest.raises(Garbled, match="The answer cannot be read"):
        decode(body)


@pytest.mark.parametrize(
    "start",
    [
        '<!DOCTYPE a [<!ENTITY x "boom">]>',
        '<?xml version="1.0"?>\n<!-- <a> -->\n<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd">',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_document_types_and_entities_are_refused(start):
    with pytest.raises(Garbled, match="document type"):
        decode(start.encode() + b"<a><b>&x;</b></a>")


def test_excerpt_of_what_cannot_be_read_is_kept_unless_private():
    with pytest.raises(Garbled) as caught:
        decode(b"Object reference not set" + b"!" * 5000)
    assert caught.value.detail.startswith("Object reference not set")
    assert len(caught.value.detail) == 2048
    with pytest.raises(Garbled) as caught:
        decode(b"Mrs Smith", private=True)
    assert caught.value.detail == ""


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b"<!doctype HTML><p>", "", True),
        (b"\xef\xbb\xbf\n<html lang=en>", "application/json", True),
        (b'<?xml version="1.0"?><!DOCTYPE html PUBLIC "x"><html>', "text/xml", True),
        (b"Bad gateway", "text/html", True),
        (b'{"a": "<html>"}', "text/html", False),
        (b"<ManagementActionResponse/>", "text/html; charset=utf-8", False),
        (b"<a><html/></a>", "application/xml", False),
        (b"", "application/json", False),
    ],
)
def test_web_page_is_recognised(body, content_type, expected):
    assert is_web_page(body, content_type) is expected


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body):
    with contextlib.suppress(Garbled):
        decode(body)
