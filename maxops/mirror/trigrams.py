"""Indexes by which PostgreSQL finds a word in the middle of a text, for the search of the list pages.

They want the extension pg_trgm. Where the account may not create it, searches go through the table: slower, as right.
"""

import logging
from collections.abc import Iterator
from typing import Any

from django.db import DatabaseError, migrations, transaction

log = logging.getLogger(__name__)


def search_indexes(table: str, *columns: str) -> migrations.RunPython:
    """The operation of a migration: one index a column, worded as Django words `icontains`."""

    def names(schema_editor: Any) -> Iterator[tuple[str, str]]:
        for column in columns:
            yield schema_editor.quote_name(f"{table}_{column}_search"), schema_editor.quote_name(column)

    def add(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            return
        try:
            with transaction.atomic(using=schema_editor.connection.alias):
                schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
                for index, column in names(schema_editor):
                    on = f"{schema_editor.quote_name(table)} USING gin (UPPER({column}::text) gin_trgm_ops)"
                    schema_editor.execute(f"CREATE INDEX IF NOT EXISTS {index} ON {on}")
        except DatabaseError as error:
            log.warning("no index for searching %s: %s", table, str(error).splitlines()[0])

    def remove(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            for index, _ in names(schema_editor):
                schema_editor.execute(f"DROP INDEX IF EXISTS {index}")

    return migrations.RunPython(add, remove)
