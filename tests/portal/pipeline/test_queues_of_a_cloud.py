"""What the pages say of queues in a cloud: what Cloud Monitoring tells, and without it not that nothing waits."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from fake_monitoring import FakeMonitoring, series, serve
from portal_factory import create_app
from visitor import PASSWORD, Visitor

from devtools.emulators import Emulator
from tillstream.adapters.google.pubsub.event_bus import OLDEST_METRIC, WAITING_METRIC, PubSubEventBus
from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.people import accounts


@contextmanager
def boss_of(app: App, monitoring: str) -> Iterator[Visitor]:
    """An administrator of a portal whose bus is Pub/Sub with the queue `settle`."""
    project = f"test-{secrets.token_hex(6)}"
    maker = PubSubEventBus(project, makes=True)
    maker.subscribe("batch-events", "settle")
    maker.close()
    bus = PubSubEventBus(project, monitoring=monitoring)
    settings = app.settings.model_copy(update={"metrics": True})
    portal = create_app(replace(app, settings=settings, ports=replace(app.ports, bus=bus)))
    accounts.add_account(app.ports, "boss", "boss", Role.ADMIN, password=PASSWORD)
    boss = Visitor(portal.test_client())
    assert boss.sign_in("boss").status_code == 303
    yield boss
    bus.close()


@pytest.mark.parametrize("monitoring", ["", "http://127.0.0.1:9"])
def test_queues_without_numbers_are_shown_as_such(app: App, pubsub: Emulator, monitoring: str) -> None:
    with boss_of(app, monitoring) as boss:
        page = boss.get("/pipeline").text
        assert "Nothing has failed. See Cloud Monitoring for the number of waiting messages." in page
        assert "Files to import" in page
        assert "settle" in boss.get("/status").text
        figures = boss.get("/metrics").text
        assert "tillstream_batches" in figures
        assert 'queue="settle"' not in figures
        assert boss.get("/healthz/ready").status_code == 200


def test_values_of_monitoring_are_shown(app: App, pubsub: Emulator) -> None:
    monitoring = FakeMonitoring()
    monitoring.pages[WAITING_METRIC] = [{"timeSeries": [series(WAITING_METRIC, "settle", 1_240)]}]
    monitoring.pages[OLDEST_METRIC] = [{"timeSeries": [series(OLDEST_METRIC, "settle", 95)]}]
    with serve(monitoring) as address, boss_of(app, address) as boss:
        page = boss.get("/pipeline").text
        assert "1,240 messages are waiting" in page
        assert "95 seconds" in page
        assert "1,240" in boss.get("/status").text
        assert 'tillstream_queue_messages{queue="settle",state="ready"} 1240.0' in boss.get("/metrics").text
