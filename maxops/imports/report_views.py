"""What a manager does with the rows that were not loaded: take them away, correct them, make the next attempt.

Nothing is sent from here. A corrected row and a next attempt are words in the run's folder, until somebody sends it.
"""

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from maxops.celery import enqueue
from maxops.imports.chosen_rows import SELECTIONS, Choice
from maxops.imports.corrections import Wanted, correct_row, make_attempt, take_back
from maxops.imports.downloads import reason_for_none, write_csv
from maxops.imports.errors import WrongState
from maxops.imports.mapping import files_of
from maxops.imports.models import Run
from maxops.imports.next_attempt import offers_of, offers_screen
from maxops.imports.posting import button_only
from maxops.imports.reasons import choice_of
from maxops.imports.report_screen import rows_of
from maxops.imports.row_edits import edit_of, read_typed, with_typed
from maxops.imports.screens import screen_of
from maxops.imports.tasks import check_run

GONE = 410

view_run = permission_required("imports.view_run", raise_exception=True)
add_run = permission_required("imports.add_run", raise_exception=True)


def find_run(run_id: int) -> Run:
    return get_object_or_404(Run.objects.select_related("mapping", "list", "mapping__list", "attempt_of"), pk=run_id)


def chosen_by(run: Run, asked: QueryDict) -> tuple[Choice, str]:
    """`?reason=` takes the rows of one reason, `?only=` other rows than the rejects; also what the file is called."""
    choice, reason = choice_of(run, asked.get("reason", ""))
    if reason:
        name = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in reason)[:60].strip("-")
        return choice, name or "reason"
    only = asked.get("only", "")
    only = only if only in SELECTIONS else "rejects"
    return SELECTIONS[only], only.replace("_", "-")


@view_run
@require_safe
def download_rejects(request: HttpRequest, run_id: int) -> HttpResponseBase:
    """`?for=excel` makes the copy safe to open in a spreadsheet."""
    run = find_run(run_id)
    if reason := reason_for_none(run):
        return render(request, "imports/gone.html", {"run": run, "reason": reason}, status=GONE)
    choice, words = chosen_by(run, request.GET)
    for_excel = request.GET.get("for") == "excel"
    name = f"run-{run.pk}-{words}{'-excel' if for_excel else ''}.csv"
    return StreamingHttpResponse(
        write_csv(run, choice, for_excel=for_excel),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def back_to(run: Run, asked: QueryDict, place: str = "rows", **more: str) -> str:
    """The page of rows that somebody came from."""
    kept = {name: asked[name] for name in ("reason", "page") if asked.get(name)}
    query = urlencode(kept | more)
    return f"{run.get_absolute_url()}{'?' if query else ''}{query}#{place}"


@add_run
@button_only
def save_row(request: HttpRequest, run_id: int, number: int) -> HttpResponse:
    """The cells of one row for the next attempt; when they cannot be kept, the form with all that was typed."""
    run = find_run(run_id)
    files = files_of(run)
    edit = edit_of(run, files, number)
    if edit is None:
        messages.error(request, "This row cannot be corrected here: it was not rejected, or is in a later attempt.")
        return redirect(back_to(run, request.POST))
    try:
        correct_row(run, number, read_typed(files, number, request.POST))
    except (WrongState, OSError) as error:
        again = with_typed(edit, request.POST, words_of(error))
        screen = screen_of(run, request.POST) | {"edit": again, "polls": False}
        return render(request, "imports/run.html", screen)
    if request.POST.get("then") == "next" and (following := next_line(run, request.POST.get("reason", ""), number)):
        return redirect(back_to(run, request.POST, "edit", line=following, edit=following))
    return redirect(back_to(run, request.POST, f"row-{number}"))


def words_of(error: Exception) -> str:
    """A full disk is nobody's mistake, and no reason to lose what was typed."""
    return f"Nothing was kept: {error.strerror}." if isinstance(error, OSError) and error.strerror else str(error)


def next_line(run: Run, reason: str, number: int) -> str:
    """The line of the row that follows in the table, "" after the last."""
    files = files_of(run)
    rows, _ = rows_of(run, files, reason)
    following = rows.page(rows.rank(number + 1), 1)
    return str(files.lines_of(following[0], 1)[0]) if following else ""


@add_run
@button_only
def undo_rows(request: HttpRequest, run_id: int) -> HttpResponse:
    """Takes the correction of one row back, or all of them."""
    run = find_run(run_id)
    row = request.POST.get("row", "")
    is_number = row.isascii() and row.isdigit() and len(row) < 11
    try:
        count = take_back(run, [int(row)] if is_number else [] if row else None)
    except WrongState as error:
        messages.error(request, str(error))
    else:
        words = f"{count:,} correction{'' if count == 1 else 's'} taken back."
        messages.success(request, words if count else "There was no such correction.")
    return redirect(back_to(run, request.POST))


@add_run
@require_http_methods(["GET", "HEAD", "POST"])
def next_attempt(request: HttpRequest, run_id: int) -> HttpResponse:
    """Which rows go into it; by POST the run that they make, checked and not sent."""
    run = find_run(run_id)
    if request.method != "POST":
        return render(request, "imports/attempt.html", offers_screen(run))
    wanted, fault = read_wanted(run, request)
    if wanted is not None:
        try:
            attempt = make_attempt(run, wanted)
        except (WrongState, OSError) as error:
            fault = words_of(error)
        else:
            enqueue(check_run, attempt.pk)
            return redirect(attempt)
    return render(request, "imports/attempt.html", offers_screen(run, request.POST, fault))


def read_wanted(run: Run, request: HttpRequest) -> tuple[Wanted | None, str]:
    staff, was_compared = request.user.get_username(), bool(request.POST.get("compared"))
    if request.POST.get("rows") == "corrected":
        return Wanted(None, staff, was_compared), ""
    asked = set(request.POST.getlist("reason"))
    chosen = [offer.choice for offer in offers_of(run) if offer.key in asked]
    if not chosen:
        return None, "Tick at least one reason, or choose the corrected rows."
    return Wanted(chosen, staff, was_compared), ""
