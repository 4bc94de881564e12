"""Publish the store sales that a connector pulled, as if their store had sent them without a token."""

from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.ports import Ports
from tillstream.ports.bus import Message
from tillstream.workflows.intake.store_messages import MAX_BYTES, MAX_CLOSE_BYTES, MAX_MESSAGES


class Published(NamedTuple):
    """shortened: lines that were longer than a message can be, of which only the beginning is kept in quarantine."""

    messages: int
    size: int
    shortened: int


def publish(ports: Ports, stream: BinaryIO, beat: Callable[[], None]) -> Published:
    """Publish each line of a stream as a message, durable on return.

    Each message is checked when it is received: one that is not a sale, or is unsigned although its store has a key,
    goes to quarantine. A sale that is published again counts once. beat: called after each group of messages. Raises
    `Unavailable`.
    """
    messages = size = shortened = 0
    for group in _groups(stream):
        ports.bus.publish(TOPIC_STORE_SALES, [Message(line) for line in group])
        messages += len(group)
        size += sum(map(len, group))
        shortened += sum(len(line) > MAX_CLOSE_BYTES for line in group)
        beat()
    return Published(messages, size, shortened)


def _groups(stream: BinaryIO) -> Iterator[list[bytes]]:
    """The lines that are not blank, in groups of the size of a request."""
    group: list[bytes] = []
    size = 0
    for line in _lines(stream):
        group.append(line)
        size += len(line)
        if len(group) == MAX_MESSAGES or size >= MAX_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """The lines without line ends, each cut after one byte more than a message can have."""
    most = MAX_CLOSE_BYTES + 1
    while line := stream.readline(most):
        rest = line
        while len(rest) == most and not rest.endswith(b"\n"):
            rest = stream.readline(most)
        if line.strip():
            yield line.rstrip(b"\r\n")
