"""`manage.py run ID`: what is known of a run (contract sections 3 and 4)."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from maxops.imports.management.commands.upload import is_as_asked
from maxops.imports.models import Run
from maxops.imports.summary import print_run
from maxops.imports.waiting import wait_for


class Command(BaseCommand):
    help = "Prints the state of a run; with --wait also brings it forward until it is settled."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=int)
        parser.add_argument("--wait", type=float, default=0, metavar="SECONDS")
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, **options: Any) -> None:
        run = Run.objects.select_related("mapping").filter(pk=options["id"]).first()
        if run is None:
            raise CommandError(f"There is no run {options['id']}.", returncode=2)
        if options["wait"]:
            run = wait_for(run, options["wait"])
        print_run(run, self.stdout, as_json=options["json"])
        if options["wait"] and not is_as_asked(run, waited=True):
            raise SystemExit(1)
