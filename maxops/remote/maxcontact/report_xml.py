"""An import's result in XML, read as it comes: errors leave the tree as they end, alike ones never enter it."""

import re
from collections.abc import Iterable
from typing import Any

from maxops.remote.codec import XmlElement, XmlWalk, local_name
from maxops.remote.maxcontact.report_pieces import LONGEST_ERROR, MOST_LESSONS, Sink, Spelling, Text

ERROR_NAMES = frozenset({"ErrorText", "ErrorCode", "ErrorId", "ErrorID"})
MARGIN = rb"[ \t\r\n]*"
CLOSING = re.compile(rb"</[\w.:-]*Error>")


class XmlReport:
    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._walk = XmlWalk(self._take)
        self._rest = b""
        self._spelling: Spelling | None = None
        self._closing = b""
        self._lessons = 0
        self._wire: dict[str, Any] = {}
        self._text: Text | None = None
        # Whether what was fed so far ends with an error like those of the spelling: then more of them may be left out.
        self._is_behind = False

    def read(self, blocks: Iterable[bytes]) -> Any:
        """The values of the document without its errors; ValueError when it is none, or not whole."""
        for block in blocks:
            self._add(block)
        self._feed(self._rest)
        return self._walk.close()

    def _add(self, block: bytes) -> None:
        text = self._rest + block
        cut = self._end_of_errors(text)
        if not cut and (not self._closing or len(text) > LONGEST_ERROR):
            cut = text.rfind(b">") + 1 or len(text)
        self._rest = text[cut:]
        self._leave_out_runs(text[:cut])

    def _end_of_errors(self, text: bytes) -> int:
        if self._closing:
            place = text.rfind(self._closing)
            return place + len(self._closing) if place >= 0 else 0
        return max((match.end() for match in CLOSING.finditer(text)), default=0)

    def _leave_out_runs(self, text: bytes) -> None:
        spelling = self._spelling
        if spelling is None:
            self._feed(text)
            return
        if self._is_behind:
            parts = spelling.pattern.split(text)
            if not any(parts[::3]):
                self._sink.run(spelling.text, parts[1::3], parts[2::3])
                return
        self._leave_out_some(text, spelling)

    def _leave_out_some(self, text: bytes, spelling: Spelling) -> None:
        """The same, step by step, where something else stands between."""
        start = 0
        numbers: list[bytes] = []
        reasons: list[bytes] = []
        for match in spelling.pattern.finditer(text):
            if match.start() != start:
                self._sink.run(spelling.text, numbers, reasons)
                numbers, reasons = [], []
                self._feed(text[start : match.start()])
                start = match.start()
            if self._is_behind and self._spelling is spelling:
                numbers.append(match[1])
                reasons.append(match[2])
                start = match.end()
        self._sink.run(spelling.text, numbers, reasons)
        self._feed(text[start:])

    def _feed(self, text: bytes) -> None:
        if not text:
            return
        self._text = None
        self._walk.feed(text)
        # A comment, a CDATA section or an instruction could hold the look of an error without being one.
        is_plain = b"<!" not in text and b"<?" not in text
        self._is_behind = is_plain and self._walk.last is self._walk.taken and self._learn(text)

    def _learn(self, text: bytes) -> bool:
        """The spelling of the error that has just ended. It may be left out where it declares no names of its own."""
        closing = text[text.rfind(b"</") :]
        start = text.rfind(b"<" + closing[2:])
        if self._text is None or start < 0 or text.count(closing, start) != 1:
            return False
        if self._spelling and self._spelling.pattern.fullmatch(text, start):
            return True
        self._lessons += 1
        found = Spelling.of(text[start:], self._wire["ErrorText"], self._text, MARGIN)
        if found is None or self._lessons > MOST_LESSONS:
            return False
        self._spelling, self._closing = found, closing
        return True

    def _take(self, element: XmlElement, children: dict[str, Any]) -> bool:
        """Whether this element is an error: then it goes to the sink."""
        if not ERROR_NAMES.intersection(children) or not is_among_errors(element):
            return False
        self._text, self._wire = self._sink.error(children), children
        return True


def is_among_errors(element: XmlElement) -> bool:
    return any(local_name(outer) == "Errors" for outer in element.iterancestors())
