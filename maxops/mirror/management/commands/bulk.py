"""`manage.py bulk ID`: run a confirmed bulk act here, or go on with one that stopped, and tell how it ended."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from maxops.mirror import bulk_acts
from maxops.mirror.models import BulkAct, BulkRow


class Command(BaseCommand):
    help = "Runs a bulk act that was confirmed on its page, or goes on with one that stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=int, help="the number in the address of the act's page")
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            bulk_act = BulkAct.objects.get(pk=options["id"])
        except BulkAct.DoesNotExist as error:
            raise CommandError(f"There is no bulk act {options['id']}.") from error
        if bulk_act.state == BulkAct.State.PROPOSED:
            raise CommandError("Nobody has confirmed it yet, so nothing was sent: confirm it on its page.")
        if bulk_acts.go_on(bulk_act):
            bulk_acts.run(bulk_act.pk)
            bulk_act.refresh_from_db()
        self.tell(bulk_act, as_json=options["json"])

    def tell(self, bulk_act: BulkAct, *, as_json: bool) -> None:
        counts = bulk_acts.counts(bulk_act)
        if as_json:
            named = {outcome or "not_tried": counts[outcome] for outcome in BulkRow.Outcome.values}
            known = {"bulk_act": bulk_act.pk, "kind": bulk_act.kind, "offer": bulk_act.offer, "state": bulk_act.state}
            self.stdout.write(json.dumps({**known, "message": bulk_act.message, "rows": named}))
        else:
            self.stdout.write(f"{bulk_act}: {bulk_acts.told(bulk_act)}")
        if sum(counts.values()) != counts[BulkRow.Outcome.DONE] or bulk_act.state != BulkAct.State.FINISHED:
            raise CommandError(f"{bulk_act} is {bulk_act.get_state_display().lower()}: {bulk_acts.told(bulk_act)}")
