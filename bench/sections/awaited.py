"""Lines of targets that nothing measures yet: named, so that nobody takes their absence for a pass."""

from bench.lines import Line


def awaited(targets: dict[str, str]) -> list[Line]:
    return [Line(target, what) for target, what in targets.items()]
