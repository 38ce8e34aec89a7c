"""Which list a checked file goes to, changed by a person before anything is sent.

What was found for the list it would have gone to is looked for anew. Until that is done the run counts as being
checked: whoever dies on the way leaves a run that is checked again from the file as it came.
"""

from django.db import transaction
from django.utils import timezone

from maxops.imports import after_check, intake
from maxops.imports.counts import note, recount
from maxops.imports.disk import is_full
from maxops.imports.errors import WrongState
from maxops.imports.forms import lists_in_use
from maxops.imports.holding import find_unsent
from maxops.imports.mapping import LIST_OPTION, files_of, list_words, name_list, platform_of
from maxops.imports.models import Mapping, Run
from maxops.imports.overlap import forget_overlap
from maxops.imports.rejections import start_outcomes
from maxops.locks import hold

AT_ONCE = 200_000  # rows looked at while the person waits; larger files go to the queue
NO_SUCH_LIST = "Choose one of the lists shown: MaxContact may have removed that one meanwhile."

ListChoice = tuple[str, str]  # what the form sends, and the words beside it


def list_choices(mapping: Mapping, chosen: int | None) -> list[ListChoice]:
    """First what happens without a choice; none at all where the platform takes no list with an upload."""
    if not any(option.name == LIST_OPTION for option in platform_of(mapping.platform).options):
        return []
    own = list_words(mapping)
    known = {pk: name_list(pk, name) for pk, name in lists_in_use(chosen).values_list("pk", "name")}
    if chosen:
        known.setdefault(chosen, name_list(chosen, None))
    usual = f"The list of the mapping: {own}" if own else "MaxContact's own mapping decides"
    return [("", usual), *((str(pk), words) for pk, words in known.items())]


def read_list(mapping: Mapping, chosen: int | None, word: str) -> int | None:
    """The list that a form asks for; WrongState for one that it did not offer."""
    choices = dict(list_choices(mapping, chosen))
    if not choices:
        return chosen
    if word not in choices:
        raise WrongState(NO_SUCH_LIST)
    return int(word) if word else None


def is_other(run: Run, word: str | None) -> bool:
    """Whether a form asks for another list than the run has; without the field it asks for nothing."""
    return word is not None and word != str(run.list_id or "")


def change(run: Run, word: str, staff: str) -> None:
    """Notes the list; `look_anew` does the rest."""
    with transaction.atomic():
        run = find_unsent(run, [Run.State.READY])
        run.list_id = read_list(run.mapping, run.list_id, word)
        run.state, run.heartbeat = Run.State.CHECKING, timezone.now()
        run.save(update_fields=["list", "state", "heartbeat"])
        note(run, f"To go into {where(run)}, chosen by {staff}.")


def where(run: Run) -> str:
    words = list_words(run)
    return f"list {words}" if words else "the list that MaxContact's own mapping decides"


def look_anew(run_id: int) -> None:
    """Which numbers, and whether the file itself, went to the list that it goes to now."""
    run = Run.objects.select_related("mapping").get(pk=run_id)
    files = files_of(run)
    with hold(files.folder / "lock") as mine:
        run.refresh_from_db()
        if not mine or run.state != Run.State.CHECKING:
            return
        try:
            forget_overlap(files)
            findings = intake.with_same_file(run, after_check.finish(run, files, run.findings))
            start_outcomes(files)
        except OSError as error:
            if not is_full(error):
                raise
            Run.objects.filter(pk=run.pk).update(state=Run.State.RECEIVED)  # the check asks for room, and says so
            return
        recount(run.pk, state=Run.State.READY, findings=findings)
