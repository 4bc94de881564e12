"""What every EventBus keeps to as time passes over its leases."""

from datetime import timedelta

from event_bus_suite import Elapse, EventBusSuite, bodies, drain, messages

from tillstream.ports.bus import EventBus


class EventBusLeases(EventBusSuite):
    def test_subscribing_again_keeps_messages_and_policy(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("topic", "sub", self.policy)
        bus.publish("topic", messages("a"))
        bus.subscribe("topic", "sub")
        (delivery,) = bus.pull("sub", 10)
        elapse(self.policy.lease + 1)
        assert bodies(bus.pull("sub", 10, self.patience)) == ["a"]
        assert delivery.expires_at - delivery.published_at < timedelta(seconds=self.policy.lease + 5)

    def test_what_is_acknowledged_never_comes_again(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("topic", "sub", self.policy)
        bus.publish("topic", messages("a", "b"))
        deliveries = bus.pull("sub", 10)
        assert bus.acknowledge(deliveries) == 2
        assert bus.acknowledge(deliveries) == 0
        elapse(self.policy.lease + 1)
        assert bus.pull("sub", 10) == []

    def test_an_expired_lease_acknowledges_nothing(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("topic", "sub", self.policy)
        bus.publish("topic", messages("a"))
        (late,) = bus.pull("sub", 10)
        elapse(self.policy.lease + 1)
        assert bus.acknowledge([late]) == 0
        (again,) = bus.pull("sub", 10, self.patience)
        assert (again.id, again.attempt, again.message) == (late.id, 2, late.message)
        assert again.lease != late.lease
        assert (bus.acknowledge([late]), bus.extend([late], 60)) == (0, 0)
        bus.release([late], "too late")
        assert bus.pull("sub", 10) == []
        assert bus.acknowledge([again]) == 1

    def test_a_late_acknowledgement_never_hits_a_newer_message(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("topic", "sub", self.policy)
        bus.publish("topic", messages("old"))
        late = bus.pull("sub", 10)
        elapse(self.policy.lease + 1)
        assert drain(bus, "sub", wait=self.patience) == ["old"]
        bus.publish("topic", messages("new"))
        assert bus.acknowledge(late) == 0
        assert drain(bus, "sub") == ["new"]

    def test_an_extended_lease_holds_for_long_work(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("topic", "sub", self.policy)
        bus.publish("topic", messages("a"))
        deliveries = bus.pull("sub", 10)
        assert bus.extend(deliveries, self.policy.lease * 3) == 1
        elapse(self.policy.lease * 2)
        assert bus.pull("sub", 10) == []
        assert bus.acknowledge(deliveries) == 1

    def test_an_expired_lease_is_not_extended(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("topic", "sub", self.policy)
        bus.publish("topic", messages("a"))
        deliveries = bus.pull("sub", 10)
        elapse(self.policy.lease + 1)
        assert bus.extend(deliveries, 60) == 0
        assert bodies(bus.pull("sub", 10, self.patience)) == ["a"]

    def test_a_message_that_kills_its_workers_is_a_dead_letter(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("topic", "sub", self.policy)
        bus.publish("topic", messages("poison"))
        for _ in range(self.policy.attempts):
            assert bodies(bus.pull("sub", 10, self.patience)) == ["poison"]
            elapse(self.policy.lease + 1)
        (dead,) = self.wait_for_dead_letters(bus)
        assert (dead.message.body, dead.attempts) == (b"poison", self.policy.attempts)
        assert dead.error
        bus.publish("topic", messages("good"))
        assert bodies(bus.pull("sub", 1)) == ["good"]
