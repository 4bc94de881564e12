"""Callers that arrive while a commit runs share the next one."""

import threading
from collections.abc import Sequence

import pytest

from tests.threads import PATIENCE, join_thread
from tillstream.adapters.local.sqlite.event_bus import GroupCommit
from tillstream.model.errors import Unavailable


class Disk:
    """Commits slowly: the first one waits until `go` is set. Work of 0 fails its commit."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.started, self.go = threading.Event(), threading.Event()

    def commit(self, works: Sequence[int]) -> list[int]:
        self.groups.append(list(works))
        self.started.set()
        assert self.go.wait(PATIENCE)
        if 0 in works:
            raise Unavailable("The disk is full.")
        return [10 * work for work in works]


def test_a_single_caller_commits_alone() -> None:
    disk = Disk()
    disk.go.set()
    commits = GroupCommit(disk.commit)

    assert [commits.run(1), commits.run(2)] == [10, 20]
    assert disk.groups == [[1], [2]]


def in_threads(commits: GroupCommit[int, int], disk: Disk, works: Sequence[int]) -> dict[int, int | str]:
    """Run all works at once, the later ones while the first commits; returns results and errors."""
    results: dict[int, int | str] = {}

    def run(work: int) -> None:
        try:
            results[work] = commits.run(work)
        except Unavailable as error:
            results[work] = str(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    threads[0].start()
    assert disk.started.wait(PATIENCE)
    for thread in threads[1:]:
        thread.start()
    while commits.waiting < len(works) - 1:
        pass
    disk.go.set()
    for thread in threads:
        join_thread(thread)
    return results


def test_callers_that_arrive_during_a_commit_share_the_next_one() -> None:
    disk = Disk()
    results = in_threads(GroupCommit(disk.commit), disk, range(1, 21))

    assert results == {work: 10 * work for work in range(1, 21)}
    assert [len(group) for group in disk.groups] == [1, 19]


def test_a_group_has_a_limit() -> None:
    disk = Disk()
    results = in_threads(GroupCommit(disk.commit, most=8), disk, range(1, 21))

    assert results == {work: 10 * work for work in range(1, 21)}
    assert [len(group) for group in disk.groups] == [1, 8, 8, 3]


def test_a_failed_commit_is_the_error_of_its_callers_only() -> None:
    disk = Disk()
    results = in_threads(GroupCommit(disk.commit), disk, [1, 0, 2])

    assert results == {1: 10, 0: "The disk is full.", 2: "The disk is full."}


def test_an_interrupt_ends_the_thread_that_commits() -> None:
    def interrupted(_: Sequence[int]) -> list[int]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        GroupCommit(interrupted).run(1)


def test_a_caller_that_is_interrupted_while_it_waits_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk()
    commits = GroupCommit(disk.commit)
    first = threading.Thread(target=commits.run, args=(1,))
    first.start()
    assert disk.started.wait(PATIENCE)

    def interrupted(_: object) -> None:
        disk.go.set()
        join_thread(first)  # which lets the next caller commit
        raise KeyboardInterrupt

    monkeypatch.setattr("tillstream.adapters.local.sqlite.event_bus._Pending.wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        commits.run(2)
    assert commits.run(3) == 30
    assert disk.groups == [[1], [3]]
