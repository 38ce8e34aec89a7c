"""What is kept of rejected rows: a byte each in the run's folder."""

import tempfile
import time
from pathlib import Path
from typing import Any

from maxops.imports.files import RunFiles
from maxops.imports.rejections import mark_rows


def outcomes(rows: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        files = RunFiles(Path(folder), 1)
        files.folder.mkdir()
        files.outcomes.write_bytes(bytes(rows))
        started = time.perf_counter()
        mark_rows(files, 0, rows - 1, 10)
        return {"seconds": time.perf_counter() - started}
