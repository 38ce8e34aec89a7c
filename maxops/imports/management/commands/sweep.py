"""`manage.py sweep`: removes what nobody needs any more and what a crash left lying; `--run ID` one run's files now."""

import getpass
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from maxops.imports import retention
from maxops.imports.disk import in_words
from maxops.imports.errors import WrongState
from maxops.imports.models import Run

WORDS = {
    "uploads": "uploads nobody went on with",
    "files": "files that belonged to nothing",
    "folders": "folders that belonged to nothing",
    "runs": "runs whose lead files were deleted",
    "answers": "stored reports",
}


class Command(BaseCommand):
    help = "Removes stale uploads and lead files older than MAXOPS_KEEP_FILES_DAYS; the scheduler does so each hour."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--run", type=int, default=None, metavar="ID", help="delete the files of this run now")
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, **options: Any) -> None:
        removed = retention.sweep() if options["run"] is None else delete_run(options["run"])
        answer = {kind: removed[kind] for kind in (*WORDS, "bytes")}
        if options["json"]:
            self.stdout.write(json.dumps(answer))
            return
        told = [f"{answer[kind]:,} {words}" for kind, words in WORDS.items() if answer[kind]]
        self.stdout.write(f"Removed: {', '.join(told)}; {in_words(answer['bytes'])}." if told else "Nothing to remove.")


def delete_run(number: int) -> Any:
    run = Run.objects.select_related("mapping").filter(pk=number).first()
    if run is None:
        raise CommandError(f"There is no run {number}.", returncode=2)
    try:
        return retention.delete_now(run, f"command line ({getpass.getuser()})")
    except WrongState as error:
        raise CommandError(str(error)) from error
