"""How many messages wait, which Pub/Sub itself does not tell, but Cloud Monitoring."""

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
MAY = "https://www.googleapis.com/auth/monitoring.read"
LOOKED_AT = timedelta(minutes=10)
"""The service samples every minute, and tells up to four minutes later."""
BELIEVED = 60.0
TRY = 5.0
"""Seconds for one question: a page waits for it."""
MOST_PAGES = 10


class Waiting(NamedTuple):
    """Of one subscription; None where nothing was told."""

    messages: int | None = None
    """Not acknowledged, also those that somebody works on."""
    oldest_seconds: float | None = None


class Backlog:
    """address: Cloud Monitoring's, asked with the credentials of whoever runs this, or by http something that stands in
    for it, without any.

    What was told, also that nothing was, is believed for a minute. Safe in threads.
    """

    def __init__(self, project: str, address: str, now: Callable[[], float] = time.monotonic) -> None:
        self._project, self._address, self._now = project, address.rstrip("/"), now
        self._lock = threading.Lock()
        self._session: requests.Session | None = None
        self._known: Mapping[str, Waiting] | Unavailable = {}
        self._asked_at = float("-inf")

    def __call__(self) -> Mapping[str, Waiting]:
        """Subscription → what waits. Raises `Unavailable`."""
        with self._lock:
            if self._now() - self._asked_at >= BELIEVED:
                try:
                    self._known = self._ask()
                except Unavailable as error:
                    self._known = error
                self._asked_at = self._now()
            if isinstance(self._known, Unavailable):
                raise Unavailable(str(self._known))
            return self._known

    def close(self) -> None:
        with self._lock:
            if self._session:
                self._session.close()
                self._session = None

    def _ask(self) -> Mapping[str, Waiting]:
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
            raise Unavailable(f"Cloud Monitoring does not tell how many messages wait: {error}") from error
        return {
            name: Waiting(waiting.get(name), oldest.get(name) if waiting.get(name) else None)
            for name in waiting.keys() | oldest.keys()
        }

    def _newest(self, metric: str) -> dict[str, int]:
        """Subscription → the newest value of a metric."""
        until = datetime.now(UTC)
        asked = {
            "filter": f'metric.type = "{metric}" AND resource.type = "pubsub_subscription"',
            "interval.startTime": (until - LOOKED_AT).isoformat(),
            "interval.endTime": until.isoformat(),
            "view": "FULL",
        }
        found, session = dict[str, int](), self._opened()
        for _ in range(MOST_PAGES):
            answer = session.get(f"{self._address}/v3/projects/{self._project}/timeSeries", params=asked, timeout=TRY)
            told = answer.json() if answer.content else {}
            if not answer.ok:
                raise Unavailable(f"Cloud Monitoring does not tell how many messages wait: {_words(answer, told)}")
            for series in told.get("timeSeries", ()):
                newest = max(series["points"], key=lambda point: str(point["interval"]["endTime"]))
                found[series["resource"]["labels"]["subscription_id"]] = int(newest["value"]["int64Value"])
            if not (token := told.get("nextPageToken")):
                break
            asked["pageToken"] = token
        return found

    def _opened(self) -> requests.Session:
        if self._session is None:
            by_us = self._address.startswith("https://")
            self._session = AuthorizedSession(google.auth.default(scopes=[MAY])[0]) if by_us else requests.Session()
        return self._session


def _words(answer: requests.Response, told: Any) -> str:
    said = told.get("error", {}).get("message") if isinstance(told, dict) else ""
    return str(said or f"{answer.status_code} {answer.reason}")
