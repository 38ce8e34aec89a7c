"""`manage.py batch ID`: run a confirmed bulk act here, or go on with one that stopped, and tell how it ended."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from maxops.mirror import batches
from maxops.mirror.models import Batch, BatchRow


class Command(BaseCommand):
    help = "Runs a bulk act that was confirmed on its page, or goes on with one that stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=int, help="the number in the address of the act's page")
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            batch = Batch.objects.get(pk=options["id"])
        except Batch.DoesNotExist as error:
            raise CommandError(f"There is no bulk act {options['id']}.") from error
        if batch.state == Batch.State.PROPOSED:
            raise CommandError("Nobody has confirmed it yet, so nothing was sent: confirm it on its page.")
        if batches.go_on(batch):
            batches.run(batch.pk)
            batch.refresh_from_db()
        self.tell(batch, as_json=options["json"])

    def tell(self, batch: Batch, *, as_json: bool) -> None:
        counts = batches.counts(batch)
        if as_json:
            named = {outcome or "not_tried": counts[outcome] for outcome in BatchRow.Outcome.values}
            known = {"batch": batch.pk, "kind": batch.kind, "offer": batch.offer, "state": batch.state}
            self.stdout.write(json.dumps({**known, "message": batch.message, "rows": named}))
        else:
            self.stdout.write(f"{batch}: {batches.told(batch)}")
        if sum(counts.values()) != counts[BatchRow.Outcome.DONE] or batch.state != Batch.State.FINISHED:
            raise CommandError(f"{batch} is {batch.get_state_display().lower()}: {batches.told(batch)}")
