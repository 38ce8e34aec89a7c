"""How far a check is: told at once, seldom enough to cost nothing, and drawn on the page of the run."""

from maxops.imports import intake
from maxops.imports.models import Run


def run_of(mapping, **more) -> Run:
    return Run.objects.create(mapping=mapping, file_name="leads.csv", sha256="0" * 64, state="checking", **more)


def test_the_first_rows_are_told_at_once_and_the_next_wait(mapping, django_assert_num_queries):
    run = run_of(mapping)
    progress = intake.progress_of(run)
    with django_assert_num_queries(1):
        for rows in range(1, 500):
            progress(rows, rows * 40)
    run.refresh_from_db()
    assert (run.rows, run.checked_bytes) == (1, 40)


def test_the_page_shows_how_much_was_read(supervisor, mapping):
    run = run_of(mapping, size=2_000_000, rows=12_345, checked_bytes=500_000)
    for path in (run.get_absolute_url(), f"{run.get_absolute_url()}state/"):
        page = supervisor.get(path).content.decode()
        assert "12,345 rows read so far" in page
        assert "25 % of the file has been read" in page
        assert '<progress max="2000000" value="500000"' in page


def test_a_packed_file_is_said_to_be_unpacked_first(supervisor, mapping):
    run = run_of(mapping, size=2_000_000, checked_bytes=5_000_000)
    page = supervisor.get(run.get_absolute_url()).content.decode()
    assert "unpacked so far" in page
    assert "<progress" not in page.split('id="run"')[1].split("</form>")[0]


def test_before_the_first_rows_no_share_is_made_up(supervisor, mapping):
    page = supervisor.get(run_of(mapping, size=2_000_000).get_absolute_url()).content.decode()
    assert "The file is being checked" in page
    assert "% of the file" not in page
