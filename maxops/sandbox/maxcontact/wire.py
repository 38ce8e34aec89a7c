"""Answers as MaxContact words them: DataContract XML by default, JSON when asked, in the style that is switched on."""

import json
import re
from datetime import datetime

from lxml import etree

from maxops.sandbox.documents import LEAD_MANAGEMENT
from maxops.sandbox.exchange import Response
from maxops.sandbox.maxcontact.style import Style

INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
SCHEMA = "http://www.w3.org/2001/XMLSchema"
LEAD_API = "http://schemas.datacontract.org/2004/07/Max.LeadManagement.LeadAPIPublic"
API_ERROR = "http://schemas.datacontract.org/2004/07/Max.LeadManagement.APIError"
ARRAYS = "http://schemas.microsoft.com/2003/10/Serialization/Arrays"
# S001 prints no XML: these two follow the pattern of S000's.
MANAGEMENT = "http://schemas.datacontract.org/2004/07/Max.Management.ManagementAPIPublic"
ENTITIES = "http://schemas.datacontract.org/2004/07/Max.Management.Entities"

DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>'
# How the sample of S000 closes the counters of its callback.
SAMPLE_CLOSINGS = {
    "LeadsImported": "</ LeadsImported >",
    "RejectedDedupe": "</ RejectedDedupe>",
    "RejectedDedupeFile": "</ RejectedDedupeFile>",
    "RejectedDnc": "</ RejectedDnc>",
    "RejectedParsing": "</ RejectedParsing>",
    "RejectedValidation": "</ RejectedValidation >",
    "LeadAPIResult.ImportDataResponse": "</LeadAPIResult.ImportDataResponse >",
}


def write_date(moment: datetime, style: Style, as_json: bool) -> str:
    if as_json and style.dates == "ms":
        return f"/Date({int(moment.timestamp() * 1000)}+0000)/"
    text = moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0"
    offset = moment.strftime("%z")
    return text + (f"{offset[:3]}:{offset[3:]}" if offset else "")


class Builder:
    """Puts elements into their namespaces, or leaves all namespaces away."""

    def __init__(self, style: Style) -> None:
        self.named = style.namespaces

    def root(self, tag: str, namespace: str | None, **prefixes: str) -> etree._Element:
        if not self.named:
            return etree.Element(tag)
        nsmap = {None: namespace, **prefixes} if namespace else prefixes
        return etree.Element(f"{{{namespace}}}{tag}" if namespace else tag, nsmap=nsmap)

    def child(self, parent: etree._Element, tag: str, namespace: str | None = None) -> etree._Element:
        """Without a namespace of its own the element takes its parent's."""
        if not self.named:
            return etree.SubElement(parent, tag)
        if namespace is None:
            inherited = etree.QName(parent).namespace
            return etree.SubElement(parent, f"{{{inherited}}}{tag}" if inherited else tag)
        return etree.SubElement(parent, f"{{{namespace}}}{tag}", nsmap={"a": namespace})

    def nil(self, element: etree._Element) -> None:
        element.set(f"{{{INSTANCE}}}nil" if self.named else "nil", "true")

    def fill(self, element: etree._Element, value: object) -> None:
        if value is None:
            self.nil(element)
        else:
            element.text = write_text(value)


def write_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def answer(body: bytes, style: Style, as_json: bool, status: int = 200) -> Response:
    kind = "application/json" if as_json else "application/xml"
    return Response(status, (b"\xef\xbb\xbf" if style.bom else b"") + body, f"{kind}; charset=utf-8")


def dump_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def write_token(token: dict | None, style: Style, as_json: bool) -> bytes:
    """XmlSerializer style, as the sample: no namespace of its own. None is the null token of a refused log-in."""
    if as_json:
        return dump_json(token)
    builder = Builder(style)
    root = builder.root("APIToken", None, xsi=INSTANCE, xsd=SCHEMA)
    if token is None:
        builder.nil(root)
    for name, value in (token or {}).items():
        builder.fill(builder.child(root, name), value)
    return DECLARATION + etree.tostring(root, encoding="utf-8")


