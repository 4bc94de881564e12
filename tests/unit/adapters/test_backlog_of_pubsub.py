"""The number of waiting messages, read from Cloud Monitoring."""

from collections.abc import Iterator
from typing import Any

import pytest
from fake_monitoring import FakeMonitoring, series, serve

from tillstream.adapters.google.pubsub import backlog as pubsub_backlog
from tillstream.adapters.google.pubsub.backlog import OLDEST, WAITING, Backlog, Waiting
from tillstream.domain.errors import Unavailable

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
    first = {"timeSeries": [series(WAITING, "settle", 7, 12), series(WAITING, "idle", 0)], "nextPageToken": "1"}
    monitoring.pages[WAITING] = [first, {"timeSeries": [series(WAITING, "stage", 1)], "unit": "1"}]
    monitoring.pages[OLDEST] = [{"timeSeries": [series(OLDEST, "settle", 31, 90), series(OLDEST, "idle", 0)]}]
    backlog = Backlog("shop", address)
    assert backlog() == {"settle": Waiting(7, 31), "idle": Waiting(0, None), "stage": Waiting(1, None)}
    assert all('resource.type = "pubsub_subscription"' in query["filter"] for query in monitoring.queries)
    assert all(query["interval.startTime"] < query["interval.endTime"] for query in monitoring.queries)
    backlog.close()


def test_monitoring_values_are_cached_for_a_minute(monitoring: FakeMonitoring, address: str) -> None:
    now = 1_000.0
    backlog = Backlog("shop", address, lambda: now)
    assert backlog() == backlog() == {}
    assert len(monitoring.queries) == 2
    monitoring.pages[WAITING] = [{"timeSeries": [series(WAITING, "settle", 3)]}]
    now += 59
    assert backlog() == {}
    now += 1
    assert backlog() == {"settle": Waiting(3, None)}
    backlog.close()


@pytest.mark.parametrize(
    ("status", "answer"),
    [(403, DENIED), (429, {}), (503, b"<html>"), (200, b"{"), (200, {"timeSeries": [{}]}), (200, [])],
)
def test_an_invalid_response_is_unavailable_and_retried_after_a_minute(
    monitoring: FakeMonitoring, address: str, status: int, answer: Any
) -> None:
    now = 1_000.0
    backlog = Backlog("shop", address, lambda: now)
    monitoring.status, monitoring.pages[WAITING] = status, [answer]
    with pytest.raises(Unavailable, match="denied" if answer == DENIED else "did not return"):
        backlog()
    count = len(monitoring.queries)
    with pytest.raises(Unavailable):
        backlog()
    assert len(monitoring.queries) == count
    monitoring.status, monitoring.pages[WAITING] = 200, [{}]
    now += 60
    assert backlog() == {}
    backlog.close()


def test_a_page_does_not_wait_long_for_it(
    monitoring: FakeMonitoring, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pubsub_backlog, "TRY", 0.2)
    monitoring.slow.clear()
    with pytest.raises(Unavailable):
        Backlog("shop", address)()
    monitoring.slow.set()


def test_an_unreachable_service_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        Backlog("shop", "http://127.0.0.1:9")()
