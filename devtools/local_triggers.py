"""Local triggers of functions: finalized objects, push subscriptions and schedules."""

import base64
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from devtools.emulators import PROJECT
from infra.function import Pushed
from infra.functions import EVENT_SECONDS
from infra.kinds.pubsub import DeliverySettings, in_seconds
from tillstream.model.document_json import JsonObject
from tillstream.model.events import OBJECT_FINALIZE, TOPIC_OBJECTS

LOOK_EVERY = 0.5
"""Seconds between two polls of a bucket."""
MAX_RETENTION = 7 * 86_400.0
"""Of the emulator; it refuses more."""
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
        error.close()
        return None
    return json.loads(content) if content[:1] in {b"{", b"["} else None


def make_topic(pubsub: str, name: str) -> None:
    call("PUT", f"{pubsub}/v1/projects/{PROJECT}/topics/{name}", {})


def make_subscription(
    pubsub: str, name: str, topic: str, delivery: DeliverySettings, pushed: Pushed | None = None, to: str = ""
) -> None:
    """Create a subscription as a deployment does. pushed: the trigger; to: the address of its function."""
    subscription = {
        "topic": f"projects/{PROJECT}/topics/{topic}",
        **delivery.wanted(PROJECT),
        "messageRetentionDuration": in_seconds(min(delivery.retention, MAX_RETENTION)),
        "enableMessageOrdering": delivery.ordered,
    }
    if pushed:
        subscription["pushConfig"] = {"pushEndpoint": to}
        if pushed.type:
            subscription["filter"] = f'attributes.type = "{pushed.type}"'
    call("PUT", f"{pubsub}/v1/projects/{PROJECT}/subscriptions/{name}", subscription)


class Relay:
    """Publishes a notification of each new object of a bucket, as Cloud Storage does."""

    def __init__(self, storage: str, bucket: str, pubsub: str) -> None:
        self._listing = f"{storage}/storage/v1/b/{bucket}/o"
        self._publishing = f"{pubsub}/v1/projects/{PROJECT}/topics/{TOPIC_OBJECTS}:publish"
        self._published: set[tuple[str, str]] = set()

    def look(self) -> None:
        """Publish the objects that were not there before. Raises `OSError`; the next call publishes the rest."""
        for item in (call("GET", self._listing) or {}).get("items", ()):
            version = item["name"], str(item["generation"])
            if version not in self._published:
                call("POST", self._publishing, {"messages": [notification(item)]})
                self._published.add(version)


def notification(item: Mapping[str, Any]) -> JsonObject:
    """The message of Cloud Storage for a finalised object. item: its resource, in which numbers are text."""
    resource = {"kind": "storage#object", **item} | {name: str(item[name]) for name in ("generation", "size")}
    return {
        "data": base64.b64encode(json.dumps(resource).encode()).decode(),
        "attributes": {
            "notificationConfig": f"projects/_/buckets/{item['bucket']}/notificationConfigs/1",
            "eventType": OBJECT_FINALIZE,
            "payloadFormat": "JSON_API_V1",
            "bucketId": item["bucket"],
            "objectId": item["name"],
            "objectGeneration": resource["generation"],
            "eventTime": datetime.now(UTC).isoformat(),
        },
    }


def start_periodic(
    seconds: float, work: Callable[[], object], stopping: threading.Event, name: str
) -> threading.Thread:
    """Start a thread that calls `work` every `seconds` until `stopping` is set; failures are retried.

    A call that takes longer delays the next one.
    """

    def loop() -> None:
        while not stopping.is_set():
            started = time.monotonic()
            try:
                work()
            except OSError:  # the function is busy or failed, which its log shows
                stopping.wait(RETRY_SECONDS)
            stopping.wait(max(0.0, seconds - (time.monotonic() - started)))

    thread = threading.Thread(target=loop, name=name)
    thread.start()
    return thread
