"""Where the page "Match columns" has its file from: an upload that is no run yet, or a run it did not fit."""

from pathlib import Path
from typing import Protocol

from django.urls import reverse

from maxops.imports import intake, uploads
from maxops.imports.mapping import files_of
from maxops.imports.models import Mapping, Run, Upload

MENDABLE = frozenset({"column_missing", "no_header"})


class Source(Protocol):
    file_name: str
    path: Path
    mapping_id: int | None
    has_header: bool | None
    list_id: int | None
    parameter: str

    @property
    def url(self) -> str: ...

    def begin(self, mapping: Mapping, matches: dict[str, str], list_id: int | None, *, has_header: bool) -> Run:
        """The run that is checked with these columns; whoever calls queues its check."""
        ...


class UploadSource:
    """`has_header` None: nobody has said yet whether the first line is one."""

    mapping_id = None
    has_header = None

    def __init__(self, upload: Upload) -> None:
        self._upload = upload
        self.file_name = upload.file_name
        self.path = uploads.sample_path(upload)
        self.list_id = upload.wish.get("list")
        self.parameter = f"upload={upload.pk}"

    @property
    def url(self) -> str:
        return reverse("imports:columns", args=[self._upload.pk])

    def begin(self, mapping: Mapping, matches: dict[str, str], list_id: int | None, *, has_header: bool) -> Run:
        wish = uploads.wish_of(self._upload, mapping, matches, has_header=has_header)
        return uploads.begin_run(self._upload, wish._replace(list_id=list_id))


class RunSource:
    """The next attempt has the original too; the refused run stays as it is."""

    def __init__(self, run: Run, staff: str) -> None:
        self._run, self._staff = run, staff
        self.file_name = run.file_name
        self.path = files_of(run).original
        self.mapping_id = run.mapping_id
        self.list_id = run.list_id
        self.has_header = None if run.has_header else False
        self.parameter = f"run={run.pk}"

    @property
    def url(self) -> str:
        return reverse("imports:run_columns", args=[self._run.pk])

    def begin(self, mapping: Mapping, matches: dict[str, str], list_id: int | None, *, has_header: bool) -> Run:
        run = self._run
        options = run.options if mapping.platform == run.mapping.platform else {}
        wish = intake.Wish(mapping, list_id, options, run, self._staff, matches, has_header)
        return intake.receive(intake.stage_again(run), run.file_name, wish)


def of_run(run: Run, staff: str) -> RunSource | None:
    """None when this run's columns are not what is wrong, or its file is gone."""
    kinds = {finding["kind"] for finding in run.findings}
    if run.state != Run.State.FAILED or not kinds & MENDABLE or run.parts.exists():
        return None
    source = RunSource(run, staff)
    return source if source.path.exists() else None
