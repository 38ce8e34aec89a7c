"""A probe: three made-up leads, the middle one with a number that cannot be one, sent as any file is.

What comes back shows whether a mapping works end to end, and what MaxContact's line numbers mean. Numbers are of the
ranges that Ofcom keeps for drama and gives to nobody, drawn anew each time so that no probe repeats another's.
"""

import csv
import secrets
from io import StringIO

from maxops.imports import delivery, intake
from maxops.imports.errors import WrongState
from maxops.imports.mapping import phone_column, platform_of, region_of
from maxops.imports.models import Mapping, Run
from maxops.imports.reader import plain
from maxops.imports.suggestions import is_phone_like

# Prefix, and how many digits follow: of each range every number is unassigned.
DRAMA_RANGES = (
    ("07700900", 3),
    ("01134960", 3),
    ("01144960", 3),
    ("01154960", 3),
    ("01164960", 3),
    ("01174960", 3),
    ("01184960", 3),
    ("01214960", 3),
    ("01314960", 3),
    ("01414960", 3),
    ("01514960", 3),
    ("01614960", 3),
    ("01632960", 3),
    ("01914980", 3),
    ("02079460", 3),
    ("02920180", 3),
)
NO_NUMBER = "0770"  # too short to be one anywhere
GOOD, BAD = 2, 1
FILLER = "probe"


def send_probe(mapping: Mapping, list_id: int | None, staff: str) -> Run:
    """The probe's run, checked and on its way; whoever calls queues its delivery. WrongState when it cannot go."""
    if not phone_column(mapping):
        raise WrongState("Say first which column holds the phone number: a probe is about numbers.")
    content = write_probe(mapping)
    wish = intake.Wish(mapping, list_id, staff=staff, is_probe=True)
    run = intake.receive(intake.stage([content]), f"probe-{secrets.token_hex(3)}.csv", wish)
    intake.check(run.pk)
    run = Run.objects.select_related("mapping").get(pk=run.pk)
    if run.state == Run.State.READY:
        delivery.send(run, Run.HeldBack.SEND, staff)
    run.refresh_from_db()
    return run


def write_probe(mapping: Mapping) -> bytes:
    numbers = draw_numbers(mapping)
    out = StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(mapping.columns)
    for place, number in enumerate((numbers[0], NO_NUMBER, numbers[1]), 1):
        writer.writerow([cell_of(mapping, column, number, place) for column in mapping.columns])
    return out.getvalue().encode()


def draw_numbers(mapping: Mapping) -> list[str]:
    """Two different ones; in the form of another country where the mapping's numbers are of one."""
    ranges = secrets.SystemRandom().sample(DRAMA_RANGES, GOOD)
    numbers = [prefix + f"{secrets.randbelow(10**digits):0{digits}d}" for prefix, digits in ranges]
    return numbers if region_of(mapping) == "GB" else [f"+44{number[1:]}" for number in numbers]


def cell_of(mapping: Mapping, column: str, number: str, place: int) -> str:
    kinds = {target.name: target.kind for target in platform_of(mapping.platform).targets}
    is_phone = kinds.get(mapping.fields.get(column, "")) == "phone" or is_phone_like(column)
    if column == phone_column(mapping):
        return number
    if is_phone:
        return number if column in mapping.required else ""
    return f"{FILLER}{place}@example.com" if "mail" in plain(column) else f"{FILLER} {place}"
