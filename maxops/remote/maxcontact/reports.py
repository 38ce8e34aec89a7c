"""Reads the body of an import's result, of any size, as it comes: which form it has, and what to forgive it."""

import re
from collections.abc import Callable
from typing import Any, BinaryIO, Generic, NamedTuple, TypeVar

from maxops.remote.codec import CHARSET, PLAIN_ENCODINGS
from maxops.remote.encodings import is_web_page
from maxops.remote.maxcontact.report_json import JsonReport
from maxops.remote.maxcontact.report_pieces import Sink, mended, read_blocks
from maxops.remote.maxcontact.report_xml import XmlReport

ROOT_WITHIN = 2048
REPORT_ROOT = re.compile(rb"<(?:[\w.-]+:)?(?:LeadAPIResult\.)?ImportData(?:Result|Response)\b")

SomeSink = TypeVar("SomeSink", bound=Sink)


class Wire(NamedTuple, Generic[SomeSink]):
    """The values without the errors, which went into the sink; `recovered`: closing tags had to be mended."""

    values: Any
    sink: SomeSink
    recovered: bool = False


def read_wire(body: BinaryIO, make_sink: Callable[[], SomeSink], content_type: str = "") -> Wire[SomeSink]:
    """ValueError when it cannot be read: nothing of it counts then. Each try has a sink of its own."""
    first = next(read_blocks(body), b"")
    if is_web_page(first):
        raise ValueError("it is a web page")
    if first.startswith(b"{"):
        return _read_json(body, make_sink, content_type)
    if first.startswith(b"<"):
        return _read_xml(body, make_sink, may_mend=REPORT_ROOT.search(first[:ROOT_WITHIN]) is not None)
    raise ValueError("it is neither XML nor an object" if first else "it is empty")


def _read_json(body: BinaryIO, make_sink: Callable[[], SomeSink], content_type: str) -> Wire[SomeSink]:
    """UTF-8, whatever the header says, unless it cannot be."""
    sink = make_sink()
    try:
        return Wire(JsonReport(sink).read(read_blocks(body)), sink)
    except ValueError:
        charset = CHARSET.search(content_type)
        if charset is None or charset[1].lower() not in PLAIN_ENCODINGS - {"utf-8"}:
            raise
    sink = make_sink()
    return Wire(JsonReport(sink).read(read_blocks(body, charset[1])), sink)


def _read_xml(body: BinaryIO, make_sink: Callable[[], SomeSink], *, may_mend: bool) -> Wire[SomeSink]:
    """As it stands; else, for a report, with the closing tags of the document's own sample mended, and nothing more."""
    sink = make_sink()
    try:
        return Wire(XmlReport(sink).read(read_blocks(body)), sink)
    except ValueError:
        if not may_mend:
            raise
        sink = make_sink()
        return Wire(XmlReport(sink).read(mended(read_blocks(body))), sink, recovered=True)
