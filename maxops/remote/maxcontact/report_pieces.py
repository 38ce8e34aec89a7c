"""The bytes of an import's result as they are read: in blocks of UTF-8, and runs of errors that are spelt alike.

A report of a million errors repeats one text, but for a number and a reason. Where an error is spelt to the byte as one
that was read with all care, those two are taken and the rest of it is left out of what the careful reader is given;
so the quick way can give no other answer than the careful one.
"""

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, NamedTuple, Protocol

from maxops.remote.encodings import DECLARATION, XML_SPACE, wide_encoding

BLOCK_BYTES = 1 << 18
LONGEST_ERROR = 1 << 20
MOST_LESSONS = 100  # a report that changes its spelling more often is read error by error
BOM = b"\xef\xbb\xbf"
MOST_PARTS = "it holds more parts than any report"
# The Lead Management document prints its report with closing tags such as "</ LeadsImported >".
LOOSE_CLOSING_TAG = re.compile(rb"</[ \t]*([A-Za-z_][\w.:-]*)[ \t]*>")
# No character that XML or JSON would read as anything but itself.
PLAIN = rb"([^<>&\"\\\x00-\x1f\x7f-\xff]*)"
NUMBER = rb"(\d{1,9})"


class Text(NamedTuple):
    """The text of an error around its number and its reason."""

    before: str
    between: str


class Sink(Protocol):
    """Takes the errors of a report in their order."""

    def error(self, wire: Mapping[str, Any]) -> Text | None:
        """One error; what is fixed in its text, if others of the same spelling may come as `run`."""
        ...

    def run(self, text: Text, numbers: list[bytes], reasons: list[bytes]) -> None:
        """Errors like the one that had this text."""
        ...


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a run of errors is written: the bytes of one, and what stands between two of them."""

    text: Text
    pattern: re.Pattern[bytes]

    @staticmethod
    def of(raw: bytes, whole: str, text: Text, joint: bytes) -> "Spelling | None":
        """None unless the whole text of the error stands once in its bytes, spelt as it is read."""
        content = whole.encode()
        if not (raw.isascii() and content.isascii()) or raw.count(content) != 1:
            return None
        head, tail = raw.split(content)
        fixed = re.escape(text.before.encode()) + NUMBER + re.escape(text.between.encode()) + PLAIN
        return Spelling(text, re.compile(joint + re.escape(head) + fixed + re.escape(tail)))


def read_blocks(body: BinaryIO, charset: str = "") -> Iterator[bytes]:
    """UTF-8 or an encoding spelt as ASCII is, from the first character on; the first block is never short."""
    body.seek(0)
    start = body.read(BLOCK_BYTES).removeprefix(BOM)
    encoding = charset or wide_encoding(start)
    if not encoding:
        yield start.lstrip(XML_SPACE)
        while block := body.read(BLOCK_BYTES):
            yield block
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    # A declaration would still name the old encoding.
    text = decoder.decode(start).lstrip("\ufeff \t\r\n").encode()
    yield DECLARATION.sub(b"", text, count=1).lstrip(XML_SPACE)
    while block := body.read(BLOCK_BYTES):
        yield decoder.decode(block).encode()
    yield decoder.decode(b"", final=True).encode()


def mended(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The blocks with the white space taken out of their closing tags."""
    rest = b""
    for block in blocks:
        text = rest + block
        tag = text.rfind(b"<")
        cut = tag if tag > text.rfind(b">") and len(text) - tag < LONGEST_ERROR else len(text)
        rest = text[cut:]
        yield LOOSE_CLOSING_TAG.sub(rb"</\1>", text[:cut])
    yield LOOSE_CLOSING_TAG.sub(rb"</\1>", rest)
