"""Takes away the indexes by which PostgreSQL once searched the list pages; mirror/search.py came in their place."""

from typing import Any

from django.db import migrations


def without_search_indexes(table: str, *columns: str) -> migrations.RunPython:
    """The operation of a migration. The extension pg_trgm stays: somebody else may have made it, or use it."""

    def remove(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            for column in columns:
                schema_editor.execute(f"DROP INDEX IF EXISTS {schema_editor.quote_name(f'{table}_{column}_search')}")

    return migrations.RunPython(remove, migrations.RunPython.noop)
