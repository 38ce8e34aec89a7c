"""What the mirror keeps: rows, readings and their differences, writes sent out, registers, bulk acts."""

from maxops.mirror.models.bulk_acts import BulkAct, BulkRow
from maxops.mirror.models.ledger import LastSet, Ledger
from maxops.mirror.models.readings import KINDS, Difference, Reading
from maxops.mirror.models.registers import NamedId
from maxops.mirror.models.rows import Mirrored, mirrored_models

__all__ = [
    "KINDS",
    "BulkAct",
    "BulkRow",
    "Difference",
    "LastSet",
    "Ledger",
    "Mirrored",
    "NamedId",
    "Reading",
    "mirrored_models",
]
