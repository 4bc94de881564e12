"""The queue in SQLite keeps the EventBus contract."""

import random
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from event_bus_attached import EventBusAttached
from event_bus_concurrency import EventBusConcurrency
from event_bus_contract import EventBusContract
from event_bus_exact import EventBusExact
from event_bus_failures import EventBusFailures
from event_bus_leases import EventBusLeases
from event_bus_order import EventBusOrder
from event_bus_suite import Elapse, Opener, bodies, drain, messages
from processes import run_all
from threads import join_thread
from waiting import wait_for

from tillstream.adapters.local.clock import ManualClock, SystemClock
from tillstream.adapters.local.sqlite import event_bus
from tillstream.adapters.local.sqlite.event_bus import SQLiteEventBus
from tillstream.model.errors import NotFound, Rejected, Unavailable
from tillstream.ports.bus import Message, RetryPolicy

FOR_EVER = 3_600.0


class _Open:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self) -> SQLiteEventBus:
        return SQLiteEventBus(self.path, SystemClock())


def pulling(bus: SQLiteEventBus) -> tuple[list[str], threading.Thread]:
    """A thread that pulls one message, however long that takes, and its body."""
    pulled: list[str] = []
    thread = threading.Thread(target=lambda: pulled.extend(bodies(bus.pull("sub", 1, FOR_EVER))), daemon=True)
    thread.start()
    return pulled, thread


def open_publish_close(opener: Opener, times: int) -> None:
    for _ in range(times):
        bus = opener()
        bus.publish("topic", messages("a"))
        bus.close()


