"""What a refusal may repeat of what was sent."""

import html
import json
import re
from urllib.parse import quote, quote_plus

import pytest

from maxops.mirror.secrecy import WHOLLY_HIDDEN, readings_of, without

PASSWORDS = ['Pa"ss&1', "it's-Grün/3", "a<b c>d", "100%+sure", "back\\slash-7"]
SPELLINGS = {
    "html": html.escape,
    "numbers in html": lambda text: "".join(
        char if char.isalnum() and char.isascii() else f"&#{ord(char)};" for char in text
    ),
    "json": lambda text: json.dumps(text)[1:-1],
    "json in json": lambda text: json.dumps(json.dumps(text))[1:-1],
    "json of .NET": lambda text: re.sub("[^0-9A-Za-z]", lambda found: f"\\u{ord(found[0]):04X}", text),
    "json with solidus": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "json as sent": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "address": quote,
    "form": quote_plus,
    "address in small letters": lambda text: quote(text, safe="").replace("%C3%BC", "%c3%bc").replace("%3C", "%3c"),
    "html of json": lambda text: html.escape(json.dumps(text)),
}


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS.keys())
@pytest.mark.parametrize("password", PASSWORDS)
def test_a_password_never_shows_however_a_refusal_spells_it(password, spell):
    shown = without((password,), f"MaxContact declined the values sent: Password [{spell(password)}] is too weak.")
    assert shown == WHOLLY_HIDDEN or "(not shown)" in shown
    assert not [reading for reading in readings_of(shown) if password in reading]


def test_other_words_are_kept():
    assert without(("S3cret",), "Login anna is taken.") == "Login anna is taken."
    assert without((), "100% & more") == "100% & more"
