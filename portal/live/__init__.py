"""Server-sent events that notify open pages of new settlements."""

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

from flask import Blueprint, Flask, Response, current_app, request

from portal.access import allow
from portal.context import ports, tillstream
from tillstream.analytics import changes
from tillstream.domain.people import Action

blueprint = Blueprint("live", __name__)

STREAMS = 4
"""Maximum open streams; each occupies a thread of the server. Further browsers poll."""
STREAM_SECONDS = 30.0
CHECK_INTERVAL = 1.0
"""Seconds between two checks. Each sends a comment, so that a closed connection is noticed."""
AGAIN_SOON, AGAIN_LATER = 1_000, 10_000
"""Milliseconds until the browser reconnects: after the end of a stream, and if no stream was free."""
EXTENSION = "live"


class Streams:
    """The open streams. `end` ends all of them when the server stops."""

    def __init__(self) -> None:
        self.free = threading.BoundedSemaphore(STREAMS)
        self.ended = threading.Event()
        self.stopping: Callable[[], bool] = lambda: False
        """Whether the server is stopping; called at each check."""

    def end(self) -> None:
        self.ended.set()


def register(app: Flask) -> None:
    app.extensions[EXTENSION] = Streams()


def streams_of(app: Flask) -> Streams:
    streams: Streams = app.extensions[EXTENSION]
    return streams


@blueprint.get("/events")
@allow(Action.SEE_NUMBERS)
def events() -> Response:
    """Number of the last settlement, now and whenever there is a later one, without its content."""
    streams = streams_of(current_app)
    text = request.headers.get("Last-Event-ID") or request.args.get("known", "")
    last_number = int(text) if text.isdecimal() else 0
    # On a single-threaded server an open stream would block every other request.
    held = bool(request.environ.get("wsgi.multithread")) and streams.free.acquire(blocking=False)
    latest = partial(changes.last_settlement, ports().warehouse, tillstream().queries)
    messages = _held(streams, latest, last_number) if held else _once(latest, last_number)
    answer = Response(messages, mimetype="text/event-stream")
    if held:
        # On close, not at the end of the generator: a stream that was never read must be released, too.
        answer.call_on_close(streams.free.release)
    answer.headers["X-Accel-Buffering"] = "no"
    return answer


def _once(latest: Callable[[], int], last_number: int) -> Iterator[str]:
    yield f"retry: {AGAIN_LATER}\n\n"
    number = latest()
    yield _settled(number) if number != last_number else ": \n\n"


def _held(streams: Streams, latest: Callable[[], int], last_number: int) -> Iterator[str]:
    yield f"retry: {AGAIN_SOON}\n\n"
    until = time.monotonic() + STREAM_SECONDS
    while time.monotonic() < until and not (streams.ended.is_set() or streams.stopping()):
        number = latest()
        yield _settled(number) if number != last_number else ": \n\n"
        last_number = number
        streams.ended.wait(CHECK_INTERVAL)


def _settled(number: int) -> str:
    return f"id: {number}\nevent: settled\ndata: {number}\n\n"
