"""What an EventBus keeps to beyond the others where its clock, its counts and its delays are its own."""

import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from event_bus_concurrency import publish_and_log, shared_by_processes, shared_by_threads
from event_bus_suite import Elapse, EventBusSuite, Opener, bodies, drain, messages
from processes import run_all

from tillstream.ports.bus import EventBus, Message, QueueDepth, RetryPolicy


class EventBusExact(EventBusSuite):
    def test_messages_come_in_the_order_of_their_publishing(self, bus: EventBus) -> None:
        for topic, subscription in [("topic", "sub"), ("topic", "sub2"), ("other", "sub3")]:
            bus.subscribe(topic, subscription)
        message = Message(b"\x00\xff {}", {"event_id": "1", "Grüße": "हिन्दी"})
        ids = bus.publish("topic", [message, Message(b"")])
        for subscription in ("sub", "sub2"):
            deliveries = bus.pull(subscription, 10)
            assert [delivery.message for delivery in deliveries] == [message, Message(b"", {})]
            assert [delivery.id for delivery in deliveries] == ids
            assert {(d.topic, d.subscription, d.attempt) for d in deliveries} == {("topic", subscription, 1)}
        assert bus.pull("sub3", 10) == []

    def test_an_empty_queue_counts_nothing(self, bus: EventBus) -> None:
        bus.publish("topic", messages("a", "b"))
        bus.subscribe("topic", "sub")
        assert self.depth(bus) == QueueDepth("sub", "topic", 0, 0, 0, 0, None)

    def test_sequences_increase_over_all_messages_and_are_times(self, bus: EventBus) -> None:
        topics = ["topic", "topic2"]
        for topic in topics:
            bus.subscribe(topic, f"sub-{topic}")
        sent: list[str] = []
        for n in range(20):
            sent += bus.publish(topics[n % 2], messages(*map(str, range(n % 3 + 1))))
        got = {delivery.id: delivery for topic in topics for delivery in bus.pull(f"sub-{topic}", 100)}
        sequences = [got[sent_id].sequence for sent_id in sent]
        assert all(earlier < later for earlier, later in itertools.pairwise(sequences))
        for delivery in got.values():
            time_of_sequence = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=delivery.sequence)
            assert abs(time_of_sequence - delivery.published_at) < timedelta(seconds=1)

    def test_what_is_released_comes_again_after_its_delay(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("topic", "sub", self.policy)
        bus.publish("topic", messages("a"))
        expected = [10.0, 20.0, 40.0, 40.0]
        for attempt, delay in enumerate(expected, 1):
            (delivery,) = bus.pull("sub", 10)
            assert delivery.attempt == attempt
            bus.release([delivery], "broken")
            elapse(delay * 0.49)
            assert bus.pull("sub", 10) == []
            elapse(delay * 0.52)
        assert bus.pull("sub", 10)[0].attempt == 5

    def test_past_its_attempts_a_message_is_a_dead_letter(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("topic", "sub", self.policy)
        message = Message(b"poison", {"k": "v"})
        bus.publish("topic", [message])
        self.fail(bus, elapse, self.policy.attempts - 1)
        assert bus.dead_letters() == []
        self.fail(bus, elapse, 1, "Rejected: no such contract")
        assert bus.pull("sub", 10) == []
        (dead,) = bus.dead_letters("sub")
        assert dead == bus.dead_letters()[0]
        assert (dead.subscription, dead.topic, dead.message) == ("sub", "topic", message)
        assert (dead.attempts, dead.error) == (self.policy.attempts, "Rejected: no such contract")
        assert dead.died_at > dead.published_at

    def test_past_its_age_a_failing_message_is_a_dead_letter(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("topic", "sub", self.policy)
        bus.publish("topic", messages("a"))
        elapse(self.policy.age + 1)
        deliveries = bus.pull("sub", 10)
        assert bodies(deliveries) == ["a"], "what was never tried gets its chance, however old"
        bus.release(deliveries, "broken")
        assert bus.pull("sub", 10) == []
        assert [(dead.attempts, dead.error) for dead in bus.dead_letters()] == [(1, "broken")]

    def test_a_message_that_grew_too_old_while_it_waited_is_a_dead_letter(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("topic", "sub", self.policy)
        bus.publish("topic", messages("a"))
        self.fail(bus, elapse, 1)
        elapse(self.policy.age)
        assert bus.pull("sub", 10) == []
        assert [(dead.attempts, dead.error) for dead in bus.dead_letters()] == [(1, "broken")]

    def test_a_message_that_kills_its_workers_blocks_no_other(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("topic", "sub", self.policy)
        bus.publish("topic", messages("poison"))
        for _ in range(self.policy.attempts):
            assert bodies(bus.pull("sub", 10)) == ["poison"]
            elapse(self.policy.lease + 1)
        bus.publish("topic", messages("good"))
        assert bodies(bus.pull("sub", 1)) == ["good"]
        assert bus.pull("sub", 1) == []
        (dead,) = bus.dead_letters("sub")
        assert (dead.message.body, dead.attempts) == (b"poison", self.policy.attempts)
        assert dead.error

    def test_dead_letters_come_newest_first_and_of_one_subscription(self, bus: EventBus, elapse: Elapse) -> None:
        for subscription in ("sub", "sub2"):
            bus.subscribe("topic", subscription, RetryPolicy(attempts=1))
        bus.publish("topic", messages("a"))
        bus.publish("topic", messages("b"))
        held = {(d.message.body, d.subscription): d for name in ("sub", "sub2") for d in bus.pull(name, 10)}
        for body, subscription in [("b", "sub"), ("a", "sub2"), ("a", "sub")]:
            bus.release([held[body.encode(), subscription]], f"{body} of {subscription}")
            elapse(1)
        assert [dead.error for dead in bus.dead_letters()] == ["a of sub", "a of sub2", "b of sub"]
        assert [dead.error for dead in bus.dead_letters(limit=2)] == ["a of sub", "a of sub2"]
        assert [dead.error for dead in bus.dead_letters("sub2")] == ["a of sub2"]

    def test_a_resent_dead_letter_starts_with_no_attempts(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("topic", "sub", self.policy)
        bus.subscribe("topic", "sub2", self.policy)
        bus.publish("topic", messages("a"))
        assert drain(bus, "sub2") == ["a"]
        (original,) = bus.pull("sub", 10)
        bus.release([original], "broken")
        elapse(self.policy.maximum)
        self.fail(bus, elapse, self.policy.attempts - 1)
        elapse(self.policy.age)
        dead = bus.dead_letters("sub")
        assert bus.resend([dead[0].id, dead[0].id, "never heard of", "999999999"]) == 1
        assert bus.resend([dead[0].id]) == 0
        assert bus.dead_letters() == []
        assert bus.pull("sub2", 10) == []
        (again,) = bus.pull("sub", 10)
        assert (again.attempt, again.message, again.sequence) == (1, original.message, original.sequence)
        bus.release([again], "broken again")
        elapse(self.policy.minimum)
        assert bus.pull("sub", 10)[0].attempt == 2

    def test_the_id_of_a_dead_letter_never_means_another_one(self, bus: EventBus) -> None:
        bus.subscribe("topic", "sub", RetryPolicy(attempts=1))
        bus.publish("topic", messages("first"))
        bus.release(bus.pull("sub", 1), "broken")
        old = bus.dead_letters()[0].id
        bus.resend([old])
        assert drain(bus, "sub") == ["first"]
        bus.publish("topic", messages("second"))
        bus.release(bus.pull("sub", 1), "broken")
        assert bus.resend([old]) == 0
        assert bus.pull("sub", 1) == []

    def test_depths_count_what_is_where(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("topic", "sub", self.policy)
        bus.subscribe("topic2", "sub2", RetryPolicy(attempts=1))
        bus.publish("topic2", messages("dead"))
        bus.release(bus.pull("sub2", 1), "broken")
        bus.publish("topic", messages("a"))
        elapse(5)
        bus.publish("topic", messages("b", "c", "d", "e"))
        bus.release(bus.pull("sub", 2), "broken")
        bus.pull("sub", 1)
        depth = self.depth(bus)
        assert (depth.topic, depth.ready, depth.leased, depth.delayed, depth.dead) == ("topic", 2, 1, 2, 0)
        assert depth.oldest_seconds == pytest.approx(5.0, abs=1.0)
        assert self.depth(bus, "sub2") == QueueDepth("sub2", "topic2", 0, 0, 0, 1, None)
        elapse(self.policy.lease + 1)
        depth = self.depth(bus)
        assert (depth.ready, depth.leased, depth.delayed) == (5, 0, 0), "an expired lease and a past delay are ready"

    def test_threads_lose_and_double_nothing(self, opener: Opener) -> None:
        counts = shared_by_threads(opener)
        assert (len(counts), set(counts.values())) == (600, {1})

    def test_processes_lose_and_double_nothing(self, opener: Opener, tmp_path: Path) -> None:
        assert shared_by_processes(opener, tmp_path / "told") == Counter(map(str, range(2_000)))

    def test_processes_never_share_a_sequence(self, opener: Opener, tmp_path: Path) -> None:
        bus, log = opener(), tmp_path / "told"
        bus.subscribe("topic", "sub")
        run_all(*[(publish_and_log, (log, opener, 200))] * 2)
        deliveries = bus.pull("sub", 1_000)
        assert sorted(delivery.id for delivery in deliveries) == sorted(log.read_text().split())
        assert len({delivery.sequence for delivery in deliveries}) == 400

    def test_what_is_not_acknowledged_is_listed_by_an_attribute(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("topic", "sub", self.policy)
        bus.subscribe("topic", "sub2")
        own = [Message(str(n).encode(), {"till": 'T"1', "Grüße": "हिन्दी"}) for n in range(4)]
        bus.publish("topic", [own[0]])
        self.fail(bus, elapse, self.policy.attempts)
        bus.publish("topic", [*own[1:], Message(b"other", {"till": "T2"}), Message(b"none")])
        bus.acknowledge(bus.pull("sub", 1))
        bus.pull("sub", 1)
        expected = [own[0], own[2], own[3]]
        assert sorted(bus.unacknowledged("sub", "till", 'T"1') or []) == expected, "a dead letter, ready, and leased"
        assert sorted(bus.unacknowledged("sub", "Grüße", "हिन्दी") or []) == expected
        assert sorted(bus.unacknowledged("sub2", "till", 'T"1') or []) == own
        assert bus.unacknowledged("sub", "till", "T3") == []
