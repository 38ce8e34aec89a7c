"""A run as the commands print it: one JSON object, or a few lines for people (contract section 4)."""

import json
from typing import Any

from django.apps import apps
from django.core.management.base import OutputWrapper

from maxops.imports.line_base import known_base
from maxops.imports.models import Run
from maxops.imports.report import DOUBT, has_doubt

FIGURES = ("rows", "held_back", "sent", "accepted", "unknown", "not_attempted", "waiting")


def describe_state(run: Run) -> dict[str, Any]:
    """The run as the commands and the pages tell it (contract section 4)."""
    return {
        "run": run.pk,
        "attempt_of": run.attempt_of_id,
        "platform": run.mapping.platform,
        "mapping": run.mapping.name,
        # The contract knows no word for a run somebody called off; nothing of it was sent, and the message says why.
        "state": Run.State.FAILED if run.state == Run.State.CANCELLED else run.state,
        "file": run.file_name,
        "sha256": run.sha256,
        "rows": run.rows,
        "held_back": run.held_back,
        "sent": run.sent,
        "accepted": run.accepted,
        "rejected": {tally.reason: tally.rows for tally in run.tallies.all() if tally.rows},
        "unknown": run.unknown,
        "not_attempted": run.not_attempted,
        "waiting": run.waiting,
        "message": run.message,
        "line_base": {"certain": not has_doubt(run), "words": known_base(run.mapping).words},
        "list": run.list_id or run.mapping.list_id,
        "parts": [
            {
                "number": part.number,
                "rows": part.rows,
                "bytes": part.bytes,
                "first_line": part.first_line,
                "state": part.state,
                "reference": part.reference,
            }
            for part in run.parts.all()
        ],
        "findings": run.findings,
        "url": apps.get_app_config("imports").public_url + run.get_absolute_url(),
    }


def print_run(run: Run, out: OutputWrapper, *, as_json: bool) -> None:
    state = describe_state(run)
    if as_json:
        out.write(json.dumps(state, ensure_ascii=False))
        return
    out.write(f"Run {run.pk}, {run.file_name}: {run.get_state_display()}.")
    if run.message:
        out.write(run.message)
    if has_doubt(run):
        out.write(DOUBT)
    figures = [f"{name.replace('_', ' ')} {state[name]:,}" for name in FIGURES if state[name]]
    out.write(", ".join(figures))
    for reason, rows in state["rejected"].items():
        out.write(f"  rejected: {rows:,} {reason}")
    for finding in run.findings:
        lines = ", ".join(map(str, finding["lines"]))
        out.write(f"  check: {finding['count']:,} {finding['text']}" + (f" (line {lines})" if lines else ""))
    out.write(state["url"])
