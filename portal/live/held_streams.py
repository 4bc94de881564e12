"""Open streams: what each page has received, and the connections that the server keeps without a thread each."""

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from portal.live.broadcaster import CHECK_INTERVAL, REST, LedgerVersion

HEARTBEAT = 5.0
"""Seconds between two comments, so that a closed connection is noticed, and between two events of the slower part."""
COMMENT = ": \n\n"
Send = Callable[[int, int], str]
"""Settlement that the browser has, latest settlement → the event."""

HOLD = "tillstream.hold"
"""Key in the environment of a request, on servers that can keep its connection: a function that is given another one,
which is called with the `HeldConnection` when the body of the response is sent."""
logger = structlog.get_logger("tillstream.portal")


@dataclass(frozen=True)
class StreamSender:
    """Makes the events of all streams that show the same, outside of the context of a request."""

    latest: Callable[[], LedgerVersion]
    send: Send
    slower: Callable[[int], str]
    unsettled: Callable[[LedgerVersion], str]
    alerts: Callable[[], int]
    """Reads the revision of the alerts."""


class Stream:
    """The state of one stream; used by one thread at a time."""

    __slots__ = ("_alerts", "_is_due", "_sent", "_shown", "_started")

    def __init__(self, last: int, alerts: int | None) -> None:
        """last: the settlement that the browser has; alerts: the revision that its page shows; None: not given."""
        self._shown = LedgerVersion(last)
        self._alerts = alerts
        self._started = self._is_due = False
        self._sent = 0

    @property
    def shown(self) -> LedgerVersion:
        return self._shown

    def text(self, sender: StreamSender, version: LedgerVersion) -> str:
        """Return the events until a version, which the stream has then sent; empty if there are none.

        First come the parts that every new stream is sent. Raises what the sender raises.
        """
        text, turn = "", _turn()
        if not self._started:
            self._started, self._sent = True, turn
            self._shown = LedgerVersion(self._shown.settlement_no, version.appends)
            text = sender.slower(version.settlement_no) + sender.unsettled(version)
            if self._alerts is None:
                self._alerts = sender.alerts()
            if text:
                return text
        if version != self._shown:
            if version.settlement_no != self._shown.settlement_no:
                text, self._is_due = sender.send(self._shown.settlement_no, version.settlement_no), True
            text += sender.unsettled(version)
            self._shown = version
        if self._is_due and self._sent != turn:
            text += sender.slower(version.settlement_no)
            self._sent, self._is_due = turn, False
        if self._alerts != (newest := sender.alerts()):
            text, self._alerts = text + event("alerts", str(newest)), newest
        return text


def event(name: str, data: str, number: int | None = None) -> str:
    """A server-sent event of one line of data; number: its id, which the browser sends to resume after it."""
    resume = "" if number is None else f"id: {number}\n"
    return f"{resume}event: {name}\ndata: {data}\n\n"


def _turn() -> int:
    """Number of the interval of HEARTBEAT seconds: all streams send their slower part at most once in each."""
    return int(time.monotonic() // HEARTBEAT)


class HeldConnection(Protocol):
    """The connection of a response that has not ended."""

    @property
    def is_open(self) -> bool: ...

    @property
    def is_read(self) -> bool:
        """Whether the reader has accepted all that was written."""

    def write(self, data: bytes) -> None:
        """Write without waiting for the reader; no effect if the reader has closed the connection."""

    def end(self) -> None:
        """End the response and close the connection."""


@dataclass(slots=True)
class _Held:
    stream: Stream
    connection: HeldConnection
    until: float
    written_at: float


@dataclass(slots=True)
class _Group:
    """Streams that show the same. sender: that of the newest stream, as it keeps the context of its request."""

    sender: StreamSender
    held: list[_Held] = field(default_factory=list)


class HeldStreams:
    """Its thread exists while a stream is open, and reads the version of the ledger for all of them. Thread-safe.

    After the events of a group of streams it pauses for as long as they took, at most REST seconds: many groups take
    at most half of a thread, and pages come first. Several settlements are then sent in one event.
    """

    def __init__(self) -> None:
        self._groups: dict[Hashable, _Group] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()

    def __len__(self) -> int:
        with self._lock:
            return sum(len(group.held) for group in self._groups.values())

    def add(
        self, key: Hashable, sender: StreamSender, stream: Stream, connection: HeldConnection, seconds: float
    ) -> None:
        """Write a stream to a connection for some seconds. key: equal for streams whose senders make the same."""
        now = time.monotonic()
        held = _Held(stream, connection, now + seconds, now)
        with self._lock:
            if self._ended.is_set():
                connection.end()
                return
            group = self._groups.setdefault(key, _Group(sender))
            group.sender = sender
            group.held.append(held)
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="live-streams", daemon=True)
                self._thread.start()

    def end(self) -> None:
        """End all streams."""
        self._ended.set()

    def join(self, seconds: float) -> None:
        """Wait for the thread, which may be reading the ledger, after `end`."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _serve(self) -> None:
        while groups := self._current():
            try:
                version = next(iter(groups.values())).sender.latest()
            except Exception:
                logger.exception("open pages could not be updated")
                for key, group in groups.items():
                    self._end(key, group, list(group.held))
                continue
            for key, group in groups.items():
                began = time.monotonic()
                self._update(key, group, version)
                if len(groups) > 1:
                    self._ended.wait(min(time.monotonic() - began, REST))
            self._ended.wait(CHECK_INTERVAL)

    def _current(self) -> dict[Hashable, _Group]:
        """The groups, or none if the thread is to end, as it then does."""
        with self._lock:
            if self._ended.is_set():
                for group in self._groups.values():
                    for held in group.held:
                        held.connection.end()
                self._groups.clear()
            if not self._groups:
                self._thread = None
            return dict(self._groups)

    def _update(self, key: Hashable, group: _Group, version: LedgerVersion) -> None:
        now, over = time.monotonic(), []
        for held in list(group.held):
            if not held.connection.is_open or now >= held.until:
                over.append(held)
            elif held.connection.is_read:  # a slower reader is sent later, together, what has changed meanwhile
                try:
                    text = held.stream.text(group.sender, version)
                except Exception:  # the browsers connect again
                    logger.exception("open pages could not be updated")
                    over = list(group.held)
                    break
                if text or now - held.written_at >= HEARTBEAT:
                    held.connection.write((text or COMMENT).encode())
                    held.written_at = now
        if over:
            self._end(key, group, over)

    def _end(self, key: Hashable, group: _Group, over: list[_Held]) -> None:
        for held in over:
            held.connection.end()
        with self._lock:
            gone = {id(held) for held in over}
            group.held = [held for held in group.held if id(held) not in gone]
            if not group.held:
                del self._groups[key]
