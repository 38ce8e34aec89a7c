"""`manage.py check_connections`: log in and read at every configured system, change nothing (contract, section 3)."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from maxops.remote.connect import check, configured_systems


class Command(BaseCommand):
    help = "Logs in to each configured remote system and reads from it; changes nothing."
    requires_system_checks = []  # a half-filled setting is this command's own answer

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        answers = {}
        for system in configured_systems():
            ok, seconds, detail = check(system)
            answers[system] = {"ok": ok, "seconds": seconds, "detail": detail}
            if not options["json"]:
                self.stdout.write(f"{system}: {'ok' if ok else 'FAILED'} ({seconds:.2f} s) {detail}")
        if options["json"]:
            self.stdout.write(json.dumps(answers))
        if not answers:
            raise CommandError("No remote system is configured: set MAXCONTACT_URL, _LOGIN and _PASSWORD.")
        failed = [system for system, answer in answers.items() if not answer["ok"]]
        if failed:
            raise CommandError(f"Not reachable as configured: {', '.join(failed)}.")
