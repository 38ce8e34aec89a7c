"""The page "Match columns" (screens.md 2): the file's columns on the left, what the mapping calls them on the right.

The engine takes a column under the mapping's own name for that column, whatever else was chosen; so a choice against
such a name is a conflict here, and is said before anything is checked.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from collections.abc import Mapping as Values
from dataclasses import dataclass
from typing import NamedTuple

from maxops.imports.kinds import EMPTY, PHONE, FileColumn
from maxops.imports.mapping import phone_column, platform_of
from maxops.imports.models import Mapping
from maxops.imports.reader import plain
from maxops.imports.suggestions import EXACT, LEARNED, SIMILAR, Guess, Wanted, match_columns

CHOSEN, PLACE = "chosen", "place"
MATCHED, GUESSED, IGNORED, CONFLICT = "matched", "guessed", "ignored", "conflict"
STATE_WORDS = {
    MATCHED: "Matched",
    GUESSED: "Guessed: please check",
    IGNORED: "Not used by MaxContact",
    CONFLICT: "Conflict",
}
TONES = {MATCHED: "ok", GUESSED: "warn", IGNORED: "mute", CONFLICT: "bad"}
ICONS = {MATCHED: "ok", GUESSED: "help", IGNORED: "close", CONFLICT: "alert"}
HOW_WORDS = {
    EXACT: "same name",
    LEARNED: "called so in earlier files",
    SIMILAR: "similar name",
    CHOSEN: "chosen by you",
    PLACE: "by its place in the row",
}


class Fit(NamedTuple):
    """How well a mapping fits a file."""

    mapping: Mapping
    found: int
    guesses: dict[int, Guess]
    is_used: bool = False

    @property
    def total(self) -> int:
        return len(self.mapping.columns)

    @property
    def guessed(self) -> int:
        return sum(guess.how == SIMILAR for guess in self.guesses.values())

    @property
    def rank(self) -> tuple[float, ...]:
        """Those that miss nothing come first, of them the ones in use; then by what is certain, and what is found."""
        certain, is_full = self.found - self.guessed, self.found == self.total > 0
        share = (certain / max(self.total, 1), self.found / max(self.total, 1), self.found)
        return (is_full, is_full and self.is_used, *share, self.is_used)


@dataclass(frozen=True, slots=True)
class Row:
    """A column of the file and what it is taken for; `choice` is "" for a column that is not used."""

    column: FileColumn
    choice: str
    how: str
    state: str
    problem: str = ""

    @property
    def state_words(self) -> str:
        return STATE_WORDS[self.state]

    @property
    def how_words(self) -> str:
        return HOW_WORDS.get(self.how, "")

    @property
    def tone(self) -> str:
        return TONES[self.state]

    @property
    def icon(self) -> str:
        return ICONS[self.state]


@dataclass(frozen=True, slots=True)
class Matching:
    """All rows, and which columns of the mapping no row was chosen for."""

    rows: tuple[Row, ...]
    missing: tuple[str, ...]

    def rows_in(self, state: str) -> list[Row]:
        return [row for row in self.rows if row.state == state]

    @property
    def conflicts(self) -> list[Row]:
        return self.rows_in(CONFLICT)

    @property
    def guessed(self) -> list[Row]:
        return self.rows_in(GUESSED)

    @property
    def ignored(self) -> list[Row]:
        return self.rows_in(IGNORED)

    @property
    def is_good(self) -> bool:
        return not self.missing and not self.conflicts

    def matches(self) -> dict[str, str]:
        """Column of the file -> column of the mapping, where the names are not the same anyway."""
        return {
            row.column.name: row.choice
            for row in self.rows
            if row.choice and plain(row.column.name) != plain(row.choice)
        }


def wanted_of(mapping: Mapping) -> Wanted:
    phones = {target.name for target in platform_of(mapping.platform).targets if target.kind == "phone"}
    columns = frozenset(column for column, target in mapping.fields.items() if target in phones)
    return Wanted(tuple(mapping.columns), columns, mapping.aliases)


def fits_of(mappings: Sequence[Mapping], columns: Sequence[FileColumn], used: Collection[int] = ()) -> list[Fit]:
    """Best first; `used` are the mappings that something was sent with."""
    fits = []
    for mapping in mappings:
        guesses = match_columns(wanted_of(mapping), columns)
        fits.append(Fit(mapping, len(guesses), guesses, mapping.pk in used))
    return sorted(fits, key=lambda fit: fit.rank, reverse=True)


def by_places(mappings: Sequence[Mapping], width: int, used: Collection[int] = ()) -> list[Fit]:
    """A file without column names: its columns are the mapping's in their order, if there are as many."""
    fits = []
    for mapping in mappings:
        is_fit = len(mapping.columns) == width
        guesses = {place: Guess(column, PLACE) for place, column in enumerate(mapping.columns)} if is_fit else {}
        fits.append(Fit(mapping, len(guesses), guesses, mapping.pk in used))
    return sorted(fits, key=lambda fit: fit.rank, reverse=True)


def by_guesses(fit: Fit, columns: Sequence[FileColumn]) -> Matching:
    """As it is proposed."""
    return match(fit.mapping, columns, fit.guesses)


def by_choices(fit: Fit, columns: Sequence[FileColumn], choices: Values[int, str]) -> Matching:
    """As a person chose; what was chosen as proposed is still known by how it was found, and is no guess any more."""
    chosen = {}
    for place, meant in choices.items():
        guess = fit.guesses.get(place)
        is_kept = guess is not None and guess.meant == meant and guess.how != SIMILAR
        chosen[place] = Guess(meant, guess.how if is_kept else CHOSEN)
    return match(fit.mapping, columns, chosen)


def match(mapping: Mapping, columns: Sequence[FileColumn], guesses: Values[int, Guess]) -> Matching:
    counted = Counter(guess.meant for guess in guesses.values())
    names = Counter(plain(column.name) for column in columns)
    own = {plain(column): column for column in mapping.columns}
    phone = phone_column(mapping)
    rows = []
    for column in columns:
        guess = guesses.get(column.place)
        meant, how = guess if guess else ("", "")
        problem = _problem(column, meant, own, counted, names)
        state = CONFLICT if problem else GUESSED if how == SIMILAR else MATCHED if meant else IGNORED
        if not problem and meant and meant == phone and column.kind not in (PHONE, EMPTY):
            state, problem = GUESSED, "The cells do not look like phone numbers."
        rows.append(Row(column, meant, how, state, problem))
    return Matching(tuple(rows), tuple(column for column in mapping.columns if not counted[column]))


def _problem(column: FileColumn, meant: str, own: Values[str, str], counted: Counter[str], names: Counter[str]) -> str:
    name = plain(column.name)
    if meant and counted[meant] > 1:
        return f"'{meant}' is chosen for {counted[meant]} columns. Choose it once."
    if meant and not name:
        return "This column has no name. Give it one in the file, then upload it again."
    if (meant or name in own) and names[name] > 1:
        return f"The file has {names[name]} columns of this name. Rename or remove the others in the file."
    if name in own and meant != own[name]:
        return f"It has the very name of the mapping's column '{own[name]}': choose that, or rename it in the file."
    return ""
