"""The live area: tells open pages that a settlement has landed, by server-sent events."""

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
"""So many are held open at once: each takes one of the server's threads. Whoever comes later asks again and again."""
LONGEST = 30.0
LOOKS = 1.0
"""Seconds between two looks. Each says a word, so that a browser that left is noticed."""
AGAIN_SOON, AGAIN_LATER = 1_000, 10_000
"""Milliseconds until the browser asks again: after a stream's end, and where none was free."""
EXTENSION = "live"


class Streams:
    """The streams that are open now. `end` ends them all, for a server that stops."""

    def __init__(self) -> None:
        self.free = threading.BoundedSemaphore(STREAMS)
        self.ended = threading.Event()
        self.stopping: Callable[[], bool] = lambda: False
        """Whether the server that holds them stops; asked at each look."""

    def end(self) -> None:
        self.ended.set()


def register(app: Flask) -> None:
    app.extensions[EXTENSION] = Streams()


def streams_of(app: Flask) -> Streams:
    found: Streams = app.extensions[EXTENSION]
    return found


@blueprint.get("/events")
@allow(Action.SEE_NUMBERS)
def events() -> Response:
    """The number of the last settlement, now and whenever there is a later one; nothing of what is in it."""
    streams = streams_of(current_app)
    text = request.headers.get("Last-Event-ID") or request.args.get("known", "")
    known = int(text) if text.isdecimal() else 0
    # Where one thread serves everybody, a stream held open would be the only request.
    held = bool(request.environ.get("wsgi.multithread")) and streams.free.acquire(blocking=False)
    latest = partial(changes.last_settlement, ports().warehouse, tillstream().queries)
    told = _held(streams, latest, known) if held else _once(latest, known)
    answer = Response(told, mimetype="text/event-stream")
    if held:
        # Not at the end of the stream: one that nobody began to read must be free again, too.
        answer.call_on_close(streams.free.release)
    answer.headers["X-Accel-Buffering"] = "no"
    return answer


def _once(latest: Callable[[], int], known: int) -> Iterator[str]:
    yield f"retry: {AGAIN_LATER}\n\n"
    number = latest()
    yield _settled(number) if number != known else ": nothing new\n\n"


def _held(streams: Streams, latest: Callable[[], int], known: int) -> Iterator[str]:
    yield f"retry: {AGAIN_SOON}\n\n"
    until = time.monotonic() + LONGEST
    while time.monotonic() < until and not (streams.ended.is_set() or streams.stopping()):
        number = latest()
        yield _settled(number) if number != known else ": \n\n"
        known = number
        streams.ended.wait(LOOKS)


def _settled(number: int) -> str:
    return f"id: {number}\nevent: settled\ndata: {number}\n\n"
