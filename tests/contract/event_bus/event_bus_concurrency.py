"""What every EventBus keeps to among many threads and processes, some of them killed."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from event_bus_suite import BATCH, EventBusSuite, Opener, drain, messages
from processes import killed_again_and_again, log_line, run_all
from threads import join_thread

from tillstream.ports.bus import RetryPolicy


def publish_until_killed(log: Path, opener: Opener) -> None:
    """Batches with bodies of number/position; each is logged after it is acknowledged."""
    bus = opener()
    for batch in itertools.count(time.time_ns()):
        bus.publish("killed", messages(*(f"{batch}/{n}" for n in range(BATCH))))
        log_line(log, str(batch))


def consume_until_killed(log: Path, opener: Opener) -> None:
    bus = opener()
    while True:
        deliveries = bus.pull("sub", 7, 1.0)
        for delivery in deliveries:
            log_line(log, delivery.message.body.decode())
        bus.acknowledge(deliveries)


def consume_into(log: Path, opener: Opener) -> None:
    bus = opener()
    for body in drain(bus, "sub", limit=20):
        log_line(log, body)


def publish_and_log(log: Path, opener: Opener, count: int) -> None:
    bus = opener()
    for n in range(count):
        log_line(log, bus.publish("topic", messages(str(n)))[0])


def shared_by_threads(opener: Opener) -> Counter[str]:
    """How often each of 600 messages came, as threads publish and consume them."""
    bus = opener()
    bus.subscribe("topic", "sub")
    got: list[list[str]] = [[] for _ in range(3)]

    def publish(name: int) -> None:
        for n in range(20):
            bus.publish("topic", messages(*(f"{name}/{n}/{m}" for m in range(10))))

    def consume(mine: list[str]) -> None:
        while sum(map(len, got)) < 600:
            mine.extend(drain(bus, "sub", 30, wait=0.05))

    jobs: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [(publish, (name,)) for name in range(3)]
    jobs += [(consume, (mine,)) for mine in got]
    threads = [threading.Thread(target=target, args=args, daemon=True) for target, args in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        join_thread(thread)
    return Counter(itertools.chain(*got, drain(bus, "sub")))


def shared_by_processes(opener: Opener, log: Path) -> Counter[str]:
    """How often each of 2,000 messages came, as two processes consume them."""
    bus = opener()
    bus.subscribe("topic", "sub")
    bus.publish("topic", messages(*map(str, range(2_000))))
    run_all((consume_into, (log, opener)), (consume_into, (log, opener)))
    return Counter(log.read_text().split())


class EventBusConcurrency(EventBusSuite):
    def test_threads_lose_nothing(self, opener: Opener) -> None:
        assert len(shared_by_threads(opener)) == 600

    def test_processes_share_the_work(self, opener: Opener, tmp_path: Path) -> None:
        assert set(shared_by_processes(opener, tmp_path / "told")) == set(map(str, range(2_000)))

    @pytest.mark.system
    @pytest.mark.parametrize("rounds", [3, pytest.param(60, marks=pytest.mark.long)])
    def test_a_killed_publisher_loses_nothing_that_was_acknowledged_to_it(
        self, opener: Opener, tmp_path: Path, rounds: int
    ) -> None:
        bus = opener()
        bus.subscribe("killed", "sub")
        logged = killed_again_and_again(rounds, tmp_path / "told", publish_until_killed, opener)
        counted = Counter(body.split("/")[0] for body in drain(bus, "sub"))
        assert len(logged) >= rounds
        assert set(logged) <= set(counted)
        assert set(counted.values()) == {BATCH}, "a batch is there whole, or not at all"

    @pytest.mark.system
    @pytest.mark.parametrize("rounds", [2, pytest.param(20, marks=pytest.mark.long)])
    def test_a_killed_consumer_leaves_every_message_to_the_next(
        self, opener: Opener, tmp_path: Path, rounds: int
    ) -> None:
        bus = opener()
        bus.subscribe("topic", "sub", RetryPolicy(lease=self.shortest_lease, attempts=100))
        bus.publish("topic", messages(*map(str, range(3_000 * rounds))))
        logged = set(killed_again_and_again(rounds, tmp_path / "told", consume_until_killed, opener))
        # What the killed ones had leased comes back when their leases end.
        give_up_at = time.monotonic() + 2 * self.shortest_lease + 20
        while len(logged) < 3_000 * rounds and time.monotonic() < give_up_at:
            logged.update(drain(bus, "sub", wait=0.1))
        assert logged == set(map(str, range(3_000 * rounds)))
