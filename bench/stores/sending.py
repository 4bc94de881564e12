"""Send the posts of many tills over connections that stay open, in one thread.

A thread for each connection would take more of the processor than the server that is measured beside it.
"""

import selectors
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bench.server import PORT
from bench.stores.posts import Post

RETRY = 0.2
"""Seconds after which a post that had no response is sent again."""
PATIENCE = 120
"""Seconds without any response after which sending is given up."""
UNAVAILABLE = 503
BLOCK = 1 << 16


@dataclass
class Till:
    """A sender with its connection, and the post that has no response yet."""

    posts: Iterator[Post]
    sent: int = 0
    accepted: int = 0
    post: Post | None = None
    again_at: float = 0
    connection: socket.socket | None = None
    received: bytearray = field(default_factory=bytearray)


class Load:
    """Sends the next posts of the tills in turn, at most `at_once` without a response and `rate` messages a second."""

    def __init__(self, tills: list[Till], at_once: int, rate: float) -> None:
        self._tills = tills
        self._idle = deque(tills)
        self._failed: list[Till] = []
        self._at_once, self._rate = at_once, rate
        self._selector = selectors.DefaultSelector()
        self._started = self._answered = time.monotonic()

    def run(self, goes_on: Callable[[], bool]) -> None:
        """Send while `goes_on()`, then until each post has its response. Raises `TimeoutError`."""
        messages = 0
        while goes_on() or len(self._idle) < len(self._tills):
            now = time.monotonic()
            self._send_again(now)
            while self._may_send() and goes_on() and self._is_due(messages, now):
                till = self._idle.popleft()
                till.post = next(till.posts)
                messages += till.post.messages
                self._send(till, now)
            for key, _ in self._selector.select(self._pause(messages, now)):
                self._receive(key.data)
            if time.monotonic() - self._answered > PATIENCE:
                raise TimeoutError(f"No response for {PATIENCE} seconds.")
        for till in self._tills:
            self._close(till)
        self._selector.close()

    def _may_send(self) -> bool:
        return bool(self._idle) and len(self._tills) - len(self._idle) < self._at_once

    def _is_due(self, messages: int, now: float) -> bool:
        return not self._rate or self._started + messages / self._rate <= now

    def _pause(self, messages: int, now: float) -> float:
        """Seconds to wait for responses until there may be something to send."""
        if self._rate and self._may_send():
            return min(max(self._started + messages / self._rate - now, 0), RETRY / 2)
        return RETRY / 2

    def _send_again(self, now: float) -> None:
        due = [till for till in self._failed if till.again_at <= now]
        self._failed = [till for till in self._failed if till.again_at > now]
        for till in due:
            self._send(till, now)

    def _send(self, till: Till, now: float) -> None:
        assert till.post
        try:
            if till.connection is None:
                till.connection = socket.create_connection(("127.0.0.1", PORT), timeout=PATIENCE)
                till.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._selector.register(till.connection, selectors.EVENT_READ, till)
            till.connection.sendall(till.post.request)
        except OSError:
            self._fail(till, now)

    def _receive(self, till: Till) -> None:
        assert till.connection
        try:
            block = till.connection.recv(BLOCK)
        except OSError:
            block = b""
        if not block or till.post is None:  # an idle one that the server closes
            self._fail(till, time.monotonic())
            return
        till.received += block
        response = _response(till.received)
        if response is None:
            return
        status, body, closes = response
        till.received.clear()
        if closes:
            self._close(till)
        if status == UNAVAILABLE:
            self._fail(till, time.monotonic())
            return
        if not till.post.is_answered_by(status, body):
            raise SystemExit(f"Got {status} {body[:500]!r} for {till.post.request[:2000]!r}")
        till.sent += till.post.messages
        till.accepted += till.post.accepted
        till.post = None
        self._answered = time.monotonic()
        self._idle.append(till)

    def _fail(self, till: Till, now: float) -> None:
        """The server is away: send the same post, if there is one, again later."""
        self._close(till)
        till.received.clear()
        if till.post:
            till.again_at = now + RETRY
            self._failed.append(till)

    def _close(self, till: Till) -> None:
        if till.connection is not None:
            with_selector = till.connection.fileno() in self._selector.get_map()
            if with_selector:
                self._selector.unregister(till.connection)
            till.connection.close()
            till.connection = None


def _response(received: bytearray) -> tuple[int, bytes, bool] | None:
    """Status, body, and whether the server closes the connection; None if there is more to receive."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = received[:end].lower()
    _, header, rest = head.partition(b"content-length:")
    if not header:
        raise SystemExit(f"The response has no length: {bytes(head)!r}")
    size = int(rest.partition(b"\r\n")[0])
    body = bytes(received[end + 4 : end + 4 + size])
    return (int(head[9:12]), body, b"connection: close" in head) if len(body) == size else None
