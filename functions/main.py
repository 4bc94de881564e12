"""The front door for events: one thin functions-framework entry point per function, on a laptop or in the cloud.

Decode, dispatch; returning acknowledges the event, raising makes it come again, until it is too old.
"""

import base64
import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import functions_framework
from cloudevents.http import CloudEvent
from flask import Request, request

from functions import pushed
from tillstream.app import App, build
from tillstream.domain.events import MESSAGE_PUBLISHED, OBJECT_FINALIZED, TOPIC_BATCHES, TOPIC_OBJECTS
from tillstream.handlers import FUNCTIONS, Event, dispatch
from tillstream.logs import configure, traced
from tillstream.ports.event_bus import DeadLetter, Message
from tillstream.settings import Settings
from tillstream.workflows.operations import dead_letters

UNTRIED = timedelta(hours=1)
"""How much older than a dead letter an event is that is not even tried: the instances that tried it did not live."""


@cache
def app() -> App:
    """Built with the first event; an instance keeps it."""
    settings = Settings()
    configure(settings)
    return build(settings)


@functions_framework.cloud_event
def stage(event: CloudEvent) -> None:
    """An object was finalized in the inbox bucket, or a batch without one waits to be staged."""
    _handle("stage", event)


@functions_framework.cloud_event
def settle(event: CloudEvent) -> None:
    """A batch was staged."""
    _handle("settle", event)


@functions_framework.cloud_event
def announce(event: CloudEvent) -> None:
    """A settlement committed: its changes are told."""
    _handle("announce", event)


@functions_framework.cloud_event
def project(event: CloudEvent) -> None:
    """A settlement committed: its days are summed."""
    _handle("project", event)


@functions_framework.http
def receive(_: Request) -> tuple[dict[str, int], int]:
    """Called by the scheduler: pull store sales and keep them as micro-batches, for as long as the settings say."""
    from tillstream.workflows.intake.store_sales import keep_receiving

    running = app()
    pushed.check(running.settings)
    running.book.refresh()
    chosen = running.settings
    with traced(chosen, _headers()):
        batches = keep_receiving(
            running.ports, running.book, chosen.batch_size, chosen.receive_seconds, chosen.batch_wait
        )
    return {"batches": batches}, 200


@functions_framework.http
def sweep(_: Request) -> tuple[dict[str, Any], int]:
    """Called by the scheduler: drive on what stopped; keep exchange rates and holidays ready."""
    from tillstream.analytics import holidays, reference
    from tillstream.workflows.operations import reconcile

    running = app()
    pushed.check(running.settings)
    running.book.refresh()
    with traced(running.settings, _headers()):
        reference.ready(running.ports, running.settings.reporting_currency)
        found = reconcile.run(running.ports, running.book, hand_on=bool(running.settings.project))
        holidays.renew(running.ports)
    return found, 200


def _handle(function: str, came: CloudEvent) -> None:
    running, routes = app(), FUNCTIONS[function]
    pushed.check(running.settings)
    event = _event(came)
    if event.type not in routes:
        return  # a subscription's filter lets only its own through, where there is one
    age = datetime.now(UTC) - datetime.fromisoformat(came["time"])
    limit = timedelta(hours=running.settings.event_hours)
    with traced(running.settings, _headers()):
        if age > limit + UNTRIED:
            _give_up(function, event, age, "The instances that tried it did not live to say why.")
            return
        running.book.refresh()
        try:
            dispatch(running, event, routes)
        except Exception as error:
            if age <= limit:
                raise
            _give_up(function, event, age, repr(error))


def _headers() -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _give_up(function: str, event: Event, age: timedelta, error: str) -> None:
    topic = TOPIC_OBJECTS if event.type == OBJECT_FINALIZED else TOPIC_BATCHES
    message = Message(json.dumps(event.data).encode(), {"type": event.type})
    now = app().ports.clock.now()
    dead_letters.give_up(
        app().ports, DeadLetter(f"{function}-{event.id}", function, topic, message, now - age, now, 0, error)
    )


def _event(event: CloudEvent) -> Event:
    """Our event inside: a Pub/Sub message carries its type as an attribute and its data as base64 JSON.

    A bucket is named as the pipeline names it.
    """
    data: Any = event.get_data() or {}
    if event["type"] == OBJECT_FINALIZED:
        named = {real: name for name, real in app().settings.buckets.items()} if app().settings.project else {}
        return Event(event["id"], event["type"], {**data, "bucket": named.get(data["bucket"], data["bucket"])})
    if event["type"] != MESSAGE_PUBLISHED:
        return Event(event["id"], event["type"], data)
    message = data["message"]
    return Event(
        event["id"], message.get("attributes", {}).get("type", ""), json.loads(base64.b64decode(message["data"]))
    )
