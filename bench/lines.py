"""One line of the report: a target, our figure, what it is held against, and whether it holds; and the table of all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

HEAD = ("target", "what", "ours", "peer or limit", "ratio", "allowed", "verdict")
NOT_MEASURED = "not measured yet"


@dataclass(frozen=True, slots=True)
class Line:
    """`verdict` is "holds", "falls short", or a sentence where nothing was measured."""

    target: str
    what: str
    ours: str = ""
    against: str = ""
    ratio: str = ""
    allowed: str = ""
    verdict: str = NOT_MEASURED

    def cells(self) -> tuple[str, ...]:
        return self.target, self.what, self.ours, self.against, self.ratio, self.allowed, self.verdict


def judged(holds: bool) -> str:
    return "holds" if holds else "FALLS SHORT"


def compared(target: str, what: str, ours: Sequence[float], peer: Sequence[float], most: float) -> Line:
    """Seconds of ours and of the peer, round by round: the median of the ratios decides, not the ratio of medians."""
    ratio = median(mine / theirs for mine, theirs in zip(ours, peer, strict=True))
    return Line(
        target, what, spell(median(ours)), spell(median(peer)), f"{ratio:.2f}", f"<= {most:g}", judged(ratio <= most)
    )


def faster(target: str, what: str, ours: Sequence[float], peer: Sequence[float], least: float) -> Line:
    """The other way round: how many times the peer takes what we take."""
    ratio = median(theirs / mine for mine, theirs in zip(ours, peer, strict=True))
    return Line(
        target,
        what,
        spell(median(ours)),
        spell(median(peer)),
        f"{ratio:.0f}x",
        f">= {least:g}x",
        judged(ratio >= least),
    )


def bounded(target: str, what: str, ours: float, most: float, unit: str) -> Line:
    """A figure against a fixed limit."""
    return Line(target, what, f"{ours:.4g} {unit}", f"{most:g} {unit}", "", f"<= {most:g}", judged(ours <= most))


def spell(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms" if seconds < 0.1 else f"{seconds:.3f} s"


def table(lines: Iterable[Line]) -> str:
    rows = [HEAD, *(line.cells() for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    drawn = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([drawn[0], "  ".join("-" * width for width in widths), *drawn[1:]])
