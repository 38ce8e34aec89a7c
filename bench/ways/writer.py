"""Another writer beside a pull: how long its longest small write took, from asking to committed."""

import random
import time
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from maxops.mirror.models import mirrored_models

PAUSE = 0.005


def write_until(flag: str, kind: str, rows: int) -> dict[str, Any]:
    """Updates single rows of the table being pulled, a transaction each, until the flag file is there."""
    model = mirrored_models()[kind]
    done = Path(flag)
    dice = random.Random(7)
    waits = []
    connection.ensure_connection()
    Path(f"{flag}.ready").touch()
    while not done.exists():
        number = dice.randrange(1, rows + 1)
        started = time.perf_counter()
        with transaction.atomic():
            # Its own value again: a row locked and written, and nothing that a pull would have to say of it.
            model._default_manager.filter(pk=number).update(missing_since=None)
        waits.append(time.perf_counter() - started)
        time.sleep(PAUSE)
    return {"longest": max(waits), "writes": len(waits), "median": sorted(waits)[len(waits) // 2]}
