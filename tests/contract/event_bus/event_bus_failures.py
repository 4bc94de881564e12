"""What every EventBus keeps to when work fails: it comes again, and at last becomes a dead letter."""

from event_bus_suite import Elapse, EventBusSuite, bodies, drain, messages

from tillstream.ports.bus import EventBus, Message


class EventBusFailures(EventBusSuite):
    def test_what_is_released_comes_again(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("topic", "sub", self.policy)
        bus.publish("topic", messages("a"))
        (first,) = bus.pull("sub", 10)
        bus.release([first], "broken")
        elapse(self.policy.minimum)
        (again,) = bus.pull("sub", 10, self.patience)
        assert (first.attempt, again.attempt) == (1, 2)
        assert (again.id, again.message, again.sequence) == (first.id, first.message, first.sequence)

    def test_releasing_again_changes_nothing(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("topic", "sub", self.policy)
        bus.publish("topic", messages("a"))
        deliveries = bus.pull("sub", 10)
        bus.release(deliveries, "first")
        elapse(self.policy.minimum)
        bus.release(deliveries, "second")
        assert bodies(bus.pull("sub", 10, self.patience)) == ["a"]
        assert bus.pull("sub", 10) == []

    def test_after_the_last_attempt_it_is_a_dead_letter(self, bus: EventBus, elapse: Elapse) -> None:
        for subscription in ("sub", "sub2"):
            bus.subscribe("topic", subscription, self.policy)
        message = Message(b"poison", {"k": "v"})
        bus.publish("topic", [message])
        self.fail(bus, elapse, self.policy.attempts - 1)
        assert bus.dead_letters() == []
        self.fail(bus, elapse, 1, "Rejected: no such contract")
        (dead,) = self.wait_for_dead_letters(bus)
        assert bus.pull("sub", 10) == []
        assert (dead.subscription, dead.topic, dead.message) == ("sub", "topic", message)
        assert dead.attempts == self.policy.attempts
        assert dead.error
        assert dead.died_at > dead.published_at
        assert [one.id for one in bus.dead_letters()] == [dead.id], "looking does not take it away"
        assert bus.dead_letters("sub2") == []
        assert [one.message for one in bus.pull("sub2", 10)] == [message]

    def test_dead_letters_are_newest_first_and_limited(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("topic", "sub", self.policy)
        bus.publish("topic", messages("a", "b", "c"))
        self.fail(bus, elapse, self.policy.attempts)
        dead = self.wait_for_dead_letters(bus, 3)
        assert sorted(one.message.body for one in dead) == [b"a", b"b", b"c"]
        assert [one.died_at for one in dead] == sorted((one.died_at for one in dead), reverse=True)
        assert len(bus.dead_letters(limit=2)) == 2

    def test_a_resent_dead_letter_keeps_its_sequence(self, bus: EventBus, elapse: Elapse) -> None:
        for subscription in ("sub", "sub2"):
            bus.subscribe("topic", subscription, self.policy)
        bus.publish("topic", messages("a"))
        assert drain(bus, "sub2") == ["a"]
        (original,) = bus.pull("sub", 10)
        bus.release([original], "broken")
        elapse(self.policy.maximum)
        self.fail(bus, elapse, self.policy.attempts - 1)
        (dead,) = self.wait_for_dead_letters(bus)
        assert bus.resend([dead.id, dead.id, "never heard of", "999999999", "no-such-queue/1"]) == 1
        assert bus.resend([dead.id]) == 0
        assert bus.dead_letters() == []
        assert bus.pull("sub2", 10) == []
        (again,) = bus.pull("sub", 10, self.patience)
        assert (again.attempt, again.message, again.sequence) == (1, original.message, original.sequence)
        bus.release([again], "broken again")
        elapse(self.policy.minimum)
        assert bus.pull("sub", 10, self.patience)[0].attempt == 2
