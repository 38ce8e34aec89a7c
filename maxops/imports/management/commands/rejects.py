"""`manage.py rejects ID --output FILE`: the rows that were not loaded, with reasons, as CSV (contract section 3)."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from maxops.imports.chosen_rows import SELECTIONS
from maxops.imports.downloads import count_chosen, reason_for_none, write_csv
from maxops.imports.models import Run
from maxops.imports.report import DOUBT, has_doubt


class Command(BaseCommand):
    help = "Writes the rejected rows of a run, their own columns untouched, with line, reason and advice."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=int)
        parser.add_argument("--output", type=Path, required=True, metavar="FILE")
        parser.add_argument(
            "--excel", action="store_true", help="with a byte order mark, and no cell that is a formula"
        )
        parser.add_argument("--only", choices=sorted(SELECTIONS), default="rejects")
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, **options: Any) -> None:
        run = Run.objects.select_related("mapping").filter(pk=options["id"]).first()
        if run is None:
            raise CommandError(f"There is no run {options['id']}.", returncode=2)
        if reason := reason_for_none(run):
            raise CommandError(reason, returncode=1)
        choice = SELECTIONS[options["only"]]
        try:
            with options["output"].open("wb") as file:
                file.writelines(write_csv(run, choice, for_excel=options["excel"]))
        except OSError as error:
            raise CommandError(f"{options['output']}: {error.strerror or error}.", returncode=2) from error
        rows = count_chosen(run, choice)
        doubt = DOUBT if has_doubt(run) else ""
        if options["json"]:
            answer = {"rows": rows, "file": str(options["output"]), "doubt": doubt}
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
        else:
            self.stdout.write(f"{rows:,} rows written to {options['output']}. {doubt}".rstrip())
