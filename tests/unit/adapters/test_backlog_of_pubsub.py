"""The number of waiting messages, read from Cloud Monitoring."""

from collections.abc import Iterator
from typing import Any

import pytest
from fake_monitoring import FakeMonitoring, series, serve

from tillstream.adapters.google.pubsub import event_bus as pubsub_backlog
from tillstream.adapters.google.pubsub.event_bus import OLDEST_METRIC, WAITING_METRIC, MessageBacklog, WaitingMessages
from tillstream.model.errors import Unavailable

DENIED = {
    "error": {"code": 403, "message": "Permission monitoring.timeSeries.list denied", "status": "PERMISSION_DENIED"}
}


@pytest.fixture
def monitoring() -> FakeMonitoring:
    return FakeMonitoring()


@pytest.fixture
def address(monitoring: FakeMonitoring) -> Iterator[str]:
    with serve(monitoring) as address:
        yield address


def test_the_newest_value_of_each_subscription_is_used(monitoring: FakeMonitoring, address: str) -> None:
    first = {
        "timeSeries": [series(WAITING_METRIC, "settle", 7, 12), series(WAITING_METRIC, "idle", 0)],
        "nextPageToken": "1",
    }
    monitoring.pages[WAITING_METRIC] = [first, {"timeSeries": [series(WAITING_METRIC, "stage", 1)], "unit": "1"}]
    monitoring.pages[OLDEST_METRIC] = [
        {"timeSeries": [series(OLDEST_METRIC, "settle", 31, 90), series(OLDEST_METRIC, "idle", 0)]}
    ]
    backlog = MessageBacklog("shop", address)
    assert backlog() == {
        "settle": WaitingMessages(7, 31),
        "idle": WaitingMessages(0, None),
        "stage": WaitingMessages(1, None),
    }
    assert all('resource.type = "pubsub_subscription"' in query["filter"] for query in monitoring.queries)
    assert all(query["interval.startTime"] < query["interval.endTime"] for query in monitoring.queries)
    backlog.close()


def test_monitoring_values_are_cached_for_a_minute(monitoring: FakeMonitoring, address: str) -> None:
    now = 1_000.0
    backlog = MessageBacklog("shop", address, lambda: now)
    assert backlog() == backlog() == {}
    assert len(monitoring.queries) == 2
    monitoring.pages[WAITING_METRIC] = [{"timeSeries": [series(WAITING_METRIC, "settle", 3)]}]
    now += 59
    assert backlog() == {}
    now += 1
    assert backlog() == {"settle": WaitingMessages(3, None)}
    backlog.close()


@pytest.mark.parametrize(
    ("status", "answer"),
    [(403, DENIED), (429, {}), (503, b"<html>"), (200, b"{"), (200, {"timeSeries": [{}]}), (200, [])],
)
def test_an_invalid_response_is_unavailable_and_retried_after_a_minute(
    monitoring: FakeMonitoring, address: str, status: int, answer: Any
) -> None:
    now = 1_000.0
    backlog = MessageBacklog("shop", address, lambda: now)
    monitoring.status, monitoring.pages[WAITING_METRIC] = status, [answer]
    with pytest.raises(Unavailable, match="denied" if answer == DENIED else "did not return"):
        backlog()
    count = len(monitoring.queries)
    with pytest.raises(Unavailable):
        backlog()
    assert len(monitoring.queries) == count
    monitoring.status, monitoring.pages[WAITING_METRIC] = 200, [{}]
    now += 60
    assert backlog() == {}
    backlog.close()


def test_a_page_does_not_wait_long_for_it(
    monitoring: FakeMonitoring, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pubsub_backlog, "MONITORING_TIMEOUT", 0.2)
    monitoring.slow.clear()
    with pytest.raises(Unavailable):
        MessageBacklog("shop", address)()
    monitoring.slow.set()


def test_an_unreachable_service_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        MessageBacklog("shop", "http://127.0.0.1:9")()
