"""What is said of a row, on a page or in a file: the reason in words and what to do; and cells made safe for Excel."""

from dataclasses import dataclass

from maxops.imports.files import REWRITTEN
from maxops.imports.findings import KINDS, ROW_KINDS, Kind
from maxops.imports.mapping import files_of
from maxops.imports.models import Run
from maxops.imports.own_columns import FORMULA_STARTS
from maxops.imports.rejections import (
    ACCEPTED,
    HELD_BACK,
    NOT_ATTEMPTED,
    UNKNOWN,
    UNNAMED,
    WAITING,
    read_outcomes,
)

BOM = "\ufeff"
DOUBT = "It is not yet certain which rows MaxContact's line numbers mean: compare before you correct or remove a row."
CHANGED = "The row is given as it was sent, with the correction that was accepted here."
ADVICE = {
    "Duplicate": "The number is already in the list: nothing to do, or update the lead in MaxContact.",
    "DuplicateInFile": "The number occurs twice in the file: keep one row for it.",
    "DoNotCall": "The number is on the do-not-call register: do not load it.",
    "InvalidSourceFormat": "MaxContact could not read the row: check its number of columns and its quotes.",
    "InvalidPhoneNumber": "Correct the phone number: digits only, with the leading 0.",
}
# MaxContact's words as the pages say them; downloads and commands keep its own.
LABELS = {
    "DoNotCall": "Do not call",
    "Duplicate": "Duplicate",
    "DuplicateInFile": "Duplicate in file",
    "InvalidSourceFormat": "Unreadable row",
    "InvalidPhoneNumber": "Bad phone number",
}
TONES = {"DoNotCall": "bad"}
OUTCOME_WORDS = {
    NOT_ATTEMPTED: ("not attempted", "Was not sent; it can be sent again."),
    WAITING: ("waiting", "Sent; MaxContact has not reported yet."),
    ACCEPTED: ("accepted", ""),
    UNKNOWN: ("unknown", "It is not known whether MaxContact took it: look the number up before sending it again."),
    HELD_BACK: ("held back", "Was not sent, as chosen."),
    UNNAMED: ("not named", "Loaded, or among the rejected rows that MaxContact counted without naming."),
}

OUTCOME_SENTENCES = {
    NOT_ATTEMPTED: "It was not sent.",
    WAITING: "It was sent; MaxContact has not reported yet.",
    ACCEPTED: "It was accepted.",
    UNKNOWN: "It is not known whether MaxContact took it.",
    UNNAMED: "It was loaded, or is among the rejected rows that MaxContact counted without naming.",
}


@dataclass(frozen=True, slots=True)
class Words:
    """Reason and advice of a row by its two bytes."""

    reasons: dict[int, str]
    doubt: str = ""  # said of each row that the platform named by a line we may read wrongly

    def of(self, outcome: int, code: int, is_changed: bool = False) -> tuple[str, str]:
        reason, advice = self._of(outcome, ROW_KINDS.get(code))
        return reason, f"{advice} {CHANGED}".lstrip() if is_changed else advice

    def _of(self, outcome: int, kind: Kind | None) -> tuple[str, str]:
        if outcome == HELD_BACK and kind:
            return kind.name, f"Held back before sending: {kind.text[0].lower()}{kind.text[1:]}. {kind.advice}"
        if outcome in OUTCOME_WORDS:
            return OUTCOME_WORDS[outcome]
        reason = self.reasons.get(outcome, "")
        advice = ADVICE.get(reason, "")
        predicted = f"{kind.text}." if kind and kind.name != "column_count" else ""
        return reason, " ".join(filter(None, [self.doubt, advice, predicted]))


def name_reason(reason: str) -> tuple[str, str]:
    """For people, and the dialler's own word where that is another."""
    if reason in KINDS:
        return KINDS[reason].text, ""
    label = LABELS.get(reason, reason)
    return label, reason if label != reason else ""


def words_of(run: Run) -> Words:
    return Words({tally.code: tally.reason for tally in run.tallies.all()}, DOUBT if has_doubt(run) else "")


def has_doubt(run: Run) -> bool:
    """Whether a report was booked on an assumption about its line numbers (docs/quirks.md Q01)."""
    return run.parts.exclude(assumed_base="").exists()


def changed_from(run: Run) -> int:
    """The least offset of a row that was changed here by an accepted correction; 0 when none was."""
    starts = [fix["start"] for fix in run.fixes if fix.get("rows") and "start" in fix]
    return REWRITTEN | min(starts) if starts else 0


def outcome_words(run: Run, number: int) -> str:
    """What became of one row, as a sentence."""
    files = files_of(run)
    outcome, code = read_outcomes(files, number, 1)[0], files.codes_of(number, 1)[0]
    reason, _ = words_of(run).of(outcome, code)
    if outcome in OUTCOME_SENTENCES:
        return OUTCOME_SENTENCES[outcome]
    return f"It was {'held back' if outcome == HELD_BACK else 'rejected'}: {name_reason(reason)[0]}."


def neutralise(cell: str) -> str:
    """Excel takes a cell that starts so for a formula, even in a CSV file; an apostrophe makes it text."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
