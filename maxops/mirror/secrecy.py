"""Keeping a password out of what is shown and kept when the dialler's refusal repeats it, however it spells it."""

import html
import re
from urllib.parse import unquote, unquote_plus

HIDDEN = "(not shown)"
WHOLLY_HIDDEN = "MaxContact declined it. Its own words are not shown, because they repeat the password."
ROUNDS = 4  # JSON within JSON within HTML
UNICODE_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
BACKSLASHED = re.compile(r"\\([\"\\/'])")


def without(secrets: tuple[str, ...], text: str) -> str:
    """The text with each secret left out; nothing of it where a secret stands in another spelling."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    repeats = any(secret in reading for reading in readings_of(text) for secret in secrets) if secrets else False
    return WHOLLY_HIDDEN if repeats else text


def readings_of(text: str) -> set[str]:
    """The text with escapes of HTML, JSON and addresses undone in any order, as often as they may be nested."""
    found = {text}
    for _ in range(ROUNDS):
        found |= {undo(reading) for reading in found for undo in UNDOINGS}
    return found


def uncoded(text: str) -> str:
    return UNICODE_ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)


def unslashed(text: str) -> str:
    return BACKSLASHED.sub(r"\1", text)


UNDOINGS = (html.unescape, unquote, unquote_plus, uncoded, unslashed)
