"""The line between a till and the portal without a network: the real requests of a till, replied to by the real app."""

import io
import urllib.error
import urllib.request
from email.message import Message
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from flask import Flask

from tillstream_till import Till
from tillstream_till.transport.https import HttpsTransport

LOST_REQUEST, LOST_REPLY = "lost request", "lost reply"


class Reply(io.BytesIO):
    """The reply to a request, as urllib returns it."""

    def __init__(self, body: bytes, headers: Message) -> None:
        super().__init__(body)
        self.headers = headers

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class Line:
    """Sends the requests of tills to the portal. faults: what happens to the next requests; None: nothing."""

    def __init__(self, portal: Flask) -> None:
        self.portal = portal
        self.faults: list[str | None] = []

    def open(self, request: urllib.request.Request, timeout: float) -> Reply:
        fault = self.faults.pop(0) if self.faults else None
        if fault == LOST_REQUEST:
            raise ConnectionResetError(fault)
        parts = urlsplit(request.full_url)
        reply = self.portal.test_client().open(
            parts.path,
            query_string=parts.query,
            method=request.get_method(),
            data=request.data,
            headers=dict(request.header_items()),
        )
        if fault == LOST_REPLY:
            raise ConnectionResetError(fault)
        headers = Message()
        for name, value in reply.headers.items():
            headers[name] = value
        if reply.status_code >= 400:
            raise urllib.error.HTTPError(
                request.full_url, reply.status_code, reply.status, headers, io.BytesIO(reply.data)
            )
        return Reply(reply.data, headers)


def connected(till: Till, line: Line) -> Till:
    """The till, whose requests take this line."""
    transport = HttpsTransport(till.setup)
    transport._opener = line  # type: ignore[assignment]
    till._transport = transport
    return till


def set_up(folder: Path, code: str, line: Line) -> Till:
    """A till that is set up in a folder beside which its markers are stored."""
    return connected(Till.init(folder, code, markers=folder.parent / "markers"), line)
