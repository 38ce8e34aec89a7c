"""The header of a file against the columns that its mapping expects: what is missing, renamed, surplus or doubtful."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from maxops.imports.errors import ColumnMissing, ColumnRepeated, NoHeader
from maxops.imports.findings import Finding
from maxops.imports.phones import Shapes
from maxops.imports.reader import Layout, plain

SHOWN_NAMES = 30


@dataclass(frozen=True, slots=True)
class Expected:
    """What a run expects of its file: the mapping's columns, which of them is the phone ("" = not known), which no row
    may leave empty; `matches` says which column of the file is meant by another name, `aliases` how such columns were
    called in earlier files (plain name -> column); without `has_header` the columns stand in the mapping's order.
    """

    columns: tuple[str, ...]
    phone: str = ""
    required: tuple[str, ...] = ()
    matches: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    has_header: bool = True


def key_of(name: str) -> str:
    """What makes two names the same; a name of signs alone is only like itself."""
    return plain(name) or name.strip()


def take_header(layout: Layout, expected: Expected, shapes: Shapes) -> tuple[tuple[str, ...], list[Finding]]:
    """The header to send, with the mapping's spelling, and what is odd about the file's own."""
    if not expected.has_header:
        return _columns_in_order(layout, expected), []
    names = {key_of(name): name for name in expected.columns}
    targets = match_columns(layout.header, expected)
    if missing := [name for key, name in names.items() if key not in {key_of(target) for target in targets if target}]:
        _refuse_missing(layout, missing, targets, shapes)
    _refuse_repeated(layout, targets)
    header = tuple(target or name for target, name in zip(targets, layout.header, strict=True))
    unexpected = [name for target, name in zip(targets, layout.header, strict=True) if not target]
    told = {
        "column_renamed": [old for old, new in zip(layout.header, header, strict=True) if old != new],
        "column_extra": [name for name in unexpected if key_of(name)] if expected.columns else [],
        "column_doubtful": _doubtful(unexpected),
    }
    return header, [
        Finding(kind, len(found), [layout.header_line], ", ".join(found)) for kind, found in told.items() if found
    ]


def _columns_in_order(layout: Layout, expected: Expected) -> tuple[str, ...]:
    if len(layout.header) != len(expected.columns):
        raise ColumnMissing(
            f"Without a header each line must hold the mapping's {len(expected.columns)} columns in their order "
            f"({', '.join(expected.columns)}); the first line has {len(layout.header)} cells.",
            line=layout.header_line,
        )
    return expected.columns


def match_columns(header: Sequence[str], expected: Expected) -> list[str]:
    """The mapping's column that each column of the file is, "" for none: by its name, by a person's word, by habit."""
    names = {key_of(name): name for name in expected.columns}
    targets = [names.get(key_of(name), "") for name in header]
    for known in (expected.matches, {}):
        for place, name in enumerate(header):
            meant = known.get(name) or ("" if known else expected.aliases.get(plain(name), ""))
            target = names.get(key_of(meant), "")
            if target and not targets[place] and target not in targets:
                targets[place] = target
    return targets


def _refuse_missing(layout: Layout, missing: list[str], targets: list[str], shapes: Shapes) -> None:
    """A first line that looks like a lead is never quoted in what is said of it."""
    holds_number = any(shapes.judge(cell)[1] for cell in layout.header)
    holds_cells = not any(targets) and any("@" in cell or cell.strip().isdecimal() for cell in layout.header)
    fits_by_width = not any(targets) and len(layout.header) == len(missing)
    if holds_number or holds_cells or fits_by_width:
        reason = "it holds a phone number" if holds_number else "none of the mapping's columns is named there"
        raise NoHeader(
            f"Line {layout.header_line} should hold the names of the columns, but it looks like a lead: {reason}. "
            "Add a line with the names, or say that the first line is a lead.",
            line=layout.header_line,
        )
    words = ", ".join(f"'{name}'" for name in missing)
    raise ColumnMissing(
        f"The mapping expects {'columns' if len(missing) > 1 else 'a column'} {words}; the file has "
        f"{', '.join(repr(name) for name in layout.header[:SHOWN_NAMES])}.",
        line=layout.header_line,
        column=missing[0],
    )


def _refuse_repeated(layout: Layout, targets: list[str]) -> None:
    repeated = [target for place, target in enumerate(targets) if target and target in targets[:place]]
    if repeated:
        places = [str(place) for place, target in enumerate(targets, 1) if target == repeated[0]]
        raise ColumnRepeated(
            f"'{repeated[0]}' occurs {len(places)} times in line {layout.header_line} (columns {', '.join(places)}). "
            "Rename or remove all but one of them.",
            line=layout.header_line,
            column=repeated[0],
        )


def _doubtful(names: list[str]) -> list[str]:
    keys = [key_of(name) for name in names]
    repeated = dict.fromkeys(name for name, key in zip(names, keys, strict=True) if key and keys.count(key) > 1)
    nameless = keys.count("")
    return [*repeated, *([f"{nameless} without a name"] if nameless else [])]
