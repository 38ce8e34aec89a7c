"""What the page of a run shows, put together from the run, its parts and its folder (screens.md 3 to 5)."""

from collections.abc import Mapping as Values
from typing import Any

from maxops.imports.check_screen import check_screen
from maxops.imports.mapping import list_words, options_of, platform_of
from maxops.imports.models import Part, Run
from maxops.imports.progress import cards_of, has_news_coming, has_outcomes, phases_of
from maxops.imports.report_screen import rejected_page, report_screen
from maxops.imports.row_pages import NO_PAGE, Page
from maxops.imports.sending_screen import sending_screen


def page_of(run: Run, query: Values[str, str], parts: list[Part]) -> Page:
    """Rejected rows once they are known; rows before sending are the check's."""
    return rejected_page(run, query) if has_outcomes(run, parts) else NO_PAGE


def option_words(run: Run) -> list[str]:
    labels = {option.name: option.label.lower() for option in platform_of(run.mapping.platform).options}
    words = {True: "yes", False: "no"}
    return [
        f"{labels.get(name, name)}: {words[value] if isinstance(value, bool) else value}"
        for name, value in options_of(run).items()
    ]


def screen_of(run: Run, query: Values[str, str]) -> dict[str, Any]:
    """The template's context."""
    parts = list(run.parts.all())
    was_sent, is_told = bool(parts), has_outcomes(run, parts)
    unsent = sum(part.rows for part in parts if part.state in (Part.State.PLANNED, Part.State.REFUSED))
    return {
        "run": run,
        "phases": phases_of(run),
        "polls": has_news_coming(run),
        "cards": cards_of(run, parts) if run.rows and run.state != Run.State.CHECKING else [],
        "list_words": list_words(run),
        "was_sent": was_sent,
        "is_told": is_told,
        "parts": parts,
        "unsent": unsent,
        "may_resend": was_sent and unsent and run.state in ("interrupted", "failed", "partly_sent"),
        "page": page_of(run, query, parts),
        "options": option_words(run),
        "events": run.events.all(),
        **sending_screen(run, parts),
        **check_screen(run, query, was_sent=was_sent),
        **report_screen(run, parts, query, is_told=is_told),
    }
