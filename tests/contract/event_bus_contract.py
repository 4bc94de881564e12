"""What every EventBus keeps to."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from processes import killed_again_and_again, run_all, tell

from tillstream.domain.errors import NotFound
from tillstream.ports.event_bus import Delivery, EventBus, Message, QueueDepth, RetryPolicy

Opener = Callable[[], EventBus]
Elapse = Callable[[float], None]
BATCH = 50


class BreaksHalfWay(list[Message]):
    def __iter__(self) -> Iterator[Message]:
        yield self[0]
        raise ZeroDivisionError


def messages(*bodies: str) -> list[Message]:
    return [Message(body.encode()) for body in bodies]


def bodies(deliveries: list[Delivery]) -> list[str]:
    return sorted(delivery.message.body.decode() for delivery in deliveries)


def drain(bus: EventBus, subscription: str, limit: int = 500, wait: float = 0.0) -> list[str]:
    """Pull and acknowledge until nothing comes."""
    got: list[str] = []
    while deliveries := bus.pull(subscription, limit, wait):
        assert bus.acknowledge(deliveries) == len(deliveries)
        got += bodies(deliveries)
    return got


def publish_until_killed(told: Path, opener: Opener) -> None:
    """Batches with a body of number/position, told once they were acknowledged to us."""
    bus = opener()
    for batch in itertools.count(time.time_ns()):
        bus.publish("killed", messages(*(f"{batch}/{n}" for n in range(BATCH))))
        tell(told, str(batch))


def consume_until_killed(told: Path, opener: Opener) -> None:
    bus = opener()
    while True:
        deliveries = bus.pull("s", 7, 1.0)
        for delivery in deliveries:
            tell(told, delivery.message.body.decode())
        bus.acknowledge(deliveries)


def consume_into(told: Path, opener: Opener) -> None:
    bus = opener()
    for body in drain(bus, "s", limit=20):
        tell(told, body)


def publish_and_tell(told: Path, opener: Opener, count: int) -> None:
    bus = opener()
    for n in range(count):
        tell(told, bus.publish("t", messages(str(n)))[0])


class EventBusContract:
    policy = RetryPolicy(minimum=10.0, maximum=40.0, attempts=5, age=600.0, lease=10.0)
    """Within what Pub/Sub allows."""
    shortest_lease = 10.0
    """Seconds of real time; what the adapter allows."""

    @pytest.fixture
    def opener(self) -> Opener:
        """Opens this test's bus on the system's clock; can be sent to another process."""
        raise NotImplementedError("an adapter's test says how it is opened")

    @pytest.fixture
    def bus(self) -> EventBus:
        """The same bus, its time moved by `elapse`."""
        raise NotImplementedError("an adapter's test gives its bus")

    @pytest.fixture
    def elapse(self) -> Elapse:
        """Lets seconds pass for `bus`."""
        raise NotImplementedError("an adapter's test says how time passes")

    def depth(self, bus: EventBus, subscription: str = "s") -> QueueDepth:
        (depth,) = (depth for depth in bus.depths() if depth.subscription == subscription)
        return depth

    def fail(self, bus: EventBus, elapse: Elapse, times: int, error: str = "broken") -> None:
        for _ in range(times):
            deliveries = bus.pull("s", 10)
            assert deliveries
            bus.release(deliveries, error)
            elapse(self.policy.maximum)

    def test_every_subscription_of_a_topic_gets_each_message(self, bus: EventBus) -> None:
        for topic, subscription in [("t", "s"), ("t", "s2"), ("other", "s3")]:
            bus.subscribe(topic, subscription)
        message = Message(b"\x00\xff {}", {"event_id": "1", "Grüße": "हिन्दी"})
        ids = bus.publish("t", [message, Message(b"")])
        for subscription in ("s", "s2"):
            deliveries = bus.pull(subscription, 10)
            assert [delivery.message for delivery in deliveries] == [message, Message(b"", {})]
            assert [delivery.id for delivery in deliveries] == ids
            assert {(d.topic, d.subscription, d.attempt) for d in deliveries} == {("t", subscription, 1)}
        assert bus.pull("s3", 10) == []

    def test_done_in_one_subscription_is_not_done_in_another(self, bus: EventBus) -> None:
        bus.subscribe("t", "s")
        bus.subscribe("t", "s2")
        bus.publish("t", messages("a"))
        assert drain(bus, "s") == ["a"]
        assert drain(bus, "s2") == ["a"]

    def test_a_message_from_before_the_subscription_is_not_delivered(self, bus: EventBus) -> None:
        bus.subscribe("t", "s")
        bus.publish("t", messages("before"))
        bus.subscribe("t", "late")
        bus.publish("t", messages("after"))
        assert drain(bus, "late") == ["after"]
        assert sorted(drain(bus, "s")) == ["after", "before"]

    def test_without_a_subscription_nothing_is_stored(self, bus: EventBus) -> None:
        assert len(set(bus.publish("t", messages("a", "b")))) == 2
        bus.subscribe("t", "s")
        assert bus.pull("s", 10) == []
        assert self.depth(bus) == QueueDepth("s", "t", 0, 0, 0, 0, None)

    def test_subscribing_again_keeps_messages_and_policy(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("t", "s", self.policy)
        bus.publish("t", messages("a"))
        bus.subscribe("t", "s")
        (delivery,) = bus.pull("s", 10)
        elapse(self.policy.lease + 1)
        assert bodies(bus.pull("s", 10)) == ["a"]
        assert delivery.expires_at - delivery.published_at < timedelta(seconds=self.policy.lease + 5)

    def test_a_subscription_never_made_is_not_found(self, bus: EventBus) -> None:
        bus.publish("t", messages("a"))
        with pytest.raises(NotFound):
            bus.pull("s", 1)

    def test_all_messages_of_a_publish_or_none(self, bus: EventBus) -> None:
        bus.subscribe("t", "s")
        with pytest.raises(ZeroDivisionError):
            bus.publish("t", BreaksHalfWay(messages("a", "b")))
        assert bus.pull("s", 10) == []
        bus.publish("t", messages("c"))
        assert drain(bus, "s") == ["c"]

    def test_publishing_nothing_is_fine(self, bus: EventBus) -> None:
        bus.subscribe("t", "s")
        assert bus.publish("t", []) == []
        assert bus.acknowledge([]) == bus.extend([], 10) == bus.resend([]) == 0

    def test_publishing_again_is_another_message(self, bus: EventBus) -> None:
        bus.subscribe("t", "s")
        (first,), (second,) = bus.publish("t", messages("a")), bus.publish("t", messages("a"))
        assert first != second
        assert drain(bus, "s") == ["a", "a"]

    def test_sequences_increase_over_all_messages_and_tell_the_time(self, bus: EventBus) -> None:
        topics = ["t", "t2"]
        for topic in topics:
            bus.subscribe(topic, f"s-{topic}")
        sent: list[str] = []
        for n in range(20):
            sent += bus.publish(topics[n % 2], messages(*map(str, range(n % 3 + 1))))
        got = {delivery.id: delivery for topic in topics for delivery in bus.pull(f"s-{topic}", 100)}
        sequences = [got[sent_id].sequence for sent_id in sent]
        assert all(earlier < later for earlier, later in itertools.pairwise(sequences))
        for delivery in got.values():
            told = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=delivery.sequence)
            assert abs(told - delivery.published_at) < timedelta(seconds=1)

    def test_pull_leases_at_most_the_limit_and_each_message_once(self, bus: EventBus) -> None:
        bus.subscribe("t", "s")
        bus.publish("t", messages("a", "b", "c"))
        assert bus.pull("s", 0) == []
        first = bus.pull("s", 2)
        second = bus.pull("s", 2)
        assert (len(first), len(second), bus.pull("s", 2)) == (2, 1, [])
        assert bodies(first + second) == ["a", "b", "c"]

    def test_pull_without_wait_comes_back_at_once(self, bus: EventBus) -> None:
        bus.subscribe("t", "s")
        started = time.monotonic()
        assert bus.pull("s", 1) == []
        assert time.monotonic() - started < 1.0

    def test_pull_waits_no_longer_than_it_was_told(self, bus: EventBus) -> None:
        bus.subscribe("t", "s")
        started = time.monotonic()
        assert bus.pull("s", 1, wait=0.3) == []
        assert 0.29 <= time.monotonic() - started < 3.0

    def test_a_waiting_pull_wakes_for_the_first_message(self, bus: EventBus) -> None:
        bus.subscribe("t", "s")
        timer = threading.Timer(0.2, bus.publish, ("t", messages("a")))
        timer.start()
        started = time.monotonic()
        assert bodies(bus.pull("s", 1, wait=20.0)) == ["a"]
        assert time.monotonic() - started < 5.0
        timer.join()

    def test_what_is_acknowledged_never_comes_again(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("t", "s", self.policy)
        bus.publish("t", messages("a", "b"))
        deliveries = bus.pull("s", 10)
        assert bus.acknowledge(deliveries) == 2
        assert bus.acknowledge(deliveries) == 0
        elapse(self.policy.lease + 1)
        assert bus.pull("s", 10) == []

    def test_an_expired_lease_acknowledges_nothing(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("t", "s", self.policy)
        bus.publish("t", messages("a"))
        (late,) = bus.pull("s", 10)
        elapse(self.policy.lease + 1)
        assert bus.acknowledge([late]) == 0
        (again,) = bus.pull("s", 10)
        assert (again.id, again.attempt, again.message) == (late.id, 2, late.message)
        assert again.lease != late.lease
        assert (bus.acknowledge([late]), bus.extend([late], 60)) == (0, 0)
        bus.release([late], "too late")
        assert bus.pull("s", 10) == []
        assert bus.acknowledge([again]) == 1

    def test_a_late_acknowledgement_never_hits_a_newer_message(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("t", "s", self.policy)
        bus.publish("t", messages("old"))
        late = bus.pull("s", 10)
        elapse(self.policy.lease + 1)
        assert drain(bus, "s") == ["old"]
        bus.publish("t", messages("new"))
        assert bus.acknowledge(late) == 0
        assert drain(bus, "s") == ["new"]

    def test_an_extended_lease_holds_for_long_work(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("t", "s", self.policy)
        bus.publish("t", messages("a"))
        deliveries = bus.pull("s", 10)
        assert bus.extend(deliveries, self.policy.lease * 3) == 1
        elapse(self.policy.lease * 2)
        assert bus.pull("s", 10) == []
        assert bus.acknowledge(deliveries) == 1

    def test_an_expired_lease_is_not_extended(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("t", "s", self.policy)
        bus.publish("t", messages("a"))
        deliveries = bus.pull("s", 10)
        elapse(self.policy.lease + 1)
        assert bus.extend(deliveries, 60) == 0
        assert bodies(bus.pull("s", 10)) == ["a"]

    def test_what_is_released_comes_again_after_its_delay(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("t", "s", self.policy)
        bus.publish("t", messages("a"))
        expected = [10.0, 20.0, 40.0, 40.0]
        for attempt, delay in enumerate(expected, 1):
            (delivery,) = bus.pull("s", 10)
            assert delivery.attempt == attempt
            bus.release([delivery], "broken")
            elapse(delay * 0.49)
            assert bus.pull("s", 10) == []
            elapse(delay * 0.52)
        assert bus.pull("s", 10)[0].attempt == 5

    def test_releasing_again_changes_nothing(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("t", "s", self.policy)
        bus.publish("t", messages("a"))
        deliveries = bus.pull("s", 10)
        bus.release(deliveries, "first")
        elapse(self.policy.minimum)
        bus.release(deliveries, "second")
        assert bodies(bus.pull("s", 10)) == ["a"]

    def test_past_its_attempts_a_message_is_a_dead_letter(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("t", "s", self.policy)
        message = Message(b"poison", {"k": "v"})
        bus.publish("t", [message])
        self.fail(bus, elapse, self.policy.attempts - 1)
        assert bus.dead_letters() == []
        self.fail(bus, elapse, 1, "Rejected: no such contract")
        assert bus.pull("s", 10) == []
        (dead,) = bus.dead_letters("s")
        assert dead == bus.dead_letters()[0]
        assert (dead.subscription, dead.topic, dead.message) == ("s", "t", message)
        assert (dead.attempts, dead.error) == (self.policy.attempts, "Rejected: no such contract")
        assert dead.died_at > dead.published_at

    def test_past_its_age_a_failing_message_is_a_dead_letter(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("t", "s", self.policy)
        bus.publish("t", messages("a"))
        elapse(self.policy.age + 1)
        deliveries = bus.pull("s", 10)
        assert bodies(deliveries) == ["a"], "what was never tried gets its chance, however old"
        bus.release(deliveries, "broken")
        assert bus.pull("s", 10) == []
        assert [(dead.attempts, dead.error) for dead in bus.dead_letters()] == [(1, "broken")]

    def test_a_message_that_grew_too_old_while_it_waited_is_a_dead_letter(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("t", "s", self.policy)
        bus.publish("t", messages("a"))
        self.fail(bus, elapse, 1)
        elapse(self.policy.age)
        assert bus.pull("s", 10) == []
        assert [(dead.attempts, dead.error) for dead in bus.dead_letters()] == [(1, "broken")]

    def test_a_message_that_kills_its_workers_is_a_dead_letter(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("t", "s", self.policy)
        bus.publish("t", messages("poison"))
        for _ in range(self.policy.attempts):
            assert bodies(bus.pull("s", 10)) == ["poison"]
            elapse(self.policy.lease + 1)
        bus.publish("t", messages("good"))
        assert bodies(bus.pull("s", 1)) == ["good"]
        assert bus.pull("s", 1) == []
        (dead,) = bus.dead_letters("s")
        assert (dead.message.body, dead.attempts) == (b"poison", self.policy.attempts)
        assert dead.error

    def test_dead_letters_come_newest_first_and_of_one_subscription(self, bus: EventBus, elapse: Elapse) -> None:
        for subscription in ("s", "s2"):
            bus.subscribe("t", subscription, RetryPolicy(attempts=1))
        bus.publish("t", messages("a"))
        bus.publish("t", messages("b"))
        held = {(d.message.body, d.subscription): d for name in ("s", "s2") for d in bus.pull(name, 10)}
        for body, subscription in [("b", "s"), ("a", "s2"), ("a", "s")]:
            bus.release([held[body.encode(), subscription]], f"{body} of {subscription}")
            elapse(1)
        assert [dead.error for dead in bus.dead_letters()] == ["a of s", "a of s2", "b of s"]
        assert [dead.error for dead in bus.dead_letters(limit=2)] == ["a of s", "a of s2"]
        assert [dead.error for dead in bus.dead_letters("s2")] == ["a of s2"]

    def test_a_dead_letter_sent_again_begins_anew(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("t", "s", self.policy)
        bus.subscribe("t", "s2", self.policy)
        bus.publish("t", messages("a"))
        assert drain(bus, "s2") == ["a"]
        (original,) = bus.pull("s", 10)
        bus.release([original], "broken")
        elapse(self.policy.maximum)
        self.fail(bus, elapse, self.policy.attempts - 1)
        elapse(self.policy.age)
        dead = bus.dead_letters("s")
        assert bus.resend([dead[0].id, dead[0].id, "never heard of", "999999999"]) == 1
        assert bus.resend([dead[0].id]) == 0
        assert bus.dead_letters() == []
        assert bus.pull("s2", 10) == []
        (again,) = bus.pull("s", 10)
        assert (again.attempt, again.message, again.sequence) == (1, original.message, original.sequence)
        bus.release([again], "broken again")
        elapse(self.policy.minimum)
        assert bus.pull("s", 10)[0].attempt == 2

    def test_the_id_of_a_dead_letter_never_means_another_one(self, bus: EventBus) -> None:
        bus.subscribe("t", "s", RetryPolicy(attempts=1))
        bus.publish("t", messages("first"))
        bus.release(bus.pull("s", 1), "broken")
        old = bus.dead_letters()[0].id
        bus.resend([old])
        assert drain(bus, "s") == ["first"]
        bus.publish("t", messages("second"))
        bus.release(bus.pull("s", 1), "broken")
        assert bus.resend([old]) == 0
        assert bus.pull("s", 1) == []

    def test_depths_count_what_is_where(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("t", "s", self.policy)
        bus.subscribe("t2", "s2", RetryPolicy(attempts=1))
        bus.publish("t2", messages("dead"))
        bus.release(bus.pull("s2", 1), "broken")
        bus.publish("t", messages("a"))
        elapse(5)
        bus.publish("t", messages("b", "c", "d", "e"))
        bus.release(bus.pull("s", 2), "broken")
        bus.pull("s", 1)
        depth = self.depth(bus)
        assert (depth.topic, depth.ready, depth.leased, depth.delayed, depth.dead) == ("t", 2, 1, 2, 0)
        assert depth.oldest_seconds == pytest.approx(5.0, abs=1.0)
        assert self.depth(bus, "s2") == QueueDepth("s2", "t2", 0, 0, 0, 1, None)
        elapse(self.policy.lease + 1)
        depth = self.depth(bus)
        assert (depth.ready, depth.leased, depth.delayed) == (5, 0, 0), "an expired lease and a past delay are ready"

    def test_threads_lose_and_double_nothing(self, opener: Opener) -> None:
        bus = opener()
        bus.subscribe("t", "s")
        got: list[list[str]] = [[] for _ in range(3)]

        def publish(name: int) -> None:
            for n in range(20):
                bus.publish("t", messages(*(f"{name}/{n}/{m}" for m in range(10))))

        jobs: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [(publish, (name,)) for name in range(3)]
        jobs += [(lambda mine: mine.extend(drain(bus, "s", 30, wait=1.0)), (mine,)) for mine in got]
        threads = [threading.Thread(target=target, args=args) for target, args in jobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        counted = Counter(itertools.chain(*got))
        assert (len(counted), set(counted.values())) == (600, {1})

    def test_processes_share_the_work_without_doubling_it(self, opener: Opener, tmp_path: Path) -> None:
        bus, told = opener(), tmp_path / "told"
        bus.subscribe("t", "s")
        bus.publish("t", messages(*map(str, range(2_000))))
        run_all((consume_into, (told, opener)), (consume_into, (told, opener)))
        assert sorted(told.read_text().split(), key=int) == [str(n) for n in range(2_000)]

    def test_processes_never_share_a_sequence(self, opener: Opener, tmp_path: Path) -> None:
        bus, told = opener(), tmp_path / "told"
        bus.subscribe("t", "s")
        run_all(*[(publish_and_tell, (told, opener, 200))] * 2)
        deliveries = bus.pull("s", 1_000)
        assert sorted(delivery.id for delivery in deliveries) == sorted(told.read_text().split())
        assert len({delivery.sequence for delivery in deliveries}) == 400

    @pytest.mark.parametrize("rounds", [3, pytest.param(60, marks=pytest.mark.long)])
    def test_a_killed_publisher_loses_nothing_that_was_acknowledged_to_it(
        self, opener: Opener, tmp_path: Path, rounds: int
    ) -> None:
        bus = opener()
        bus.subscribe("killed", "s")
        told = killed_again_and_again(rounds, tmp_path / "told", publish_until_killed, opener)
        counted = Counter(body.split("/")[0] for body in drain(bus, "s"))
        assert len(told) >= rounds
        assert set(told) <= set(counted)
        assert set(counted.values()) == {BATCH}, "a batch is there whole, or not at all"

    @pytest.mark.parametrize("rounds", [2, pytest.param(20, marks=pytest.mark.long)])
    def test_a_killed_consumer_leaves_every_message_to_the_next(
        self, opener: Opener, tmp_path: Path, rounds: int
    ) -> None:
        bus = opener()
        bus.subscribe("t", "s", RetryPolicy(lease=self.shortest_lease, attempts=100))
        bus.publish("t", messages(*map(str, range(3_000 * rounds))))
        told = set(killed_again_and_again(rounds, tmp_path / "told", consume_until_killed, opener))
        # What the killed ones had leased comes back when their leases end.
        give_up_at = time.monotonic() + 2 * self.shortest_lease + 20
        while len(told) < 3_000 * rounds and time.monotonic() < give_up_at:
            told.update(drain(bus, "s", wait=0.1))
        assert told == set(map(str, range(3_000 * rounds)))
