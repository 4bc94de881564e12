"""Handling of one event: the check of its caller, its decoding, its line in the log, and the end of its tries."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from cloudevents.http import CloudEvent
from flask import request

from functions import pushed
from tillstream.app import App
from tillstream.handlers import FUNCTIONS, Event, dispatch
from tillstream.logs import bind_function, bind_trace, log_handled
from tillstream.model.events import MESSAGE_PUBLISHED, OBJECT_FINALIZE, OBJECT_FINALIZED, TOPIC_BATCHES, TOPIC_OBJECTS
from tillstream.operations import message_queues
from tillstream.ports.bus import DeadLetter, Message

GIVE_UP_UNTRIED_AFTER = timedelta(hours=1)
"""An event this much older than `event_hours` becomes a dead letter without another try: earlier tries must have ended
their instances."""
NO_REASON = "The instances that tried it ended before they could report why."


@contextmanager
def bound(running: App, function: str) -> Iterator[App]:
    """Check the caller, and add the function and its trace to each line that is logged in the block."""
    pushed.check(running.settings)
    headers = {name.lower(): value for name, value in request.headers.items()}
    with bind_trace(running.settings, headers), bind_function(function):
        yield running


def handle(running: App, function: str, cloud_event: CloudEvent) -> None:
    """Handle an event and log one line, whatever its outcome. Raises to get it again, until it is too old."""
    event, routes = _decode(running, cloud_event), FUNCTIONS[function]
    if event.type not in routes:
        with log_handled(event.type, event.id) as facts:
            facts["outcome"] = "ignored"  # the subscription may have no filter
        return
    age = datetime.now(UTC) - datetime.fromisoformat(cloud_event["time"])
    limit = timedelta(hours=running.settings.event_hours)
    if age > limit + GIVE_UP_UNTRIED_AFTER:
        with log_handled(event.type, event.id) as facts:
            facts.update(outcome="failed", reason=NO_REASON)
            _dead_letter(running, function, event, age, NO_REASON)
        return
    running.contracts.refresh()
    try:
        dispatch(running, event, routes)
    except Exception as error:
        if age <= limit:
            raise
        _dead_letter(running, function, event, age, repr(error))


def _dead_letter(running: App, function: str, event: Event, age: timedelta, error: str) -> None:
    topic = TOPIC_OBJECTS if event.type == OBJECT_FINALIZED else TOPIC_BATCHES
    message = Message(json.dumps(event.data).encode(), {"type": event.type})
    now = running.ports.clock.now()
    letter = DeadLetter(f"{function}-{event.id}", function, topic, message, now - age, now, 0, error)
    message_queues.store_dead_letter(running.ports, letter)


def _decode(running: App, event: CloudEvent) -> Event:
    """The event, as `_event`. One that cannot be decoded is logged, and its error propagates."""
    try:
        return _event(running, event)
    except Exception:
        with log_handled(event["type"], event["id"]):
            raise


def _event(running: App, event: CloudEvent) -> Event:
    """Convert a CloudEvent; a Pub/Sub message carries the type as an attribute and the data as base64 JSON.

    Bucket names are converted to those of the pipeline.
    """
    type_, data = event["type"], event.get_data() or {}
    if type_ == MESSAGE_PUBLISHED:
        message = data["message"]
        type_, data = _type_of(message.get("attributes", {})), json.loads(base64.b64decode(message["data"]))
    if type_ == OBJECT_FINALIZED:
        chosen = running.settings
        pipeline_names = {bucket: name for name, bucket in chosen.buckets.items()} if chosen.project else {}
        data = {**data, "bucket": pipeline_names.get(data["bucket"], data["bucket"])}
    return Event(event["id"], type_, data)


def _type_of(attributes: dict[str, str]) -> str:
    """The type of a message: our own have an attribute for it, notifications of Cloud Storage one of their own."""
    if attributes.get("eventType") == OBJECT_FINALIZE:
        return OBJECT_FINALIZED
    return attributes.get("type", "")
