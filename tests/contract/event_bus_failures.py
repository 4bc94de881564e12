"""What every EventBus keeps to when work fails: delays, limits, dead letters."""

import pytest
from event_bus_given import Elapse, EventBusGiven, bodies, drain, messages

from tillstream.ports.event_bus import EventBus, Message, QueueDepth, RetryPolicy


class EventBusFailures(EventBusGiven):
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
