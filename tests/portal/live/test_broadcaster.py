"""All open streams share one reader of the ledger, and answers that they have in common."""

import threading
from collections.abc import Iterator

import pytest
from threads import PATIENCE, join_thread
from waiting import wait_for

from portal.live import broadcaster as broadcasting
from portal.live.broadcaster import FRESH, Broadcaster, LedgerVersion, SharedAnswers

MANY = 30


class Ledger:
    """A ledger that counts how often its number is read."""

    def __init__(self) -> None:
        self.number, self.reads = 1, 0

    def latest(self) -> LedgerVersion:
        self.reads += 1
        return LedgerVersion(self.number)


@pytest.fixture
def broadcaster() -> Iterator[Broadcaster]:
    broadcaster = Broadcaster()
    yield broadcaster
    broadcaster.end()


def listeners(
    broadcaster: Broadcaster, ledger: Ledger, received: list[LedgerVersion | None], after: LedgerVersion
) -> list[threading.Thread]:
    threads = [
        threading.Thread(target=lambda: received.append(broadcaster.wait(ledger.latest, after, 20)), daemon=True)
        for _ in range(MANY)
    ]
    for thread in threads:
        thread.start()
    return threads


def test_many_streams_read_the_ledger_as_often_as_one(
    broadcaster: Broadcaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcasting, "FRESH", PATIENCE)  # a slow machine wakes some of them late
    monkeypatch.setattr(broadcasting, "AWAKE", PATIENCE)  # and nothing but the reader wakes them
    ledger, received = Ledger(), list[LedgerVersion | None]()
    threads = listeners(broadcaster, ledger, received, after=LedgerVersion(1))
    wait_for(lambda: ledger.reads >= 6, "the sixth reading")
    ledger.number = 2
    for thread in threads:
        join_thread(thread)
    assert received == [LedgerVersion(2)] * MANY
    assert ledger.reads < 15


def test_without_streams_no_thread_reads(broadcaster: Broadcaster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcasting, "CHECK_INTERVAL", 0.001)
    ledger, threads = Ledger(), set(threading.enumerate())
    assert broadcaster.wait(ledger.latest, LedgerVersion(1), 0.1) is None
    assert set(threading.enumerate()) <= threads


class Clock:
    """The monotonic clock of the module `time`, which stands still."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


def test_a_number_that_another_stream_read_long_ago_is_read_again(
    broadcaster: Broadcaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, ledger = Clock(), Ledger()
    monkeypatch.setattr(broadcasting, "time", clock)
    assert broadcaster.wait(ledger.latest, LedgerVersion(0), 1) == LedgerVersion(1)
    ledger.number = 5
    clock.now = FRESH / 2
    assert broadcaster.current(ledger.latest) == LedgerVersion(1)
    clock.now = FRESH
    assert broadcaster.wait(ledger.latest, LedgerVersion(4), 1) == LedgerVersion(5)


def test_after_a_failed_read_another_stream_continues(broadcaster: Broadcaster) -> None:
    def broken() -> LedgerVersion:
        raise OSError("the ledger is busy")

    with pytest.raises(OSError, match="busy"):
        broadcaster.wait(broken, LedgerVersion(1), 1)
    assert broadcaster.wait(Ledger().latest, LedgerVersion(0), 1) == LedgerVersion(1)


def test_the_end_of_the_server_wakes_every_stream(broadcaster: Broadcaster) -> None:
    received: list[LedgerVersion | None] = []
    threads = listeners(broadcaster, Ledger(), received, after=LedgerVersion(1))
    broadcaster.end()
    for thread in threads:
        thread.join(5)
    assert received == [None] * MANY


def test_an_answer_is_made_once_for_all_who_request_it() -> None:
    answers, requests, calls = SharedAnswers(), list[int](), list[int]()

    def make() -> str:
        calls.append(1)
        wait_for(lambda: len(requests) == MANY, "all requests")
        return "answer"

    got: list[str] = []

    def request() -> None:
        requests.append(1)
        got.append(answers.get("key", make))

    threads = [threading.Thread(target=request, daemon=True) for _ in range(MANY)]
    for thread in threads:
        thread.start()
    for thread in threads:
        join_thread(thread)
    assert (got, calls) == (["answer"] * MANY, [1])
    assert answers.get("other", lambda: "another") == "another"


def test_an_answer_that_failed_is_made_again() -> None:
    answers = SharedAnswers()

    def broken() -> str:
        raise OSError("the ledger is busy")

    with pytest.raises(OSError, match="busy"):
        answers.get("key", broken)
    assert answers.get("key", lambda: "answer") == "answer"
