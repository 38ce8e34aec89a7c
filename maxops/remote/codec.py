"""XML or JSON bytes to plain dicts, lists and text, and back to JSON: the only module that knows lxml.

What a body is, its content says, not its header: both documents let the server answer either way. No DTD, no entities,
no network. Of a body that cannot be read, an excerpt is kept only where the caller says that it holds no lead.
"""

import io
import re
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, cast

import msgspec
from lxml import etree

from maxops.remote.encodings import DECLARATION, XML_SPACE, to_utf8
from maxops.remote.errors import Garbled
from maxops.remote.fields import Textual, Verbatim

EXCERPT_BYTES = 2048
DAMAGED = "it was cut off or damaged on its way"
# How many objects around the wanted one are looked through.
WRAPPERS = 4
# Down to the rows of an answer and the objects around them; what lies deeper goes back inside its member.
VERBATIM_DEPTH = 2 * WRAPPERS + 2
MOST_PARTS = 100_000  # of a document that is read as it comes, without those that are taken out of it
# Encodings in which "<!DOCTYPE" is spelt as in ASCII; others could hide it from the check below.
PLAIN_ENCODINGS = frozenset({"utf-8", "us-ascii", "ascii", "iso-8859-1", "windows-1252"})
DECLARED_ENCODING = re.compile(rb"""encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
CHARSET = re.compile(r"charset\s*=\s*\"?([\w.-]+)", re.IGNORECASE)

TAKEN = object()
XmlElement = etree._Element

_json_decoder = msgspec.json.Decoder(float_hook=Decimal)
_members_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
_items_decoder = msgspec.json.Decoder(list[msgspec.Raw])
_json_encoder = msgspec.json.Encoder(decimal_format="number")


def decode(body: bytes, content_type: str = "", *, private: bool = False) -> Any:
    """Plain values; XML becomes Textual dicts by local name, nil becomes None, repeated names become a list."""
    text = plain_text(body)
    with readable(text, private):
        return _decode_xml(text) if text.startswith(b"<") else _decode_json(text, content_type)[0]


def decode_verbatim(body: bytes, content_type: str = "", *, private: bool = False) -> Any:
    """Like decode; JSON objects are Verbatim and know each member's own bytes: 1.50, 1e2, escapes, nested objects."""
    text = plain_text(body)
    with readable(text, private):
        if text.startswith(b"<"):
            return _decode_xml(text)
        value, text = _decode_json(text, content_type)
        return _verbatim(value, text, VERBATIM_DEPTH)


def decode_member(value: Any) -> Any:
    """The plain value of a member kept as it came."""
    return _json_decoder.decode(value) if isinstance(value, msgspec.Raw) else value


@contextmanager
def readable(text: bytes, private: bool = False) -> Iterator[None]:
    """Garbled for whatever ValueError is met while reading this text."""
    try:
        if not text:
            raise ValueError("it is empty")
        yield
    except ValueError as error:
        detail = "" if private else text[:EXCERPT_BYTES].decode("utf-8", "replace")
        raise Garbled(f"The answer cannot be read: {error}.", detail=detail) from error


def plain_text(body: bytes) -> bytes:
    """UTF-8, or an encoding spelt as ASCII is, from its first character on."""
    return to_utf8(body).lstrip(XML_SPACE)


def prove_whole_xml(text: bytes) -> None:
    """ValueError unless this is one whole document without a document type. Builds nothing."""
    _refuse_other_xml(text)
    parser = etree.XMLParser(
        target=cast("etree.ParserTarget", _Nothing()),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=True,
    )
    with _damage():
        etree.fromstring(text, parser)


class _Nothing:
    """Without any callback: the document is only checked."""

    def close(self) -> None:
        return None


def unwrap_single(value: Any, known: Container[str]) -> Any:
    """What lies inside objects of a single member, until a name is known; only a few layers, against deep nesting."""
    for _ in range(WRAPPERS):
        if not isinstance(value, dict) or len(value) != 1 or next(iter(value)) in known:
            break
        inner = next(iter(value.values()))
        if not isinstance(inner, dict | list):
            break  # {"Success": true} is an answer, not a wrapper
        value = inner
    return value


def encode(values: Any) -> bytes:
    """JSON; decimals leave as numbers with the digits they came with."""
    return _json_encoder.encode(values)


def decode_json(text: bytes) -> Any:
    """The value of UTF-8 text; ValueError when it is none."""
    return _decode_json(text, "")[0]


def _decode_json(text: bytes, content_type: str) -> tuple[Any, bytes]:
    """The value, and the UTF-8 it was read from."""
    try:
        return _json_decoder.decode(text), text
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        charset = CHARSET.search(content_type)
        if charset is None or charset[1].lower() not in PLAIN_ENCODINGS - {"utf-8"}:
            raise ValueError(DAMAGED) from error
    except RecursionError as error:
        raise ValueError(DAMAGED) from error
    try:
        text = text.decode(charset[1]).encode("utf-8")
        return _json_decoder.decode(text), text
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise ValueError(DAMAGED) from error


def _verbatim(value: Any, raw: bytes | msgspec.Raw, depth: int) -> Any:
    if depth and isinstance(value, dict):
        members = _members_decoder.decode(raw)
        deeper = {
            name: _verbatim(item, members[name], depth - 1) if isinstance(item, dict | list) else item
            for name, item in value.items()
        }
        return Verbatim(deeper, members)
    if depth and isinstance(value, list):
        return [_verbatim(item, part, depth) for item, part in zip(value, _items_decoder.decode(raw), strict=True)]
    return value


def _decode_xml(text: bytes) -> Any:
    _refuse_other_xml(text)
    with _damage():
        return _walk_xml(text)


def _refuse_other_xml(text: bytes) -> None:
    declaration = DECLARATION.match(text)
    encoding = DECLARED_ENCODING.search(declaration[0]) if declaration else None
    if encoding and encoding[1].decode("ascii").lower() not in PLAIN_ENCODINGS:
        raise ValueError("its encoding is not accepted")
    if _has_doctype(text):
        raise ValueError("it carries a document type, which no answer has")


def _has_doctype(text: bytes) -> bool:
    at = 0
    while True:
        while text[at : at + 1] in (b" ", b"\t", b"\r", b"\n"):
            at += 1
        if text.startswith(b"<?", at):
            end = text.find(b"?>", at)
        elif text.startswith(b"<!--", at):
            end = text.find(b"-->", at + 4)
        else:
            return text.startswith(b"<!", at)
        if end < 0:
            return False
        at = text.index(b">", end) + 1


def _walk_xml(text: bytes) -> Any:
    """Builds the dicts bottom-up while parsing, so that the tree of a large answer never exists as a whole."""
    events = etree.iterparse(
        io.BytesIO(text),
        events=("end",),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=True,
        remove_comments=True,
        remove_pis=True,
    )
    built: dict[etree._Element, Textual] = {}
    element: etree._Element | None = None
    for _, element in events:
        if not len(element):
            continue  # a leaf is read with its parent
        children = Textual()
        for child in element:
            value = built.pop(child) if child in built else _leaf(child)
            _add(children, child.tag.rpartition("}")[2], value)
        element.clear()
        built[element] = children
    if element is None:
        raise ValueError(DAMAGED)
    return built[element] if element in built else _leaf(element)


class XmlWalk:
    """A document read piece by piece; `take` may keep an element with its children from becoming part of the value."""

    def __init__(self, take: Callable[[XmlElement, Textual], bool]) -> None:
        self._parser = etree.XMLPullParser(
            events=("end",),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            remove_comments=True,
            remove_pis=True,
        )
        self._take = take
        self._built: dict[XmlElement, Any] = {}
        self._parts = 0
        self._is_begun = False
        self.taken: XmlElement | None = None
        self.last: XmlElement | None = None

    def feed(self, text: bytes) -> None:
        """ValueError for what is no XML. The first piece holds all that comes before the root."""
        if not self._is_begun:
            _refuse_other_xml(text)
            self._is_begun = True
        with _damage():
            self._parser.feed(text)
            for _, element in self._parser.read_events():
                self._end(cast("XmlElement", element))

    def close(self) -> Any:
        """The value of the whole document."""
        with _damage():
            root = self._parser.close()
        return self._built[root] if root in self._built else _leaf(root)

    def _end(self, element: XmlElement) -> None:
        self.last = element
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise ValueError("it holds more parts than any report")
        if not len(element):
            return  # a leaf is read with its parent
        children = Textual()
        for child in element:
            value = self._built.pop(child) if child in self._built else _leaf(child)
            if value is not TAKEN:
                _add(children, local_name(child), value)
        self._built[element] = children
        if self._take(element, children):
            self._built[element] = TAKEN
            self._parts -= len(element) + 1
            self._forget(self.taken)
            self.taken = element
        element.clear()

    def _forget(self, taken: XmlElement | None) -> None:
        """Each stays in the tree until the next one is taken, since the parser still stands on it."""
        if taken is not None and self._built.pop(taken, None) and (parent := taken.getparent()) is not None:
            parent.remove(taken)


@contextmanager
def _damage() -> Iterator[None]:
    try:
        yield
    except etree.XMLSyntaxError as error:
        raise ValueError(DAMAGED) from error


def local_name(element: XmlElement) -> str:
    return str(element.tag).rpartition("}")[2]


def _leaf(element: etree._Element) -> str | None:
    for name, flag in element.items():
        if str(name).rpartition("}")[2] == "nil" and flag in ("true", "1"):
            return None
    return element.text or ""


def _add(children: Textual, name: str, value: Any) -> None:
    if name not in children:
        children[name] = value
    elif isinstance(children[name], list):
        children[name].append(value)
    else:
        children[name] = [children[name], value]
