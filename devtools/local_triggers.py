"""What wakes functions in a project, for functions on one machine: finalised objects, push subscriptions, schedules."""

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
from infra.functions import EVENT_SECONDS, Pushed
from tillstream.domain.events import DEAD_LETTERS, OBJECT_FINALIZED, TOPIC_STORE_SALES
from tillstream.ports.event_bus import RetryPolicy

LOOK_EVERY = 0.5
"""Seconds between two looks at the objects of a bucket."""
AT_ONCE = 2
AGAIN = 2.0
"""Seconds after which an object that failed is told once more."""


def call(method: str, address: str, body: Mapping[str, Any] | None = None, **headers: str) -> Any:
    """The answer's JSON, None without one; 409 is what there is already. Raises `urllib.error.HTTPError`, `OSError`."""
    data = None if body is None else json.dumps(body).encode()
    told = {"Content-Type": "application/json"} | headers
    asked = urllib.request.Request(address, data, told, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=EVENT_SECONDS) as answer:
            said = answer.read()
    except urllib.error.HTTPError as error:
        if error.code != 409:
            raise
        return None
    return json.loads(said) if said[:1] in {b"{", b"["} else None


def make_topic(pubsub: str, name: str) -> None:
    call("PUT", f"{pubsub}/v1/projects/{PROJECT}/topics/{name}", {})


def make_subscription(pubsub: str, name: str, topic: str, pushed: Pushed | None = None, to: str = "") -> None:
    """As the deploy makes it. pushed: the trigger; to: the address of its function."""
    project, policy = f"projects/{PROJECT}", RetryPolicy()
    wanted: dict[str, Any] = {
        "topic": f"{project}/topics/{topic}",
        "ackDeadlineSeconds": 600 if pushed else round(policy.lease),
        "enableMessageOrdering": topic == TOPIC_STORE_SALES,
        "retryPolicy": {"minimumBackoff": f"{policy.minimum}s", "maximumBackoff": f"{policy.maximum}s"},
    }
    if name != DEAD_LETTERS:
        dead = f"{project}/topics/{DEAD_LETTERS}"
        wanted["deadLetterPolicy"] = {"deadLetterTopic": dead, "maxDeliveryAttempts": policy.attempts}
    if pushed:
        wanted["pushConfig"] = {"pushEndpoint": to}
        if pushed.type:
            wanted["filter"] = f'attributes.type = "{pushed.type}"'
    call("PUT", f"{pubsub}/v1/{project}/subscriptions/{name}", wanted)


class Relay:
    """Tells a function of each object that is new in a bucket, as Eventarc does, until the function takes it."""

    def __init__(self, storage: str, bucket: str, to: str) -> None:
        self._listing = f"{storage}/storage/v1/b/{bucket}/o"
        self._bucket, self._to = bucket, to
        self._told: dict[tuple[str, str], Future[bool]] = {}
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="relay")

    def look(self) -> None:
        for item in (call("GET", self._listing) or {}).get("items", ()):
            mark = item["name"], str(item["generation"])
            told = self._told.get(mark)
            if told is None or (told.done() and not told.result()):
                self._told[mark] = self._pool.submit(self._tell, item)

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _tell(self, item: Mapping[str, Any]) -> bool:
        """Whether it was taken."""
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
            threading.Event().wait(AGAIN)
            return False
        return True


def minutes(cron: str) -> int:
    """Between two runs of a job that comes every so many minutes."""
    first = cron.split(maxsplit=1)[0]
    return 1 if first == "*" else int(first.removeprefix("*/"))


def every(seconds: float, work: Callable[[], object], stopping: threading.Event, name: str) -> threading.Thread:
    """Do it now and again until it is time to stop; a failure waits for the next time."""

    def loop() -> None:
        while not stopping.is_set():
            try:
                work()
            except OSError:  # its function is busy or fails; it says so in its log
                stopping.wait(AGAIN)
            stopping.wait(seconds)

    thread = threading.Thread(target=loop, name=name)
    thread.start()
    return thread
