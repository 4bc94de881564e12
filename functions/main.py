"""The front door for events: one thin functions-framework entry point per handler, on a laptop or in the cloud.

Decode, dispatch; returning acknowledges the event, raising makes it come again.
"""

import base64
import json
from functools import cache
from typing import Any

import functions_framework
from cloudevents.http import CloudEvent
from flask import Request

from tillstream.app import App, build
from tillstream.domain.events import MESSAGE_PUBLISHED
from tillstream.handlers import Event, dispatch
from tillstream.pipeline import receive as receiving
from tillstream.settings import Settings

WAIT = 0.0


@cache
def app() -> App:
    """Built with the first event; an instance keeps it."""
    return build(Settings())


@functions_framework.cloud_event
def stage(event: CloudEvent) -> None:
    """An object was finalized in the inbox bucket."""
    dispatch(app(), _event(event))


@functions_framework.cloud_event
def settle(event: CloudEvent) -> None:
    """A batch was staged (topic batch-events)."""
    dispatch(app(), _event(event))


@functions_framework.cloud_event
def announce(event: CloudEvent) -> None:
    """A settlement committed (topic batch-events)."""
    dispatch(app(), _event(event))


@functions_framework.http
def receive(_: Request) -> tuple[dict[str, int], int]:
    """Called by the scheduler: pull store sales until none waits, and keep them as micro-batches."""
    running = app()
    batches = 0
    while kept := receiving.receive(running.ports, running.book, running.settings.batch_size, WAIT):
        batches += len(kept)
    return {"batches": batches}, 200


def _event(event: CloudEvent) -> Event:
    """Our event inside: a Pub/Sub message carries its type as an attribute and its data as base64 JSON."""
    data: Any = event.get_data() or {}
    if event["type"] != MESSAGE_PUBLISHED:
        return Event(event["id"], event["type"], data)
    message = data["message"]
    return Event(
        event["id"], message.get("attributes", {}).get("type", ""), json.loads(base64.b64decode(message["data"]))
    )
