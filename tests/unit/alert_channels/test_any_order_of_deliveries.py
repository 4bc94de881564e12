"""Notices, failures, stops, pauses and restarts in any order: no channel gets a notice twice, and none is lost."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from unit.alert_channels.channel_steps import FROM, PORTAL, channel, notify

from examples import in_long_proofs
from tillstream.app import App
from tillstream.delivery import alert_channel, channel_registry, notice_deliveries
from tillstream.delivery.alert_channel import AlertChannel, Notice
from tillstream.delivery.notice_deliveries import ChannelSender
from tillstream.model.errors import Rejected, Unavailable
from tillstream.records.mail import Mail
from tillstream.records.outbox import ENDED_BADLY, LONGEST, SENT, UNCLEAR

HOOKS = 3
BEFORE, AFTER = "killed before", "killed after"
FAULTS = st.sampled_from(["", "", "", "busy", "refused", BEFORE, AFTER])


@dataclass(frozen=True)
class Receivers(ChannelSender):
    """The receivers of all channels. faults: of the next messages, last first. received: how often each channel got
    each notice."""

    faults: list[str] = field(default_factory=list)
    received: Counter[tuple[str, str]] = field(default_factory=Counter)

    def send(self, channel: AlertChannel, id: str, contents: Sequence[Notice]) -> list[Mail]:
        fault = self.faults.pop() if self.faults else ""
        match fault:
            case "busy":
                raise Unavailable("busy")
            case "refused":
                raise Rejected("refused")
            case "killed before":
                raise KeyboardInterrupt
        self.received.update((channel.id, one.id) for one in contents)
        if fault == AFTER:
            raise KeyboardInterrupt
        return []


class AnyOrder(RuleBasedStateMachine):
    def __init__(self, app: App) -> None:
        super().__init__()
        self.app, self.receivers = app, Receivers(app.ports, PORTAL, FROM, private=True)
        for collection in (
            alert_channel.NOTICES_COLLECTION,
            notice_deliveries.DELIVERIES_COLLECTION,
            channel_registry.CHANNELS.name,
        ):
            for document in app.ports.documents.find(collection):
                app.ports.documents.delete(collection, document.id)
        self.channels = [channel(app, "webhook", url="https://example.com/x", digest_hour=7 + n) for n in range(HOOKS)]
        self.expected: set[tuple[str, str]] = set()
        self.repeated: Counter[str] = Counter()
        """Delivery → how often a person sent one again that was unclear."""
        self.count = 0

    @rule(to=st.sets(st.integers(0, HOOKS - 1), min_size=1), is_collected=st.booleans(), hours=st.integers(0, 2))
    def a_notice(self, to: set[int], is_collected: bool, hours: int) -> None:
        self.count += 1
        due = self.app.ports.clock.now() + timedelta(hours=hours)
        chosen = [self.channels[number] for number in to]
        notify(self.app, f"n{self.count}", *chosen, digest=is_collected, due_at=due.isoformat())
        self.expected |= {(one.id, f"n{self.count}") for one in chosen}

    @rule(faults=st.lists(FAULTS, max_size=4))
    def a_run(self, faults: list[str]) -> None:
        self.receivers.faults[:] = faults
        try:
            notice_deliveries.send_due_notices(self.receivers)
        except KeyboardInterrupt:
            return

    @rule(minutes=st.sampled_from([1, 20, 60, 600, 1440]))
    def time_passes(self, minutes: int) -> None:
        self.app.ports.clock.sleep(minutes * 60)

    @rule()
    def a_person_sends_again(self) -> None:
        for one in notice_deliveries.list_notice_deliveries(self.app.ports):
            if one.state in ENDED_BADLY:
                self.repeated[one.id] += one.state == UNCLEAR
                notice_deliveries.retry_notice(self.app.ports, one.id, by="boss")

    def entries(self) -> Iterator[tuple[tuple[str, str], str, dict[str, Any]]]:
        """Channel and notice, delivery, and its document."""
        for document in self.app.ports.documents.find(notice_deliveries.DELIVERIES_COLLECTION):
            for notice in document.data["notices"]:
                yield (document.data["channel"], notice), document.id, document.data

    @invariant()
    def nothing_is_sent_twice(self) -> None:
        allowed = {each: 1 + self.repeated[delivery] for each, delivery, _ in self.entries()}
        assert all(count <= allowed[each] for each, count in self.receivers.received.items())

    def teardown(self) -> None:
        """When everything works again, each channel has each notice, or its delivery is shown as failed or unclear."""
        self.receivers.faults.clear()
        for _ in range(3):
            self.app.ports.clock.sleep(LONGEST.total_seconds() + 86_400)
            notice_deliveries.send_due_notices(self.receivers)
        self.nothing_is_sent_twice()
        assert not notice_deliveries.has_due_notices(self.app.ports)
        states = {each: data["state"] for each, _, data in self.entries()}
        assert states.keys() == self.expected
        assert set(states.values()) <= {SENT, *ENDED_BADLY}
        assert {each for each, state in states.items() if state == SENT} <= self.receivers.received.keys()


@pytest.mark.parametrize("count", [10, *in_long_proofs(40)])
def test_any_order(app: App, count: int) -> None:
    run_state_machine_as_test(
        lambda: AnyOrder(app),
        settings=settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck)),
    )
