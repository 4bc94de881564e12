"""A stand-in for Cloud Monitoring, whose answers have the shape of Google's reference of `projects.timeSeries.list`."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tillstream.adapters.google.pubsub.event_bus import OLDEST_METRIC, WAITING_METRIC


def series(metric: str, subscription: str, *values: int) -> dict[str, Any]:
    """Newest first, as the service returns them."""
    minutes = range(9, 9 - len(values), -1)
    times = [f"2026-11-20T10:0{minute}:00Z" for minute in minutes]
    return {
        "metric": {"type": metric},
        "resource": {"type": "pubsub_subscription", "labels": {"project_id": "shop", "subscription_id": subscription}},
        "metricKind": "GAUGE",
        "valueType": "INT64",
        "points": [
            {"interval": {"startTime": time, "endTime": time}, "value": {"int64Value": str(value)}}
            for time, value in zip(times, values, strict=True)
        ],
    }


class FakeMonitoring:
    """The answers of the fake service. `pages`: metric → its answers, one per page."""

    def __init__(self) -> None:
        self.pages: dict[str, list[Any]] = {WAITING_METRIC: [{}], OLDEST_METRIC: [{}]}
        self.status = 200
        self.queries: list[dict[str, str]] = []
        self.slow = threading.Event()
        self.slow.set()

    def answer(self, path: str, query: dict[str, str]) -> tuple[int, bytes]:
        self.slow.wait(10)
        assert path.startswith("/v3/projects/")
        assert path.endswith("/timeSeries")
        self.queries.append(query)
        metric = next(metric for metric in self.pages if f'metric.type = "{metric}"' in query["filter"])
        page = self.pages[metric][int(query.get("pageToken", "0"))]
        return self.status, page if isinstance(page, bytes) else json.dumps(page).encode()


@contextmanager
def serve(monitoring: FakeMonitoring) -> Iterator[str]:
    """Its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            status, body = monitoring.answer(url.path, {name: each[0] for name, each in parse_qs(url.query).items()})
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):  # the client has disconnected
                self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
