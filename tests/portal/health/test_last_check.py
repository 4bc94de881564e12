"""The check of the dependencies: how long an answer counts, and that callers share it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from portal.operations.health import FAILS, OVERDUE, WORKS, LastCheck


class Dependencies:
    """Counts the checks; `now` is the time, and `files` a dependency."""

    def __init__(self) -> None:
        self.now, self.count, self.files = 0.0, 0, "up"

    def check(self) -> dict[str, str]:
        self.count += 1
        return {"files": self.files}


def test_an_answer_counts_for_a_minute_and_a_failure_for_seconds() -> None:
    there = Dependencies()
    last = LastCheck(there.check, now=lambda: there.now)
    assert last().down == []
    there.files, there.now = "down", WORKS - 1
    assert last().down == []
    there.now = WORKS
    assert last().down == ["files"]
    there.files, there.now = "up", WORKS + FAILS - 1
    assert last().down == ["files"]
    there.now = WORKS + FAILS
    assert last().down == []
    assert there.count == 3


def test_a_fresh_answer_is_of_a_check_that_began_after_the_call() -> None:
    there = Dependencies()
    last = LastCheck(there.check, now=lambda: there.now)
    last()
    there.files = "down"
    assert last(fresh=True).down == ["files"]
    assert last().down == ["files"]


def test_callers_wait_for_one_check_and_learn_that_it_takes_too_long() -> None:
    began, may_end = Event(), Event()
    count = [0]

    def check() -> dict[str, str]:
        count[0] += 1
        began.set()
        may_end.wait()
        return {"files": "up"}

    last = LastCheck(check, now=lambda: 0.0)
    impatient = LastCheck(check, now=lambda: 0.0, patience=0.0)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(last)
        began.wait()
        others = [pool.submit(last) for _ in range(2)]
        may_end.set()
        assert all(one.result() is first.result() for one in others)
        assert count == [1]
        began.clear()
        may_end.clear()
        slow = pool.submit(impatient)
        began.wait()
        assert impatient().parts == OVERDUE
        may_end.set()
        assert slow.result().down == []
