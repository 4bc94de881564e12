"""Requests of simulated tills to `POST /api/sales`, as bytes that need no more work while the server is measured."""

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from bench.server import PORT
from bench.stores import sales

PATH = "/api/sales"
LIGHT = 1
"""Level of compression: a till compresses fast."""


@dataclass(frozen=True)
class Post:
    """A request. messages: that it has; accepted: how many of these a correct server accepts; alone: one sale."""

    request: bytes
    messages: int
    accepted: int
    alone: bool

    def is_answered_by(self, status: int, body: bytes) -> bool:
        """Whether this is the response of a correct server."""
        if self.alone:
            return status == (202 if self.accepted else 422)
        return status == 202 and body.count(b'"accepted"') == self.accepted


def of_one_sale(run: str, sender: int, tokens: Mapping[str, str]) -> Iterator[Post]:
    """Yield the messages of a sender, each in a request of its own."""
    for message in sales.messages(run, sender):
        headers = "Content-Type: application/json\r\n"
        yield Post(_request(tokens[message.store], headers, message.body), 1, int(bool(message.quantity)), alone=True)


def of_batches(run: str, sender: int, tokens: Mapping[str, str], size: int) -> Iterator[Post]:
    """Yield the messages of a sender, which is one store, `size` in each compressed request."""
    place = sales.store(sender)
    stream = sales.messages(run, sender, place)
    while True:
        messages = list(islice(stream, size))
        payload = {"messages": [{"payload": message.body.decode()} for message in messages]}
        body = gzip.compress(json.dumps(payload).encode(), LIGHT)
        headers = "Content-Type: application/json\r\nContent-Encoding: gzip\r\n"
        accepted = sum(bool(message.quantity) for message in messages)
        yield Post(_request(tokens[place], headers, body), size, accepted, alone=False)


def _request(token: str, headers: str, body: bytes) -> bytes:
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nAuthorization: Bearer {token}\r\n{headers}"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
