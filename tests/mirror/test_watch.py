"""Who looks at the board has the campaigns read sooner, at once after a time in which nobody looked."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from maxops.mirror import watch
from maxops.mirror.models import Reading
from maxops.mirror.tasks import pull_board


@pytest.fixture
def unwatched(mirrored, monkeypatch):
    """As in a process nobody has asked for a board yet."""
    cache.delete(watch.LOOKED_AT)
    monkeypatch.setitem(watch._noted, "at", float("-inf"))
    return mirrored


def asked(sandbox):
    return len(sandbox.journal.find("GET", "/campaigns$"))


def begun_ago(seconds):
    Reading.objects.filter(kind="campaigns").update(started_at=timezone.now() - timedelta(seconds=seconds))


def test_first_look_reads_at_once_and_the_next_do_not(unwatched):
    assert not watch.is_watched()
    for _ in range(3):
        watch.note_look()
    assert watch.is_watched()
    assert asked(unwatched) == 1


def test_looks_write_to_the_cache_now_and_then_only(unwatched):
    watch.note_look()
    cache.delete(watch.LOOKED_AT)
    watch.note_look()
    assert not watch.is_watched()


def test_look_of_another_process_counts(unwatched):
    cache.set(watch.LOOKED_AT, True)
    watch.note_look()
    assert asked(unwatched) == 0


@pytest.mark.parametrize(
    ("looks", "seconds", "is_read"), [(True, 20, True), (True, 2, False), (False, 20, False), (False, 70, True)]
)
def test_pace_of_the_campaigns(looks, seconds, is_read, unwatched):
    """15 seconds while somebody looks, else a minute."""
    if looks:
        cache.set(watch.LOOKED_AT, True)
    begun_ago(seconds)
    pull_board.delay()
    assert asked(unwatched) == is_read


@pytest.mark.parametrize("state", ["running", "waiting"])
def test_campaigns_being_read_are_not_asked_for_again(state, unwatched):
    begun_ago(70)
    count = Reading.objects.count()
    Reading.objects.create(kind="campaigns", state=state)
    pull_board.delay()
    watch.note_look()
    assert asked(unwatched) == 0
    assert Reading.objects.count() == count + 1