def write_errors(errors: list[tuple[str, str, str]], style: Style) -> list[dict]:
    """(code, severity, text) in the names and values of the style."""
    number = style.error_values == "number"
    codes, severities = LEAD_MANAGEMENT["error_ids"], LEAD_MANAGEMENT["severities"]
    return [
        {
            style.error_key: codes[code] if number else code,
            "ErrorSeverity": severities[severity] if number else severity,
            "ErrorText": text,
        }
        for code, severity, text in errors
    ]


def write_result(name: str, result: dict, style: Style, as_json: bool) -> bytes:
    """ImportDataResult or ImportDataResponse; Errors and ImportIDs are lists (or None), the rest plain values."""
    if as_json:
        return dump_json(result)
    builder = Builder(style)
    root = builder.root(f"LeadAPIResult.{name}", LEAD_API, i=INSTANCE)
    for key, value in result.items():
        if key == "Errors":
            _fill_errors(builder, _open(builder, root, key, API_ERROR), value)
        elif key == "ImportIDs":
            _fill_ids(builder, _open(builder, root, key, ARRAYS), value)
        else:
            builder.fill(builder.child(root, key), value)
    body = etree.tostring(root, encoding="utf-8")
    return imitate_sample(body) if style.doc_sample_tags and name == "ImportDataResponse" else body


def _fill_errors(builder: Builder, listed: etree._Element, errors: list[dict]) -> None:
    for error in errors:
        row = builder.child(listed, "APIError", API_ERROR)
        for part, text in error.items():
            builder.fill(builder.child(row, part, API_ERROR), text)


def _fill_ids(builder: Builder, listed: etree._Element, ids: list[int] | None) -> None:
    if ids is None:
        builder.nil(listed)
    for number in ids or ():
        builder.fill(builder.child(listed, "int", ARRAYS), number)


def _open(builder: Builder, root: etree._Element, tag: str, namespace: str) -> etree._Element:
    """A child in the root's own namespace that declares the prefix `a` for its items."""
    if not builder.named:
        return etree.SubElement(root, tag)
    return etree.SubElement(root, f"{{{etree.QName(root).namespace}}}{tag}", nsmap={"a": namespace})


def imitate_sample(body: bytes) -> bytes:
    text = body.decode()
    for tag, closing in SAMPLE_CLOSINGS.items():
        text = re.sub(re.escape(f"</{tag}>"), closing, text)
    return text.encode()


def write_envelope(name: str, envelope: dict, item: str, style: Style, as_json: bool) -> bytes:
    """ManagementActionResponse and its like. `item` names the element of each entity inside Data."""
    if as_json:
        return dump_json(envelope)
    builder = Builder(style)
    root = builder.root(name, MANAGEMENT, i=INSTANCE)
    # DataContract writes members in alphabetical order, not in the document's.
    for key in sorted(envelope):
        if key == "Data":
            _fill_envelope(builder, _open(builder, root, key, ENTITIES), envelope[key], item, style)
        else:
            builder.fill(builder.child(root, key), envelope[key])
    return DECLARATION + etree.tostring(root, encoding="utf-8")


def _fill_envelope(builder: Builder, element: etree._Element, value: object, item: str, style: Style) -> None:
    if isinstance(value, list):
        for record in value:
            _fill_record(builder, builder.child(element, item, ENTITIES), record)
    elif isinstance(value, dict):
        inner = builder.child(element, item, ENTITIES) if style.entity_wrapper else element
        _fill_record(builder, inner, value)
    else:
        builder.fill(element, value)


def _fill_record(builder: Builder, element: etree._Element, record: dict) -> None:
    for key in sorted(record):
        builder.fill(builder.child(element, key, ENTITIES), record[key])
