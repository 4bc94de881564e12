"""Local triggers of functions: finalized objects, push subscriptions and schedules."""

import json
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from devtools.emulators import PROJECT
from infra.functions import EVENT_SECONDS
from infra.triggers import Pushed
from tillstream.domain.events import DEAD_LETTERS, OBJECT_FINALIZED, TOPIC_STORE_SALES
from tillstream.ports.event_bus import RetryPolicy

LOOK_EVERY = 0.5
"""Seconds between two polls of a bucket."""
MAX_CONCURRENT = 2
RETRY_SECONDS = 2.0
"""Seconds to wait after a failure before retrying."""


def call(method: str, address: str, body: Mapping[str, Any] | None = None, **headers: str) -> Any:
    """Send a request; return the JSON of the response or None. Ignores 409 (exists). Raises `HTTPError`, `OSError`."""
    data = None if body is None else json.dumps(body).encode()
    all_headers = {"Content-Type": "application/json"} | headers
    request = urllib.request.Request(address, data, all_headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=EVENT_SECONDS) as response:
            content = response.read()
    except urllib.error.HTTPError as error:
        if error.code != 409:
            raise
        return None
    return json.loads(content) if content[:1] in {b"{", b"["} else None


def make_topic(pubsub: str, name: str) -> None:
    call("PUT", f"{pubsub}/v1/projects/{PROJECT}/topics/{name}", {})


def make_subscription(pubsub: str, name: str, topic: str, pushed: Pushed | None = None, to: str = "") -> None:
    """Create a subscription as a deployment does. pushed: the trigger; to: the address of its function."""
    project, policy = f"projects/{PROJECT}", RetryPolicy()
    subscription: dict[str, Any] = {
        "topic": f"{project}/topics/{topic}",
        "ackDeadlineSeconds": 600 if pushed else round(policy.lease),
        "enableMessageOrdering": topic == TOPIC_STORE_SALES,
    }
    if name != DEAD_LETTERS:  # a listing releases dead letters, and they come again at once
        subscription["retryPolicy"] = {"minimumBackoff": f"{policy.minimum}s", "maximumBackoff": f"{policy.maximum}s"}
        dead = f"{project}/topics/{DEAD_LETTERS}"
        subscription["deadLetterPolicy"] = {"deadLetterTopic": dead, "maxDeliveryAttempts": policy.attempts}
    if pushed:
        subscription["pushConfig"] = {"pushEndpoint": to}
        if pushed.type:
            subscription["filter"] = f'attributes.type = "{pushed.type}"'
    call("PUT", f"{pubsub}/v1/{project}/subscriptions/{name}", subscription)


class Relay:
    """Sends each new object of a bucket to a function as Eventarc does, retrying until it is acknowledged."""

    def __init__(self, storage: str, bucket: str, to: str) -> None:
        self._listing = f"{storage}/storage/v1/b/{bucket}/o"
        self._bucket, self._to = bucket, to
        self._deliveries: dict[tuple[str, str], Future[bool]] = {}
        self._pool = ThreadPoolExecutor(MAX_CONCURRENT, thread_name_prefix="relay")

    def look(self) -> None:
        for item in (call("GET", self._listing) or {}).get("items", ()):
            version = item["name"], str(item["generation"])
            delivery = self._deliveries.get(version)
            if delivery is None or (delivery.done() and not delivery.result()):
                self._deliveries[version] = self._pool.submit(self._send, item)

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _send(self, item: Mapping[str, Any]) -> bool:
        """Send the event of an object; return whether it was acknowledged."""
        name, generation = item["name"], str(item["generation"])
        data = {"bucket": self._bucket, "name": name, "generation": generation, "size": str(item["size"])}
        headers = {
            "ce-specversion": "1.0",
            "ce-id": generation,
            "ce-type": OBJECT_FINALIZED,
            "ce-source": f"//storage.googleapis.com/projects/_/buckets/{self._bucket}",
            "ce-subject": f"objects/{urllib.parse.quote(name)}",
            "ce-time": datetime.now(UTC).isoformat(),
        }
        try:
            call("POST", self._to, data, **headers)
        except OSError:
            threading.Event().wait(RETRY_SECONDS)
            return False
        return True


def start_periodic(
    seconds: float, work: Callable[[], object], stopping: threading.Event, name: str
) -> threading.Thread:
    """Start a thread that calls `work` every `seconds` until `stopping` is set; failures are retried."""

    def loop() -> None:
        while not stopping.is_set():
            try:
                work()
            except OSError:  # the function is busy or failed, which its log shows
                stopping.wait(RETRY_SECONDS)
            stopping.wait(seconds)

    thread = threading.Thread(target=loop, name=name)
    thread.start()
    return thread
