"""Locks on files: one holder at a time among threads, patience, and nothing left behind."""

from threading import Barrier, Thread

import pytest

from maxops.locks import hold


def test_second_is_told_that_it_is_taken(tmp_path):
    with hold(tmp_path / "locks" / "one") as first, hold(tmp_path / "locks" / "one") as second:
        assert (first, second) == (True, False)


def test_other_paths_are_other_locks(tmp_path):
    with hold(tmp_path / "one") as first, hold(tmp_path / "two") as second:
        assert (first, second) == (True, True)


def test_freed_lock_leaves_no_file(tmp_path):
    with pytest.raises(ZeroDivisionError), hold(tmp_path / "one"), hold(tmp_path / "two"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_of_many_who_wait_one_at_a_time_gets_it(tmp_path):
    inside, most, got = [], [], []
    start = Barrier(8)

    def work() -> None:
        start.wait()
        for _ in range(5):
            with hold(tmp_path / "one", patience=30) as mine:
                inside.append(1)
                most.append(len(inside))
                got.append(mine)
                inside.pop()

    threads = [Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [True] * 40
    assert set(most) == {1}
    assert list(tmp_path.iterdir()) == []
