"""Which column of a file is meant by which column of a mapping, and which target a new mapping's columns go to.

Three steps, each only for what the one before left open: the same name; the name that earlier files had for it; a
similar name. A similar name is a guess and is shown as one; where the cells speak against it there is none.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import NamedTuple

from maxops.imports.kinds import EMPTY, PHONE, FileColumn
from maxops.imports.mapping import USUAL_NAMES
from maxops.imports.reader import plain
from maxops.remote.platforms.interface import Target

EXACT, LEARNED, SIMILAR = "exact", "learned", "similar"
ALIKE = 0.82  # of difflib's ratio; "surname" and "firstname" have 0.75, "adress" and "address" 0.92
SYNONYM = 0.95
# Names besides the usual ones of targets that mean the same thing, as reader.plain() writes them.
SYNONYMS = (
    *USUAL_NAMES.values(),
    {"email", "emailaddress", "mail", "emailid"},
    {"postcode", "postalcode", "zip", "zipcode", "pcode"},
    {"address", "address1", "addressline1", "street", "addr1"},
    {"town", "city", "posttown"},
    {"title", "salutation"},
    {"company", "companyname", "organisation", "organization", "business", "businessname"},
    {"dateofbirth", "dob", "birthdate", "birthday"},
    {"comments", "comment", "notes", "note", "remarks", "remark"},
)
# What people put before or behind a name without meaning another thing.
BEFORE = re.compile(r"^(?:customer|client|contact|lead|primary|main|cust|your)(?=[a-z]{2})")
BEHIND = re.compile(r"(?<=[a-z]{2})(?:number|num|no)$")
PHONE_LIKE = re.compile(r"phone|mobile|landline|\btel\b|^tel(?:no|number)?\d*$|cell(?!ar)")


class Guess(NamedTuple):
    """What a column of the file is taken for, and by which of the three steps."""

    meant: str
    how: str


class Candidate(NamedTuple):
    score: float
    place: int
    meant: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a mapping looks for in a file: its columns, which of them are phone numbers, names learned from files."""

    columns: tuple[str, ...]
    phones: frozenset[str]
    aliases: Mapping[str, str]


def match_columns(wanted: Wanted, columns: Sequence[FileColumn]) -> dict[int, Guess]:
    """Place in the file -> column of the mapping; each of either at most once."""
    by_name = {plain(column): column for column in wanted.columns}
    aliases = {name: column for name, column in wanted.aliases.items() if column in wanted.columns}
    guesses: dict[int, Guess] = {}
    _take_named(guesses, columns, by_name, EXACT)
    _take_named(guesses, columns, aliases, LEARNED)
    free = [column for column in columns if column.place not in guesses]
    fit = {is_phone: [column for column in free if may_be(column, is_phone=is_phone)] for is_phone in (True, False)}
    candidates = [
        Candidate(similarity(column.name, meant), column.place, meant)
        for meant in _left(guesses, wanted.columns)
        for column in fit[meant in wanted.phones or is_phone_like(meant)]
    ]
    _take_best(guesses, candidates)
    return guesses


def match_targets(
    targets: Sequence[Target], columns: Sequence[FileColumn], learned: Mapping[str, str]
) -> dict[int, Guess]:
    """Place of a column -> target, for a new mapping; `learned` is what other mappings do with a plain name."""
    guesses: dict[int, Guess] = {}
    names = {target.name: USUAL_NAMES.get(target.name, {plain(target.name)}) for target in targets}
    for target in targets:
        usual = dict.fromkeys(names[target.name], target.name)
        fit = columns if target.kind != "phone" else [column for column in columns if column.kind in (PHONE, EMPTY)]
        _take_named(guesses, fit, usual, EXACT)
    known = set(names)
    _take_named(guesses, columns, {name: meant for name, meant in learned.items() if meant in known}, LEARNED)
    left = _left(guesses, names)
    candidates = [
        Candidate(max(similarity(column.name, name) for name in names[target.name]), column.place, target.name)
        for column in columns
        for target in targets
        if target.name in left and may_be(column, is_phone=target.kind == "phone")
    ]
    _take_best(guesses, candidates)
    return guesses


def learned_targets(fields: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """What the mappings there are do with a column of a plain name: what most of them do."""
    counted: dict[str, Counter[str]] = {}
    for columns in fields:
        for column, target in columns.items():
            counted.setdefault(plain(column), Counter())[target] += 1
    return {name: counter.most_common(1)[0][0] for name, counter in counted.items()}


@lru_cache(maxsize=1 << 16)
def similarity(one: str, other: str) -> float:
    """0 to 1; 0 as well for names that are alike to the eye and mean two things, as phone and phone2 do."""
    first, second = _stem(plain(one)), _stem(plain(other))
    if not first or not second or _digits(first) != _digits(second):
        return 0.0
    if first == second:
        return 1.0
    groups = {_group(first), _group(second)}
    if groups != {None}:
        return SYNONYM if len(groups) == 1 else _spelling(first, second, groups)
    return _ratio(first, second)


def is_phone_like(name: str) -> bool:
    return bool(PHONE_LIKE.search(plain(name)))


def may_be(column: FileColumn, *, is_phone: bool) -> bool:
    """Whether the cells allow it: numbers to dial are nothing else, and nothing else is a number to dial."""
    if is_phone:
        return column.kind in (PHONE, EMPTY)
    return column.kind != PHONE and not is_phone_like(column.name)


def _take_named(guesses: dict[int, Guess], columns: Sequence[FileColumn], names: Mapping[str, str], how: str) -> None:
    """Adds the columns that bear one of these plain names."""
    for column in columns:
        meant = names.get(plain(column.name), "")
        if meant and column.place not in guesses and _left(guesses, [meant]):
            guesses[column.place] = Guess(meant, how)


def _take_best(guesses: dict[int, Guess], candidates: Iterable[Candidate]) -> None:
    """Adds the pairs most alike, each side once; of several alike the first in the file."""
    alike = [candidate for candidate in candidates if candidate.score]
    for candidate in sorted(alike, key=lambda one: (-one.score, one.place)):
        if candidate.place not in guesses and _left(guesses, [candidate.meant]):
            guesses[candidate.place] = Guess(candidate.meant, SIMILAR)


def _left(guesses: Mapping[int, Guess], meant: Iterable[str]) -> list[str]:
    taken = {guess.meant for guess in guesses.values()}
    return [name for name in meant if name not in taken]


def _spelling(first: str, second: str, groups: set[int | None]) -> float:
    """One of the two has a known meaning: only a slip of the pen makes the other one the same."""
    return 0.0 if None not in groups else _ratio(first, second)


def _ratio(first: str, second: str) -> float:
    if 2 * min(len(first), len(second)) < ALIKE * (len(first) + len(second)):
        return 0.0
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    ratio = matcher.ratio() if matcher.quick_ratio() >= ALIKE else 0.0
    return ratio if ratio >= ALIKE else 0.0


@lru_cache(maxsize=1 << 12)
def _stem(name: str) -> str:
    return BEHIND.sub("", BEFORE.sub("", name))


def _digits(name: str) -> str:
    """phone and phone1 are one, phone2 is another."""
    return "".join(filter(str.isdigit, name)) or "1"


@lru_cache(maxsize=1 << 12)
def _group(stem: str) -> int | None:
    return next((place for place, names in enumerate(GROUPS) if stem in names), None)


GROUPS = tuple(frozenset(_stem(name) for name in names) | frozenset(names) for names in SYNONYMS)
