"""The search of the list pages: every text a kind is searched by stands in one column that the database itself keeps.

A search is one look through that column. An index by which PostgreSQL finds words in the middle of a text was tried:
it cost each writing of many rows as much as all other indexes together, to save a search some hundredths of a second.
"""

from typing import Any

from django.db import models
from django.db.models import Value
from django.db.models.functions import Concat, Upper

BETWEEN = "\n"  # nobody types one into a search, so that no word is found across two texts


def search_column(*names: str) -> models.GeneratedField:
    """These texts in capitals, as far as the database knows them: SQLite only those without an accent."""
    parts: list[Any] = [names[0]]
    for name in names[1:]:
        parts += [Value(BETWEEN), name]
    expression = Upper(Concat(*parts, output_field=models.TextField()) if len(parts) > 1 else names[0])
    return models.GeneratedField(expression=expression, output_field=models.TextField(), db_persist=True)


@models.TextField.register_lookup
class Holds(models.Lookup):
    """`search__holds`: quicker than `icontains`, which would turn the column into capitals once more, row by row."""

    lookup_name = "holds"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, values = self.process_lhs(compiler, connection)
        word, words = self.process_rhs(compiler, connection)
        function = "INSTR" if connection.vendor == "sqlite" else "STRPOS"
        return f"{function}({column}, UPPER({word})) > 0", [*values, *words]
