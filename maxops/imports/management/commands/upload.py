"""`manage.py upload FILE --mapping NAME`: receive, check and send a lead file here and now (contract section 3)."""

import getpass
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError

from maxops.imports import bookings, delivery, intake
from maxops.imports.disk import FULL_WORDS, NoRoom, is_full, require_room
from maxops.imports.errors import WrongState, WrongValue
from maxops.imports.management.commands.mapping import read_pairs
from maxops.imports.mapping import platform_of, read_options, split_list
from maxops.imports.models import Mapping, Run
from maxops.imports.sending_screen import emergency_words
from maxops.imports.summary import print_run
from maxops.imports.waiting import wait_for

BLOCK = 1 << 20


class Command(BaseCommand):
    help = "Uploads a file of leads, packed or not. Needs no worker; rejected rows come when MaxContact calls back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--mapping", required=True, metavar="NAME")
        parser.add_argument("--list", type=int, default=None, metavar="ID")
        parser.add_argument("--option", action="append", default=[], metavar="KEY=VALUE")
        parser.add_argument(
            "--held-back", choices=["drop", "send"], default="send", help="rows the check expects to be rejected"
        )
        parser.add_argument("--wait", type=float, default=0, metavar="SECONDS", help="for the report")
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, **options: Any) -> None:
        try:
            wish = read_wish(options)
            staged = take(options["file"])
        except WrongValue as error:
            raise CommandError(str(error), returncode=2) from error
        except NoRoom as error:
            raise CommandError(str(error), returncode=1) from error
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror or error}.", returncode=2) from error
        run = intake.receive(staged, options["file"].name, wish)
        intake.check(run.pk)
        run.refresh_from_db()
        if run.state == Run.State.READY:
            self._send(run, options)
        run = wait_for(run, options["wait"])
        print_run(run, self.stdout, as_json=options["json"])
        if not is_as_asked(run, bool(options["wait"])):
            raise SystemExit(1)

    def _send(self, run: Run, options: dict[str, Any]) -> None:
        if words := emergency_words():
            self.stderr.write(words)
        if earlier := next((finding for finding in run.findings if finding["kind"] == "same_file"), None):
            detail = earlier["detail"]
            self.stderr.write(f"This very file was sent before: {detail[0].lower()}{detail[1:]}.")
        try:
            delivery.send(run, options["held_back"], run.staff, again=True)
        except WrongState as error:
            bookings.stop(run, str(error), Run.State.FAILED)
            return
        delivery.deliver(run.pk)


def is_as_asked(run: Run, waited: bool) -> bool:
    """Finished; or under way, when nobody asked to wait."""
    if run.state in (Run.State.FINISHED, Run.State.FINISHED_WITH_REJECTS):
        return True
    return not waited and run.state == Run.State.WAITING and not run.unknown


def read_wish(options: dict[str, Any]) -> intake.Wish:
    mapping = find_mapping(options["mapping"])
    given, list_id = split_list(read_options(platform_of(mapping.platform), read_pairs(options["option"], "--option")))
    if options["list"] is not None and options["list"] < 1:
        raise WrongValue("--list is the number of a list, from 1 on.")
    return intake.Wish(mapping, options["list"] or list_id, given, staff=f"command line ({getpass.getuser()})")


def find_mapping(name: str) -> Mapping:
    found = list(Mapping.objects.filter(name=name)[:2])
    if not found:
        names = ", ".join(Mapping.objects.values_list("name", flat=True)[:20]) or "none yet"
        raise WrongValue(f"There is no mapping '{name}'; there is: {names}.")
    if len(found) > 1:
        raise WrongValue(f"Several platforms have a mapping '{name}'.")
    return found[0]


def take(path: Path) -> intake.Staged:
    """A copy of the file where runs lie. NoRoom when the disk cannot hold it, before anything is written or after."""
    folder = apps.get_app_config("imports").incoming_folder
    require_room(folder, path.stat().st_size)
    try:
        return intake.stage(read_blocks(path))
    except OSError as error:
        if is_full(error):
            raise NoRoom(FULL_WORDS) from error
        raise


def read_blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block
