"""An import's result in JSON, read as it comes: errors are cut out and decoded one by one, alike ones by their run.

What is left of the text, each error replaced by null, is decoded at the end: it is whole exactly if the report was.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from maxops.remote.codec import DAMAGED, decode_json
from maxops.remote.encodings import XML_SPACE
from maxops.remote.maxcontact.report_pieces import LONGEST_ERROR, MOST_LESSONS, MOST_PARTS, Sink, Spelling, Text

TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]"]', re.DOTALL)
ERROR_NAME = re.compile(rb'"Error(?:Text|Code|I[dD])"')
JOINT = rb"[ \t\r\n]*,[ \t\r\n]*"
NULL = b"null"
LONGEST_SKELETON = 1 << 20
DEEPEST = 64


@dataclass(slots=True)
class Open:
    """An object or a list whose end has not come yet; `start` is its place in the text at hand."""

    is_object: bool
    is_among_errors: bool
    start: int
    is_leaf: bool = True


class JsonReport:
    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._skeleton = bytearray()
        self._cut_end = -1  # where the skeleton's last null ends
        self._stack: list[Open] = []
        self._pending = b""  # begun, but not whole
        self._scanned = 0  # bytes of it that were looked at
        self._last_text = b""
        self._lessons = 0
        self._rest = b""
        self._spelling: Spelling | None = None
        # Whether what was read so far ends with an error of a list: then errors like it may follow.
        self._is_behind = False

    def read(self, blocks: Iterable[bytes]) -> Any:
        """The values of the object without its errors; ValueError when it is none, or not whole."""
        for block in blocks:
            text = self._rest + block
            cut = text.rfind(b"}") + 1
            if not cut and len(text) > LONGEST_ERROR:
                cut = len(text)
            self._rest = text[cut:]
            self._leave_out_runs(text[:cut])
        self._scan(self._rest)
        self._keep(self._pending)
        return decode_json(bytes(self._skeleton))

    def _leave_out_runs(self, text: bytes) -> None:
        spelling = self._spelling
        if spelling is None:
            self._scan(text)
            return
        if self._is_behind:
            parts = spelling.pattern.split(text)
            if not any(parts[::3]):
                self._sink.run(spelling.text, parts[1::3], parts[2::3])
                return
        start = 0
        for match in spelling.pattern.finditer(text):
            if match.start() != start:
                self._scan(text[start : match.start()])
                start = match.start()
            if self._is_behind:
                self._sink.run(spelling.text, [match[1]], [match[2]])
                start = match.end()
        self._scan(text[start:])

    def _scan(self, block: bytes) -> None:
        """The careful reader: every bracket is followed."""
        if not block:
            return
        text = self._pending + block
        done = seen = 0
        self._is_behind = False
        for token in TOKEN.finditer(text, self._scanned):
            mark = token[0]
            if mark == b'"':
                seen = token.start()  # a text whose end is still to come
                break
            seen = token.end()
            if mark in (b"{", b"["):
                self._begin(mark == b"{", token.start())
            elif mark in (b"}", b"]"):
                done = self._end(text, mark == b"}", done, seen)
            else:
                self._last_text = mark
        else:
            seen = len(text)
        self._put_by(text, done, seen)

    def _put_by(self, text: bytes, done: int, seen: int) -> None:
        """What is certainly no error goes to the skeleton; the rest waits for its end."""
        top = self._stack[-1] if self._stack else None
        hold = top.start if top and top.is_leaf and top.is_object and top.is_among_errors else seen
        self._keep(text[done:hold])
        self._pending, self._scanned = text[hold:], seen - hold
        if top:
            top.start -= hold
        if len(self._pending) > LONGEST_ERROR:
            raise ValueError(MOST_PARTS)
        self._is_behind = self._is_behind and done == len(text)

    def _begin(self, is_object: bool, start: int) -> None:
        parent = self._stack[-1] if self._stack else None
        among = parent is not None and (parent.is_among_errors or (parent.is_object and self._last_text == b'"Errors"'))
        if parent:
            parent.is_leaf = False
        if len(self._stack) == DEEPEST:
            raise ValueError(MOST_PARTS)
        self._stack.append(Open(is_object, among, start))

    def _end(self, text: bytes, is_object: bool, done: int, end: int) -> int:
        """How much of the text is dealt with: all of it when an error ends here."""
        if not self._stack:
            raise ValueError(DAMAGED)
        ended = self._stack.pop()
        self._is_behind = False
        if not (is_object and ended.is_object and ended.is_leaf and ended.is_among_errors):
            return done
        raw = text[ended.start : end]
        if not ERROR_NAME.search(raw):
            return done
        self._keep(text[done : ended.start])
        self._keep_null()
        self._take(raw)
        return end

    def _take(self, raw: bytes) -> None:
        wire = decode_json(raw)
        fixed: Text | None = self._sink.error(wire)
        in_list = bool(self._stack) and not self._stack[-1].is_object
        if fixed is None or not in_list:
            return
        if self._spelling and self._spelling.pattern.fullmatch(b"," + raw):
            self._is_behind = True
            return
        self._lessons += 1
        found = Spelling.of(raw, wire["ErrorText"], fixed, JOINT)
        if found and self._lessons <= MOST_LESSONS:
            self._spelling, self._is_behind = found, True

    def _keep(self, text: bytes) -> None:
        self._skeleton += text
        if len(self._skeleton) > LONGEST_SKELETON:
            raise ValueError(MOST_PARTS)

    def _keep_null(self) -> None:
        """null, null is as good a list as null: a million errors leave one."""
        skeleton = self._skeleton
        if self._cut_end >= 0 and bytes(skeleton[self._cut_end :]).strip(XML_SPACE) == b",":
            del skeleton[self._cut_end :]
            return
        skeleton += NULL
        self._cut_end = len(skeleton)
