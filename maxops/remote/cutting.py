"""A collection cut into its rows without decoding them: Ids and fingerprints of all, values only of those asked for.

Whatever is not plainly one flat list of rows with plain Ids is left to the full decode: None instead of a guess.
"""

import codecs
import hashlib
import html
import re
from array import array
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from maxops.remote.codec import (
    decode,
    decode_member,
    encode,
    plain_text,
    prove_whole_xml,
    unwrap_single,
)
from maxops.remote.errors import Garbled
from maxops.remote.fields import Textual
from maxops.remote.kinds import letters_of

PIECE_BYTES = 1 << 20
MARK_BYTES = 16
ROW_MARK_BYTES = 8  # compared with one other mark, not with all
LONGEST_ID = 18  # digits
NAME = rb"(?:[A-Za-z_][\w.-]*:)?"
DATA_START = re.compile(rb"<" + NAME + rb"[Dd]ata(?:\s[^<>]*)?>\s*<([A-Za-z_][\w.:-]*)>")
ID = re.compile(rb"<" + NAME + rb"Id>\s*(\d{1,%d})\s*</" % LONGEST_ID)
ID_START = re.compile(rb"<" + NAME + rb"Id[\s/>]")
# Comments, CDATA, document types, processing instructions: the text between tags may then look like tags.
NOT_PLAIN = re.compile(rb"<[!?]")
LEAF = re.compile(r"<(?:[^\s<>/:]+:)?([^\s<>/:]+)>([^<]*)</")
ENCODED = re.compile(rb"""encoding\s*=\s*["']([\w.-]+)""")
DECLARED = re.compile(rb"\s*<\?xml[^<>]*\?>")


class Rows(Protocol):
    """The rows of one answer. `envelope` is the answer around them, decoded, with an empty `Data`."""

    @property
    def envelope(self) -> Any: ...

    @property
    def ids(self) -> Sequence[int]: ...

    def marks(self) -> list[str]:
        """A fingerprint of each row: equal bytes, equal mark."""
        ...

    def wires(self, places: Sequence[int]) -> list[Mapping[str, Any]]:
        """These rows decoded; ValueError when they are not what they were taken for."""
        ...


class Places(NamedTuple):
    starts: "array[int]"
    ends: "array[int]"


NOWHERE = Places(array("Q"), array("Q"))


def new_mark() -> "hashlib.blake2b":
    """Of a whole answer, piece by piece."""
    return hashlib.blake2b(digest_size=MARK_BYTES)


def mark_of(content: Any) -> str:
    return hashlib.blake2b(content, digest_size=MARK_BYTES).hexdigest()


def cut(body: bytes) -> Rows | None:
    """None when only the full decode can tell what this is, or what is wrong with it."""
    text = plain_text(body)
    try:
        return _cut_xml(text) if text.startswith(b"<") else _cut_json(text)
    except (ValueError, RecursionError, Garbled):
        return None


class _Numbered(msgspec.Struct, gc=False):
    Id: int


_outer_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
_rows_decoder = msgspec.json.Decoder(list[msgspec.Raw])
_ids_decoder = msgspec.json.Decoder(list[_Numbered])


class JsonRows:
    def __init__(self, envelope: Any, raws: list[msgspec.Raw], ids: list[int]) -> None:
        self.envelope = envelope
        self.ids = ids
        self._raws = raws

    def marks(self) -> list[str]:
        blake2b = hashlib.blake2b
        return [blake2b(raw, digest_size=ROW_MARK_BYTES).hexdigest() for raw in self._raws]

    def wires(self, places: Sequence[int]) -> list[Mapping[str, Any]]:
        text = b"[" + b",".join([self._raws[place] for place in places]) + b"]"
        rows: list[Mapping[str, Any]] = decode(text)
        return rows


def _cut_json(text: bytes) -> JsonRows | None:
    if not _is_utf8(text):
        return None
    outer = _outer_decoder.decode(text)
    place = next((name for name in reversed(outer) if letters_of(name) == "data"), None)
    if place is None:
        return None
    inner = outer[place]
    raws = _rows_decoder.decode(inner)
    ids = [row.Id for row in _ids_decoder.decode(inner)]
    envelope = {name: [] if name == place else decode_member(value) for name, value in outer.items()}
    return JsonRows(envelope, raws, ids)


def _is_utf8(text: bytes) -> bool:
    """The cutter looks at no letter of what it skips."""
    if text.isascii():
        return True
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(text), PIECE_BYTES):
        decoder.decode(text[start : start + PIECE_BYTES])
    decoder.decode(b"", final=True)
    return True


