"""Server-sent events: how many streams are open, how long, and what they send."""

import random
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from functools import partial

from flask import Flask, Response, current_app, request

from portal.context import ports, tillstream
from portal.live.broadcaster import Broadcaster, LedgerVersion, SharedAnswers, SharedNumber
from portal.live.held_streams import COMMENT, HEARTBEAT, HOLD, HeldStreams, Send, Stream, StreamSender
from tillstream.alerts import records as alerts
from tillstream.analytics import changes
from tillstream.records import data_version

STREAMS = 16
"""Maximum open streams where each occupies a thread that requests need, too. Further browsers poll."""
HELD = 600
"""Maximum open streams on a server that keeps their connections without threads."""
STREAM_SECONDS = 60.0
"""Longest time in seconds after which the browser connects again, so that a stream ends with the rights of its reader.
Each takes between half of it and all of it: pages that connected together do not connect again together."""
AGAIN_SOON, AGAIN_LATER = 1_000, 5_000
"""Milliseconds until the browser reconnects: after the end of a stream, and if no stream was free."""
APPENDS_FRESH = 1.0
"""Seconds for which the number of appends of unsettled sales is used."""
EXTENSION = "live"


class OpenStreams:
    """The open streams of a process."""

    def __init__(self) -> None:
        self.broadcaster = Broadcaster()
        self.held = HeldStreams()
        self.answers = SharedAnswers()
        self.alerts = SharedNumber(HEARTBEAT)
        """The revision of the alerts."""
        self.appends = SharedNumber(APPENDS_FRESH)
        """The appends of sales that are not settled yet."""
        self._open = 0
        self._lock = threading.Lock()

    def acquire(self) -> bool:
        """Take a stream with a thread, if one is free."""
        with self._lock:
            is_free = self._open < STREAMS
            self._open += is_free
            return is_free

    def release(self) -> None:
        with self._lock:
            self._open -= 1

    @property
    def open(self) -> int:
        return self._open + len(self.held)

    def end(self, seconds: float = 0) -> None:
        """End all streams when the server stops, and wait some seconds for the thread that writes them."""
        self.held.end()
        self.broadcaster.end()
        self.held.join(seconds)


def streams_of(app: Flask) -> OpenStreams:
    streams: OpenStreams = app.extensions[EXTENSION]
    return streams


def respond(
    key: Hashable,
    send: Send,
    slower: Callable[[int], str] = lambda _: "",
    unsettled: Callable[[LedgerVersion], str] = lambda _: "",
) -> Response:
    """Answer with the event that `send` makes, now and after each settlement, or once if no stream is free.

    All are called outside of the context of the request.
    key: equal for streams to which they send the same.
    slower: makes the slower part of a settlement, at the start of the stream, and then once in HEARTBEAT seconds.
    unsettled: makes the event of the sales that are not settled yet, at the start and after each change of them.
    """
    streams, last = streams_of(current_app), _last_settlement()
    read = partial(_version, streams, partial(data_version.live_appends, ports().documents), _settlement_reader())
    sender = StreamSender(
        read, send, slower, unsettled, partial(streams.alerts.current, partial(alerts.alerts_revision, ports()))
    )
    stream, seconds = _stream(last), STREAM_SECONDS * random.uniform(0.5, 1)  # noqa: S311 - no secret
    is_stream, hold = "once" not in request.args and request.method == "GET", request.environ.get(HOLD)
    # On a single-threaded server an open stream would block every other request.
    has_thread = is_stream and hold is None and request.environ.get("wsgi.multithread") and streams.acquire()
    if has_thread:
        body = _in_thread(streams, sender, stream, seconds)
    elif is_stream and hold is not None and len(streams.held) < HELD:
        hold(partial(streams.held.add, key, sender, stream, seconds=seconds))
        body = iter((_retry(AGAIN_SOON),))
    else:
        body = _once(sender, last)
    answer = Response(body, mimetype="text/event-stream")
    if has_thread:
        # On close, not at the end of the generator: a stream that was never read must be released, too.
        answer.call_on_close(streams.release)
    answer.headers["X-Accel-Buffering"] = "no"
    return answer


def _stream(last: int) -> Stream:
    revision = request.args.get("alerts", "")
    is_number = revision.isdecimal() and len(revision) < len(str(changes.ANY_SETTLEMENT))
    return Stream(last, int(revision) if is_number else None)


def _last_settlement() -> int:
    """The last settlement that the browser has, 0 if it has none."""
    text = request.headers.get("Last-Event-ID") or request.args.get("known", "")
    return int(text) if text.isdecimal() and len(text) < len(str(changes.ANY_SETTLEMENT)) else 0


def latest() -> LedgerVersion:
    """The version that a page shows which is built now."""
    appends = partial(data_version.live_appends, ports().documents)
    return _version(streams_of(current_app), appends, _settlement_reader())


def _settlement_reader() -> Callable[[], int]:
    return partial(changes.last_settlement, ports().warehouse, tillstream().queries)


def _version(streams: OpenStreams, appends: Callable[[], int], settlement: Callable[[], int]) -> LedgerVersion:
    return LedgerVersion(settlement(), streams.appends.current(appends))


def _once(sender: StreamSender, last: int) -> Iterator[str]:
    yield _retry(AGAIN_LATER)
    version = sender.latest()
    number = version.settlement_no
    text = sender.slower(number) + sender.unsettled(version)
    yield text + (sender.send(last, number) if number != last else COMMENT)


def _in_thread(streams: OpenStreams, sender: StreamSender, stream: Stream, seconds: float) -> Iterator[str]:
    yield _retry(AGAIN_SOON)
    version, until = streams.broadcaster.current(sender.latest), time.monotonic() + seconds
    while not streams.broadcaster.ended and (left := until - time.monotonic()) > 0:
        yield stream.text(sender, version) or COMMENT
        version = streams.broadcaster.wait(sender.latest, stream.shown, min(left, HEARTBEAT)) or stream.shown


def _retry(milliseconds: int) -> str:
    return f"retry: {milliseconds}\n\n"
