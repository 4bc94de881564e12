"""Responses that stay open without a thread: event streams, which are idle most of the time."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from waitress.channel import ClientDisconnected, HTTPChannel
from waitress.task import WSGITask

from portal.live import HOLD


class _Held(BaseException):
    """Leaves the service of a request without the steps that end its response; waitress handles each `Exception`."""


class _Task(WSGITask):
    def get_environment(self) -> Any:
        environ = super().get_environment()
        self._holds: list[Callable[[HeldResponse], None]] = []
        environ[HOLD] = self._holds.append  # of the list: with a method of the task, both would be a cycle
        return environ

    def finish(self) -> None:
        if not self._holds or not self.wrote_header or not self.status.startswith("200"):
            super().finish()
            return
        self.channel.is_held = True
        self._holds[0](HeldResponse(self.channel, is_chunked=self.chunked_response))
        raise _Held


class HoldingChannel(HTTPChannel):
    """A connection whose response can be held.

    Its request stays the current one, as if a thread still answered it, so that the loop and the thread that writes
    share the buffers as waitress intends.
    """

    task_class = _Task
    is_held = False

    def service(self) -> None:
        with suppress(_Held):
            super().service()

    def readable(self) -> bool:
        """While it is held, the connection is read, too, to notice that the reader has closed it."""
        if self.is_held:
            return not (self.will_close or self.close_when_flushed)
        return bool(super().readable())

    def received(self, data: bytes) -> bool:
        return False if self.is_held else bool(super().received(data))


class HeldResponse:
    """A response that is written by one thread, until it ends it."""

    __slots__ = ("_channel", "_is_chunked")

    def __init__(self, channel: HoldingChannel, *, is_chunked: bool) -> None:
        self._channel, self._is_chunked = channel, is_chunked

    @property
    def is_open(self) -> bool:
        return bool(self._channel.connected and not self._channel.will_close)

    @property
    def is_read(self) -> bool:
        return not self._channel.total_outbufs_len

    def write(self, data: bytes) -> None:
        with suppress(ClientDisconnected):
            self._channel.write_soon(b"%X\r\n%b\r\n" % (len(data), data) if self._is_chunked else data)

    def end(self) -> None:
        channel = self._channel
        if not self.is_read:
            channel.will_close = True
        elif self._is_chunked:
            with suppress(ClientDisconnected):
                channel.write_soon(b"0\r\n\r\n")
        with channel.requests_lock:
            channel.close_when_flushed = True
            for request in channel.requests:
                request.close()
            channel.requests = []
        if channel.connected:
            channel.server.pull_trigger()
