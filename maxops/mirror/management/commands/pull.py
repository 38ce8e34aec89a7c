"""`manage.py pull`: read the dialler now, by hand or cron (contract, section 3)."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from maxops.mirror.applying import apply
from maxops.mirror.author import Author
from maxops.mirror.errors import PullRefused, sentence
from maxops.mirror.leases import COUNTED
from maxops.mirror.models import Reading, mirrored_models
from maxops.mirror.pull import PullResult, pull
from maxops.remote.errors import MaxopsConfigError, NotAuthorised, RemoteError, Unreachable
from maxops.remote.maxcontact.entities import ENTITIES

PATIENCE = 60  # seconds to wait for a reading somebody else has begun
HOPELESS = (Unreachable, NotAuthorised)  # the next kind would meet the same
SORT_WORDS = {"added": "new", "missing": "not there any more", "returned": "there again"}
LISTED = 20  # differences of a dry run shown to people; --json has them all


class Command(BaseCommand):
    help = "Reads campaigns, lists, teams and users from MaxContact into the mirror."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kinds", nargs="*", choices=[*ENTITIES, []], metavar="kind", help=", ".join(ENTITIES))
        parser.add_argument("--dry-run", action="store_true", help="read and compare, write nothing")
        parser.add_argument("--apply", type=int, metavar="READING", help="write exactly what this dry run showed")
        parser.add_argument("--accept-loss", action="store_true", help="mark as missing even over a third of a kind")
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["apply"] is not None:
            self.apply(options)
            return
        kinds = [kind for kind in mirrored_models() if kind in options["kinds"] or not options["kinds"]]
        answers: dict[str, dict[str, Any]] = {}
        hopeless = ""
        for kind in kinds:
            if hopeless:
                answers[kind] = {"error": hopeless}
                continue
            try:
                answers[kind] = self.read(kind, options)
            except (RemoteError, PullRefused, MaxopsConfigError) as error:
                answers[kind] = {"error": sentence(error)}
                hopeless = sentence(error) if isinstance(error, (*HOPELESS, MaxopsConfigError)) else ""
        if options["json"]:
            self.stdout.write(json.dumps(answers))
        failed = [f"{kind}: {answer['error']}" for kind, answer in answers.items() if "error" in answer]
        if failed:
            raise CommandError("Not read: " + " ".join(failed) + " What was known before stands unchanged.")

    def read(self, kind: str, options: dict[str, Any]) -> dict[str, Any]:
        result = pull(kind, dry_run=options["dry_run"], accept_loss=options["accept_loss"], wait=PATIENCE)
        if not options["json"]:
            self.tell(result, options["dry_run"])
        answer = asdict(result)
        del answer["kind"]
        answer["reading"] = answer.pop("reading_id")
        if not options["dry_run"]:
            del answer["differences"]
        return answer

    def apply(self, options: dict[str, Any]) -> None:
        dry = Reading.objects.filter(pk=options["apply"]).first()
        if dry is None:
            raise CommandError(f"There is no reading {options['apply']}.")
        try:
            reading = apply(dry, Author("", "command"))
        except PullRefused as refusal:
            raise CommandError(refusal.message) from refusal
        counts = {name: getattr(reading, name) for name in COUNTED} | {"seconds": reading.seconds}
        if options["json"]:
            self.stdout.write(json.dumps({reading.kind: {**counts, "reading": reading.pk, "applies": dry.pk}}))
            return
        words = f"{reading.created} new, {reading.changed} changed, {reading.missing} not there any more"
        self.stdout.write(f"{reading.kind}: {words}. {reading.message}".strip())

    def tell(self, result: PullResult, dry_run: bool) -> None:
        counts = (
            f"{result.read} read, {result.created} new, {result.changed} changed, {result.unchanged} unchanged, "
            f"{result.missing} not there any more ({result.seconds:.1f} s)"
        )
        self.stdout.write(f"{result.kind}: {counts}{' - nothing written' if dry_run else ''}")
        for difference in result.differences[:LISTED]:
            pairs = [f"{name}: {before} -> {after}" for name, (before, after) in difference["fields"].items()]
            words = ", ".join(pairs) if difference["sort"] == "changed" else SORT_WORDS[difference["sort"]]
            self.stdout.write(f"  {difference['id']} {difference['name']}: {words}")
        if result.differences:
            self.stdout.write(f"  To write exactly this: manage.py pull --apply {result.reading_id}")
