"""What one open page has received, and what it is sent next."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from portal.live.broadcaster import Version

HEARTBEAT = 5.0
"""Seconds between two comments, so that a closed connection is noticed, and between two events of the slower part."""
COMMENT = ": \n\n"
Send = Callable[[int, int], str]
"""Settlement that the browser has, latest settlement → the event."""


@dataclass(frozen=True)
class Sender:
    """Makes the events of all streams that show the same, outside of the context of a request."""

    latest: Callable[[], Version]
    send: Send
    slower: Callable[[int], str]
    unsettled: Callable[[Version], str]
    alerts: Callable[[], int]
    """Reads the revision of the alerts."""


class Stream:
    """The state of one stream; used by one thread at a time."""

    __slots__ = ("_alerts", "_is_due", "_sent", "_shown", "_started")

    def __init__(self, last: int, alerts: int | None) -> None:
        """last: the settlement that the browser has; alerts: the revision that its page shows; None: not given."""
        self._shown = Version(last)
        self._alerts = alerts
        self._started = self._is_due = False
        self._sent = 0

    @property
    def shown(self) -> Version:
        return self._shown

    def text(self, sender: Sender, version: Version) -> str:
        """Return the events until a version, which the stream has then sent; empty if there are none.

        First come the parts that every new stream is sent. Raises what the sender raises.
        """
        text, turn = "", _turn()
        if not self._started:
            self._started, self._sent = True, turn
            self._shown = Version(self._shown.settlement_no, version.appends)
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
