"""Prometheus metrics, enabled by the setting `metrics`."""

import time
from collections.abc import Iterator, Mapping
from typing import Protocol

from flask import Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from portal import live
from portal.access import Open, allow
from portal.context import EXTENSION
from portal.urls import published_name
from tillstream.connectors.state import all_statuses, connector_lag
from tillstream.model.batch import BatchState
from tillstream.operations import message_queues
from tillstream.ports import Ports
from tillstream.records import batch_records

REGISTRY = "tillstream.metrics"
CONNECTIONS = "tillstream.connections"
"""Extension of the portal with the connections of its server."""
STEPS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.3, 1.0, 3.0, 10.0, 60.0)


class CountsConnections(Protocol):
    """The connections of the local server; closed: how many it closed for others, by the reason."""

    @property
    def open(self) -> int: ...

    @property
    def closed(self) -> Mapping[str, int]: ...


class _Connections(Collector):
    """Connections and live pages; in a cloud, where connections end before the portal, live pages only."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("tillstream_live_streams", "Open live pages", live.streams_of(self._app).open)
        connections: CountsConnections | None = self._app.extensions.get(CONNECTIONS)
        if connections is None:
            return
        yield GaugeMetricFamily("tillstream_connections", "Open connections", connections.open)
        closed = CounterMetricFamily(
            "tillstream_connections_closed", "Connections closed so that others are served", labels=("reason",)
        )
        for reason, count in connections.closed.items():
            closed.add_metric((reason,), count)
        yield closed


class _Pipeline(Collector):
    """Queue depths, batches by state, and the lag of connectors, read at each scrape."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def collect(self) -> Iterator[Metric]:
        waiting = GaugeMetricFamily("tillstream_queue_messages", "Messages of a queue", labels=("queue", "state"))
        for depth in message_queues.queue_depths(self._ports):
            for state in ("ready", "leased", "delayed", "dead"):
                if (count := getattr(depth, state)) is not None:
                    waiting.add_metric((depth.subscription, state), count)
        batches = GaugeMetricFamily("tillstream_batches", "Batches by state", labels=("state",))
        for state in BatchState:
            batches.add_metric((state.value,), batch_records.count_batches(self._ports, state))
        lag = GaugeMetricFamily(
            "tillstream_connector_lag_seconds", "Time since the source was read to its end", labels=("connector",)
        )
        now = self._ports.clock.now()
        for name, of_connector in all_statuses(self._ports).items():
            if (since := connector_lag(of_connector, now)) is not None:
                lag.add_metric((name,), since.total_seconds())
        yield waiting
        yield batches
        yield lag


def measure_requests(app: Flask) -> None:
    """Count and time every request from now on."""
    registry = CollectorRegistry()
    registry.register(_Pipeline(app.extensions[EXTENSION].ports))
    registry.register(_Connections(app))
    app.extensions[REGISTRY] = registry
    labels = ("endpoint", "method")
    requests = Counter("tillstream_requests", "Requests answered", (*labels, "status"), registry=registry)
    seconds = Histogram("tillstream_request_seconds", "Time to answer", labels, buckets=STEPS, registry=registry)

    @app.before_request
    def begin() -> None:
        g.begun_at = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        label_values = (published_name(request.endpoint or "none"), request.method)
        requests.labels(*label_values, str(response.status_code)).inc()
        if "begun_at" in g:
            seconds.labels(*label_values).observe(time.perf_counter() - g.begun_at)
        return response


@allow(Open.EVERYBODY)
def show_metrics() -> Response:
    """Requests, their duration, queues and batches by state; no personal data and no sales."""
    return Response(generate_latest(current_app.extensions[REGISTRY]), content_type=CONTENT_TYPE_PLAIN_0_0_4)
