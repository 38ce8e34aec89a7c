"""A lead file taken through maxops as the pages and commands do it, and what tests ask of the result."""

import csv
import io
from pathlib import Path

from maxops.imports import delivery, intake
from maxops.imports.chosen_rows import SELECTIONS
from maxops.imports.downloads import write_csv
from maxops.imports.models import Mapping, Run
from maxops.imports.summary import describe_state


def check(path: Path, mapping: Mapping) -> Run:
    run = intake.receive(intake.stage([path.read_bytes()]), path.name, intake.Wish(mapping, staff="tester"))
    intake.check(run.pk)
    run.refresh_from_db()
    return run


def upload(path: Path, mapping: Mapping, held_back: str = "send") -> Run:
    run = check(path, mapping)
    delivery.send(run, held_back, "tester")
    delivery.deliver(run.pk)
    run.refresh_from_db()
    return run


def rejects_of(run: Run, only: str = "rejects") -> list[list[str]]:
    """The downloaded rows without their header."""
    text = b"".join(write_csv(run, SELECTIONS[only])).decode()
    return list(csv.reader(io.StringIO(text, newline="")))[1:]


def reasons_by_line(run: Run) -> dict[int, str]:
    return {int(row[-3]): row[-2] for row in rejects_of(run)}


def assert_adds_up(run: Run) -> dict:
    """Every row has exactly one fate (contract section 4)."""
    run.refresh_from_db()
    state = describe_state(run)
    told = state["held_back"] + state["accepted"] + sum(state["rejected"].values()) + state["unknown"]
    assert state["rows"] == told + state["not_attempted"] + state["waiting"], state
    return state
