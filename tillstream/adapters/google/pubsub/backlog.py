"""The number of waiting messages, from Cloud Monitoring, because Pub/Sub does not report it."""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import google.auth
import requests
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession

from tillstream.domain.errors import Unavailable

WAITING = "pubsub.googleapis.com/subscription/num_undelivered_messages"
OLDEST = "pubsub.googleapis.com/subscription/oldest_unacked_message_age"
SCOPE = "https://www.googleapis.com/auth/monitoring.read"
LOOKBACK = timedelta(minutes=10)
"""The service samples every minute and publishes the samples up to four minutes later."""
CACHE_SECONDS = 60.0
TRY = 5.0
"""Timeout of one request, in seconds: a page waits for it."""
MOST_PAGES = 10


class Waiting(NamedTuple):
    """The backlog of one subscription; None where no value was reported."""

    messages: int | None = None
    """Unacknowledged messages, including leased ones."""
    oldest_seconds: float | None = None


class Backlog:
    """Reads backlogs from Cloud Monitoring. Thread-safe.

    address: of Cloud Monitoring, used with the default credentials; or of an emulator over http, used without any. Each
    result, including a failure, is cached for a minute.
    """

    def __init__(self, project: str, address: str, now: Callable[[], float] = time.monotonic) -> None:
        self._project, self._address, self._now = project, address.rstrip("/"), now
        self._lock = threading.Lock()
        self._session: requests.Session | None = None
        self._cached: Mapping[str, Waiting] | Unavailable = {}
        self._fetched_at = float("-inf")

    def __call__(self) -> Mapping[str, Waiting]:
        """Subscription → its backlog. Raises `Unavailable`."""
        with self._lock:
            if self._now() - self._fetched_at >= CACHE_SECONDS:
                try:
                    self._cached = self._fetch()
                except Unavailable as error:
                    self._cached = error
                self._fetched_at = self._now()
            if isinstance(self._cached, Unavailable):
                raise Unavailable(str(self._cached))
            return self._cached

    def close(self) -> None:
        with self._lock:
            if self._session:
                self._session.close()
                self._session = None

    def _fetch(self) -> Mapping[str, Waiting]:
        try:
            waiting, oldest = self._newest(WAITING), self._newest(OLDEST)
        except (
            requests.RequestException,
            GoogleAuthError,
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
        ) as error:
            raise Unavailable(f"Cloud Monitoring did not return the number of waiting messages: {error}") from error
        return {
            name: Waiting(waiting.get(name), oldest.get(name) if waiting.get(name) else None)
            for name in waiting.keys() | oldest.keys()
        }

    def _newest(self, metric: str) -> dict[str, int]:
        """Subscription → the newest value of a metric."""
        until = datetime.now(UTC)
        params = {
            "filter": f'metric.type = "{metric}" AND resource.type = "pubsub_subscription"',
            "interval.startTime": (until - LOOKBACK).isoformat(),
            "interval.endTime": until.isoformat(),
            "view": "FULL",
        }
        values, session = dict[str, int](), self._open_session()
        for _ in range(MOST_PAGES):
            response = session.get(
                f"{self._address}/v3/projects/{self._project}/timeSeries", params=params, timeout=TRY
            )
            body = response.json() if response.content else {}
            if not response.ok:
                raise Unavailable(
                    f"Cloud Monitoring did not return the number of waiting messages: {_reason(response, body)}"
                )
            for series in body.get("timeSeries", ()):
                newest = max(series["points"], key=lambda point: str(point["interval"]["endTime"]))
                values[series["resource"]["labels"]["subscription_id"]] = int(newest["value"]["int64Value"])
            if not (token := body.get("nextPageToken")):
                break
            params["pageToken"] = token
        return values

    def _open_session(self) -> requests.Session:
        if self._session is None:
            authorized = self._address.startswith("https://")
            self._session = (
                AuthorizedSession(google.auth.default(scopes=[SCOPE])[0]) if authorized else requests.Session()
            )
        return self._session


def _reason(response: requests.Response, body: Any) -> str:
    message = body.get("error", {}).get("message") if isinstance(body, dict) else ""
    return str(message or f"{response.status_code} {response.reason}")
