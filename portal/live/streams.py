"""Server-sent events: how many streams are open, how long, and what they send."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from flask import Flask, Response, current_app, request

from portal.context import ports, tillstream
from portal.live.broadcaster import Broadcaster, Version
from portal.live.shared_answers import SharedAnswers
from portal.live.shared_number import SharedNumber
from tillstream.alerts import records as alerts
from tillstream.analytics import changes
from tillstream.batches import freshness

STREAMS = 16
"""Maximum open streams where each occupies a thread that requests need, too. Further browsers poll."""
OWN_THREADS = 250
"""Maximum open streams on a server that gives each a thread of its own."""
STREAM_SECONDS = 60.0
"""Seconds after which the browser connects again, so that a stream ends with the rights of its reader."""
HEARTBEAT = 5.0
"""Seconds between two comments, so that a closed connection is noticed, and between two events of the slower part."""
AGAIN_SOON, AGAIN_LATER = 1_000, 5_000
"""Milliseconds until the browser reconnects: after the end of a stream, and if no stream was free."""
APPENDS_FRESH = 1.0
"""Seconds for which the number of appends of unsettled sales is used."""
EXTENSION = "live"
PATHS = ("/events", "/live/events")
Send = Callable[[int, int], str]
"""Settlement that the browser has, latest settlement → the event."""


class Streams:
    """The open streams of a process."""

    def __init__(self) -> None:
        self.broadcaster = Broadcaster()
        self.answers = SharedAnswers()
        self.alerts = SharedNumber(HEARTBEAT)
        """The revision of the alerts."""
        self.appends = SharedNumber(APPENDS_FRESH)
        """The appends of sales that are not settled yet."""
        self.limit = STREAMS
        self._open = 0
        self._lock = threading.Lock()

    def acquire(self) -> bool:
        """Take a stream, if one is free."""
        with self._lock:
            is_free = self._open < self.limit
            self._open += is_free
            return is_free

    def release(self) -> None:
        with self._lock:
            self._open -= 1

    @property
    def open(self) -> int:
        return self._open

    def give_threads(self) -> None:
        """Allow OWN_THREADS streams, on a server that gives each a thread of its own."""
        self.limit = OWN_THREADS

    def is_stream(self, path: str) -> bool:
        """Whether requests of a path are answered by a stream of events."""
        return path in PATHS

    def end(self) -> None:
        """End all streams when the server stops."""
        self.broadcaster.end()


def streams_of(app: Flask) -> Streams:
    streams: Streams = app.extensions[EXTENSION]
    return streams


@dataclass(frozen=True)
class _Sender:
    """What a stream needs after its request, outside of its context."""

    latest: Callable[[], Version]
    send: Send
    slower: Callable[[int], str]
    unsettled: Callable[[Version], str]
    alerts: Callable[[], int]
    """Reads the revision of the alerts."""
    shown: int | None
    """The revision of the alerts that the page shows; None: not given."""


def respond(
    send: Send, slower: Callable[[int], str] = lambda _: "", unsettled: Callable[[Version], str] = lambda _: ""
) -> Response:
    """Answer with the event that `send` makes, now and after each settlement, or once if no stream is free.

    All are called outside of the context of the request.
    slower: makes the slower part of a settlement, at the start of the stream, and then once in HEARTBEAT seconds.
    unsettled: makes the event of the sales that are not settled yet, at the start and after each change of them.
    """
    streams, last = streams_of(current_app), _last_settlement()
    read = partial(_version, streams, partial(freshness.live_appends, ports().documents), _settlement_reader())
    revision = request.args.get("alerts", "")
    sender = _Sender(
        read,
        send,
        slower,
        unsettled,
        partial(streams.alerts.current, partial(alerts.revision, ports())),
        int(revision) if revision.isdecimal() and len(revision) < len(str(changes.ENDLESS)) else None,
    )
    # On a single-threaded server an open stream would block every other request.
    is_held = "once" not in request.args and bool(request.environ.get("wsgi.multithread")) and streams.acquire()
    answer = Response(_held(streams, sender, last) if is_held else _once(sender, last), mimetype="text/event-stream")
    if is_held:
        # On close, not at the end of the generator: a stream that was never read must be released, too.
        answer.call_on_close(streams.release)
    answer.headers["X-Accel-Buffering"] = "no"
    return answer


def _last_settlement() -> int:
    """The last settlement that the browser has, 0 if it has none."""
    text = request.headers.get("Last-Event-ID") or request.args.get("known", "")
    return int(text) if text.isdecimal() and len(text) < len(str(changes.ENDLESS)) else 0


def latest() -> Version:
    """The version that a page shows which is built now."""
    appends = partial(freshness.live_appends, ports().documents)
    return _version(streams_of(current_app), appends, _settlement_reader())


def _settlement_reader() -> Callable[[], int]:
    return partial(changes.last_settlement, ports().warehouse, tillstream().queries)


def _version(streams: Streams, appends: Callable[[], int], settlement: Callable[[], int]) -> Version:
    return Version(settlement(), streams.appends.current(appends))


def event(name: str, data: str, number: int | None = None) -> str:
    """A server-sent event of one line of data; number: its id, which the browser sends to resume after it."""
    resume = "" if number is None else f"id: {number}\n"
    return f"{resume}event: {name}\ndata: {data}\n\n"


def _once(sender: _Sender, last: int) -> Iterator[str]:
    yield f"retry: {AGAIN_LATER}\n\n"
    version = sender.latest()
    number = version.settlement_no
    text = sender.slower(number) + sender.unsettled(version)
    yield text + (sender.send(last, number) if number != last else ": \n\n")


def _held(streams: Streams, sender: _Sender, last: int) -> Iterator[str]:
    yield f"retry: {AGAIN_SOON}\n\n"
    version = streams.broadcaster.current(sender.latest)
    if text := sender.slower(version.settlement_no) + sender.unsettled(version):
        yield text
    shown = Version(last, version.appends)
    sent, is_due, revision = _turn(), False, sender.alerts() if sender.shown is None else sender.shown
    until = time.monotonic() + STREAM_SECONDS
    while not streams.broadcaster.ended and (left := until - time.monotonic()) > 0:
        text, newer = "", streams.broadcaster.wait(sender.latest, shown, min(left, HEARTBEAT))
        if newer is not None:
            if newer.settlement_no != shown.settlement_no:
                text, is_due = sender.send(shown.settlement_no, newer.settlement_no), True
            text += sender.unsettled(newer)
            shown = newer
        if is_due and sent != _turn():
            text += sender.slower(shown.settlement_no)
            sent, is_due = _turn(), False
        if revision != (newest := sender.alerts()):
            text, revision = text + event("alerts", str(newest)), newest
        yield text or ": \n\n"


def _turn() -> int:
    """Number of the interval of HEARTBEAT seconds: all streams send their slower part at most once in each."""
    return int(time.monotonic() // HEARTBEAT)