class XmlRows:
    """Rows as places in the text; decoded inside the answer's own frame, which declares their namespaces."""

    def __init__(self, text: bytes, places: Places, ids: Sequence[int]) -> None:
        self._text = text
        self._places = places
        self._head, self._tail = text[: places.starts[0]], text[places.ends[-1] :]
        self.ids = ids
        declaration = DECLARED.match(text)
        named = ENCODED.search(declaration[0]) if declaration else None
        self._is_utf8 = (named is None or named[1].lower() == b"utf-8") and _is_utf8(text)
        self.envelope = unwrap_single(decode(self._head + self._tail), ())

    def marks(self) -> list[str]:
        blake2b, view = hashlib.blake2b, memoryview(self._text)
        spans = zip(self._places.starts, self._places.ends, strict=True)
        return [blake2b(view[start:end], digest_size=ROW_MARK_BYTES).hexdigest() for start, end in spans]

    def wires(self, places: Sequence[int]) -> list[Mapping[str, Any]]:
        starts, ends = self._places.starts, self._places.ends
        parts = [self._text[starts[place] : ends[place]] for place in places]
        return self._leaves(parts) or self._walked(parts)

    def _leaves(self, parts: Sequence[bytes]) -> list[Mapping[str, Any]]:
        """Rows of nothing but plain elements with text, of a document known to be well-formed; else none."""
        if not self._is_utf8:
            return []
        rows: list[Mapping[str, Any]] = []
        for part in parts:
            row = Textual(LEAF.findall(text := part.decode()))
            # Each element is two tags, the row itself one more; a carriage return is a parser's business.
            if 2 * len(row) + 2 != text.count("<") or "\r" in text or "&#" in text:
                return []
            if "&" in text:
                row = Textual((name, html.unescape(value)) for name, value in row.items())
            rows.append(row)
        return rows

    def _walked(self, parts: Sequence[bytes]) -> list[Mapping[str, Any]]:
        answer = unwrap_single(decode(b"".join([self._head, *parts, self._tail])), ())
        found = next(value for name, value in answer.items() if letters_of(name) == "data")
        rows = next(iter(found.values()))
        return rows if isinstance(rows, list) else [rows]


def _cut_xml(text: bytes) -> XmlRows | None:
    declaration = DECLARED.match(text)
    start = DATA_START.search(text)
    if start is None or NOT_PLAIN.search(text, declaration.end() if declaration else 0):
        return None
    prove_whole_xml(text)
    places = _places(text, start[1], start.start(1) - 1)
    count = len(places.starts)
    if not count or text.count(b"<" + start[1] + b">") != count:
        return None
    ids = _ids(text, places)
    return XmlRows(text, places, ids) if ids else None


def _places(text: bytes, tag: bytes, at: int) -> Places:
    """Where each row begins and ends; none where anything but white space stands between two, or after the last."""
    opening, closing = b"<" + tag + b">", b"</" + tag + b">"
    places, find, length = Places(array("Q"), array("Q")), text.find, len(closing)
    while text.startswith(opening, at):
        end = find(closing, at) + length
        if end < length:
            return NOWHERE
        places.starts.append(at)
        places.ends.append(end)
        at = find(b"<", end)
        if at != end and (at < 0 or text[end:at].strip()):
            return NOWHERE
    return places if text.startswith(b"</", at) else NOWHERE


def _ids(text: bytes, places: Places) -> Sequence[int]:
    """The Id of each row, one in each and no other element of that name anywhere; none when it is not so."""
    count, ids = len(places.starts), array("Q")
    if sum(1 for _ in ID_START.finditer(text)) != count:
        return ids
    matches = ID.finditer(text, places.starts[0], places.ends[-1])
    for start, end, match in zip(places.starts, places.ends, matches, strict=False):
        if not start < match.start() < end:
            return ()
        ids.append(int(match[1]))
    return ids if len(ids) == count else ()


class DecodedRows:
    """Rows of an answer that had to be decoded whole."""

    def __init__(self, envelope: Any, wires: Sequence[Mapping[str, Any]], ids: Sequence[int]) -> None:
        self.envelope = envelope
        self.ids = ids
        self._wires = wires

    def marks(self) -> list[str]:
        return [mark_of(encode(wire)) for wire in self._wires]

    def wires(self, places: Sequence[int]) -> list[Mapping[str, Any]]:
        return [self._wires[place] for place in places]
