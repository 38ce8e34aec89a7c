"""What the page of a run shows while it goes out, and of parts that need a person (screens.md 4)."""

from typing import Any, NamedTuple

from django.template.defaultfilters import filesizeformat

from maxops.imports import departures
from maxops.imports.bookings import MAP_REFUSED
from maxops.imports.counts import is_untold
from maxops.imports.decisions import is_missing
from maxops.imports.mapping import files_of
from maxops.imports.models import SENDABLE, Part, Run
from maxops.imports.resuming import reported_part
from maxops.imports.verdicts import NO_DEDUPE, may_send_again
from maxops.mirror.holds import held

EMERGENCY_MEANS = "Leads sent now are loaded, but not dialled before it is released."


class Going(NamedTuple):
    """Bytes of a run that have gone out, of all that are to; what MaxContact has of them only its answer tells."""

    gone: int
    size: int
    words: str


def going_of(run: Run, parts: list[Part]) -> Going | None:
    """None while no part is on its way."""
    part = next((part for part in parts if part.state == Part.State.SENDING), None)
    if run.state != Run.State.SENDING or part is None:
        return None
    departure = departures.read(files_of(run))
    gone = departure.gone if departure and departure.number == part.number else 0
    before = sum(other.bytes for other in parts if other.number < part.number and other.state != Part.State.PLANNED)
    place = f"Part {part.number} of {len(parts)}: " if len(parts) > 1 else ""
    amount = "all" if gone >= part.bytes else f"{filesizeformat(gone)} of"
    words = f"{place}{amount} {filesizeformat(part.bytes)} gone out; MaxContact has not answered yet."
    words = words[0].upper() + words[1:]
    return Going(before + gone, sum(other.bytes for other in parts), words)


def emergency_words() -> str:
    """What to know before sending while the handle is pulled; it does not forbid to send."""
    words = held()
    return f"{words} {EMERGENCY_MEANS}" if words else ""


def sending_screen(run: Run, parts: list[Part]) -> dict[str, Any]:
    asks = run.state == Run.State.READY or any(part.state == Part.State.PLANNED for part in parts)
    is_still = run.state != Run.State.SENDING
    is_open = is_still and any(part.state == Part.State.UNKNOWN for part in parts)
    return {
        "untold": [part for part in parts if is_still and is_untold(part)],
        "is_said_below": is_open and "not known" in run.message,
        "is_map_refused": any(part.detail.startswith(MAP_REFUSED) for part in parts if part.state == "refused"),
        "going": going_of(run, parts),
        "may_send_again": may_send_again(run),
        "no_dedupe": NO_DEDUPE,
        "reported": reported_part(run) if run.state in SENDABLE and any(map(is_missing, parts)) else None,
        "emergency_words": emergency_words() if asks and run.state != Run.State.SENDING else "",
    }