class TestSQLiteEventBus(
    EventBusAttached,
    EventBusContract,
    EventBusLeases,
    EventBusFailures,
    EventBusConcurrency,
    EventBusExact,
    EventBusOrder,
):
    shortest_lease = 1.0
    # a test of the exact ones counts what these only look for
    test_threads_lose_nothing = test_processes_share_the_work = None  # type: ignore[assignment]

    @pytest.fixture
    def opener(self, tmp_path: Path) -> Opener:
        return _Open(tmp_path / "bus.db")

    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock()

    @pytest.fixture
    def bus(self, tmp_path: Path, clock: ManualClock) -> Iterator[SQLiteEventBus]:
        bus = SQLiteEventBus(tmp_path / "bus.db", clock, random.Random(7))
        yield bus
        bus.close()

    @pytest.fixture
    def elapse(self, clock: ManualClock) -> Elapse:
        return clock.advance

    def test_everything_outlives_the_process(self, bus: SQLiteEventBus, tmp_path: Path, clock: ManualClock) -> None:
        bus.subscribe("topic", "sub", self.policy)
        bus.publish("topic", messages("a", "b", "c"))
        first = bus.pull("sub", 1)
        bus.close()
        again = SQLiteEventBus(tmp_path / "bus.db", clock)
        assert bodies(again.pull("sub", 10)) == ["b", "c"]
        assert again.acknowledge(first) == 1
        again.close()

    def test_sequences_increase_although_the_clock_was_set_back(self, bus: SQLiteEventBus, clock: ManualClock) -> None:
        bus.subscribe("topic", "sub")
        bus.publish("topic", messages("a"))
        (first,) = bus.pull("sub", 10)
        bus.acknowledge([first])
        clock.advance(-86_400)
        late = SQLiteEventBus(bus._file.path, ManualClock(clock.now()))
        late.publish("topic", messages("b"))
        (second,) = bus.pull("sub", 10)
        assert second.sequence > first.sequence
        late.close()

    def test_a_clock_set_back_hides_no_new_message(self, bus: SQLiteEventBus, clock: ManualClock) -> None:
        bus.subscribe("topic", "sub")
        bus.publish("topic", messages("a"))
        clock.advance(-86_400)
        assert drain(bus, "sub") == ["a"]

    def test_delays_are_spread_between_half_and_whole(self, bus: SQLiteEventBus) -> None:
        bus.subscribe("topic", "sub", RetryPolicy(minimum=8.0))
        bus.publish("topic", messages(*map(str, range(200))))
        bus.release(bus.pull("sub", 200), "broken")
        due = [row[0] for row in bus._file.rows("SELECT due FROM messages")]
        delays = [(moment - bus._micros()) / 1e6 for moment in due]
        assert 4.0 <= min(delays) < 4.5
        assert 7.5 < max(delays) <= 8.0

    def test_a_given_policy_replaces_the_one_before(self, bus: SQLiteEventBus, clock: ManualClock) -> None:
        bus.subscribe("topic", "sub", RetryPolicy(lease=1000))
        bus.subscribe("topic", "sub", RetryPolicy(lease=5))
        bus.publish("topic", messages("a"))
        bus.pull("sub", 1)
        clock.advance(6)
        assert bodies(bus.pull("sub", 1)) == ["a"]

    def test_a_subscription_cannot_move_to_another_topic(self, bus: SQLiteEventBus) -> None:
        bus.subscribe("topic", "sub")
        with pytest.raises(Rejected):
            bus.subscribe("topic2", "sub")

    def test_dead_letters_of_a_subscription_never_made_are_not_found(self, bus: SQLiteEventBus) -> None:
        with pytest.raises(NotFound):
            bus.dead_letters("sub")

    def test_one_broken_message_blocks_no_other(self, bus: SQLiteEventBus, clock: ManualClock) -> None:
        bus.subscribe("topic", "sub", RetryPolicy(attempts=1, lease=10))
        bus.publish("topic", messages(*(f"poison{n}" for n in range(5))))
        bus.pull("sub", 5)
        clock.advance(11)
        bus.publish("topic", messages("good"))
        assert drain(bus, "sub", limit=2) == ["good"]
        assert len(bus.dead_letters("sub")) == 5

    def test_within_the_process_a_waiting_pull_wakes_without_a_poll(
        self, bus: SQLiteEventBus, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(event_bus, "POLL_SECONDS", FOR_EVER)
        bus.subscribe("topic", "sub")
        pulled, thread = pulling(bus)
        wait_for(lambda: bus._arrived._waiters, "the waiting pull")  # type: ignore[attr-defined]
        bus.publish("topic", messages("a"))
        join_thread(thread)
        assert pulled == ["a"]

    def test_messages_of_another_process_are_found_by_a_poll(self, bus: SQLiteEventBus, opener: Opener) -> None:
        bus.subscribe("topic", "sub")
        other = opener()
        pulled, thread = pulling(bus)
        wait_for(lambda: bus._arrived._waiters, "the waiting pull")  # type: ignore[attr-defined]
        other.publish("topic", messages("a"))
        join_thread(thread)
        assert pulled == ["a"]
        other.close()

    def test_processes_may_open_and_close_it_at_the_same_time(self, opener: Opener) -> None:
        run_all(*[(open_publish_close, (opener, 30))] * 4)

    def test_a_long_queue_does_not_slow_the_pull(self, bus: SQLiteEventBus) -> None:
        bus.subscribe("topic", "sub")
        bus.publish("topic", messages("a") * 50_000)
        plan = bus._file.rows(
            "EXPLAIN QUERY PLAN SELECT id FROM messages WHERE subscription = 1 AND due <= 1 "
            "ORDER BY due, lease, since, id LIMIT 10"
        )
        assert len(plan) == 1, "sorted by its index, not by a temporary tree"

    def test_a_long_queue_is_not_searched(self, bus: SQLiteEventBus, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(event_bus, "MOST_SEARCHED", 3)
        bus.subscribe("topic", "sub")
        bus.publish("topic", [Message(b"", {"till": "T1"})] * 3)
        assert len(bus.unacknowledged("sub", "till", "T1") or []) == 3
        bus.publish("topic", messages("one too many"))
        assert bus.unacknowledged("sub", "till", "T1") is None

    def test_after_close_it_is_unavailable(self, bus: SQLiteEventBus) -> None:
        bus.close()
        bus.close()
        with pytest.raises(Unavailable):
            bus.queue_depths()


def test_an_attached_subscription_is_removed_after_its_idle_time_and_others_are_kept(tmp_path: Path) -> None:
    clock = ManualClock()
    bus = SQLiteEventBus(tmp_path / "bus.db", clock)
    bus.subscribe("topic", "pipeline")
    for name in ("idle", "pulled"):
        bus.attach("topic", name, idle=3_600)
    for _ in range(3):
        clock.advance(1_800)
        assert bus.pull("pulled", 1) == []
    bus.publish("topic", messages("a"))
    assert set(bus.subscriptions()) == {"pipeline", "pulled"}
    clock.advance(4_000)
    bus.publish("topic", messages("b"))
    assert set(bus.subscriptions()) == {"pipeline"}
    bus.close()


def test_the_number_of_a_removed_subscription_is_not_used_again(tmp_path: Path) -> None:
    clock = ManualClock()
    bus = SQLiteEventBus(tmp_path / "bus.db", clock)
    numbers = set()
    for _ in range(3):
        clock.advance(1)
        bus.attach("topic", "sub", idle=60)
        with closing(sqlite3.connect(tmp_path / "bus.db")) as file:
            numbers |= set(file.execute("SELECT id FROM subscriptions"))
        bus.detach("sub")
    bus.close()
    assert len(numbers) == 3
