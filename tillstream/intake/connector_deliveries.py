"""Take in what connectors pull: each item once, as a file in the inbox, and store sales as messages."""

import hashlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

from tillstream.contracts.registry import ContractRegistry
from tillstream.intake import inbox
from tillstream.intake.store_messages import MAX_CLOSE_BYTES, MAX_MESSAGES, MAX_REQUEST_BYTES
from tillstream.model.batch import Batch, BatchState
from tillstream.model.errors import Conflict, NotFound
from tillstream.model.events import INBOX, TOPIC_STORE_SALES
from tillstream.model.object_names import CONNECT_FOLDER, path_for_name
from tillstream.ports import Ports
from tillstream.ports.bus import Message
from tillstream.ports.objects import StoredObject
from tillstream.records import batch_records

HASH_DIGITS = 32


class TakenFile(NamedTuple):
    """size: bytes that came from the source; 0 if they were stored before. is_new: whether they were not.

    batch: None for a copy that is stored without being read; the event of its object creates the record.
    """

    batch: Batch | None
    size: int
    is_new: bool


def item_hash(key: str) -> str:
    """The hash of the key of an item, in hex, as in the name of its object."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()[:HASH_DIGITS]


def item_object_name(connector: str, key: str, file: str, contract: str = "") -> str:
    """The name of an item's object in the inbox. contract: the one of the connector; empty: found by name or content.

    file: name or path at the source, of which a folder may name the contract.
    """
    parts = [part for part in file.split("/") if part not in {"", ".", ".."}]
    path = path_for_name("/".join(parts)) or "file"
    return "/".join(filter(None, (CONNECT_FOLDER, connector, item_hash(key), contract, path)))


def copy_in_item(ports: Ports, name: str, copy: Callable[[str], StoredObject]) -> TakenFile:
    """Let an item be copied to its object name, unless it is stored. Durable on return; idempotent.

    Its bytes are not read here, so that terabytes pass no network. Raises what `copy` raises, and `Unavailable`.
    """
    try:
        ports.objects.stat(INBOX, name)
    except NotFound:
        try:
            return TakenFile(None, copy(name).size, True)
        except Conflict:  # another process copied it meanwhile
            pass
    return TakenFile(None, 0, False)


def take_in_item(
    ports: Ports, contracts: ContractRegistry, name: str, open_item: Callable[[], BinaryIO], beat: Callable[[], None]
) -> TakenFile:
    """Store an item under its object name, unless it is stored, and return its record. Durable on return; idempotent.

    beat: called after each chunk. Raises what `open_item` and its stream raise, and `Unavailable`.
    """
    size, is_new = 0, False
    try:
        stored = ports.objects.stat(INBOX, name)
    except NotFound:
        try:
            size = _write_item(ports, name, open_item, beat)
            is_new = True
        except Conflict:  # another process stored it meanwhile
            pass
        stored = ports.objects.stat(INBOX, name)
    batch = inbox.ensure_record(ports, contracts, stored)
    if not is_new and batch.state is BatchState.RECEIVED:
        batch_records.publish_received(ports, batch)  # the process that stored it may have ended before its event
    return TakenFile(batch, size, is_new)


def _write_item(ports: Ports, name: str, open_item: Callable[[], BinaryIO], beat: Callable[[], None]) -> int:
    """Write the object and return its size."""
    size = 0
    with open_item() as stream, ports.objects.writer(INBOX, name, if_generation=0) as writer:
        while chunk := stream.read(batch_records.CHUNK_BYTES):
            size += writer.write(chunk)
            beat()
    return size


class PublishedSales(NamedTuple):
    """shortened: lines that were longer than a message can be, of which only the beginning is kept in quarantine."""

    messages: int
    size: int
    shortened: int


def publish_pulled_sales(ports: Ports, stream: BinaryIO, beat: Callable[[], None]) -> PublishedSales:
    """Publish each line of a stream as a message, durable on return.

    Each message is checked when it is received: one that is not a sale, or is unsigned although its store has a key,
    goes to quarantine. A sale that is published again counts once. beat: called after each group of messages. Raises
    `Unavailable`.
    """
    messages = size = shortened = 0
    for group in _line_groups(stream):
        ports.bus.publish(TOPIC_STORE_SALES, [Message(line) for line in group])
        messages += len(group)
        size += sum(map(len, group))
        shortened += sum(len(line) > MAX_CLOSE_BYTES for line in group)
        beat()
    return PublishedSales(messages, size, shortened)


def _line_groups(stream: BinaryIO) -> Iterator[list[bytes]]:
    """The lines that are not blank, in groups of the size of a request."""
    group: list[bytes] = []
    size = 0
    for line in _cut_lines(stream):
        group.append(line)
        size += len(line)
        if len(group) == MAX_MESSAGES or size >= MAX_REQUEST_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _cut_lines(stream: BinaryIO) -> Iterator[bytes]:
    """The lines without line ends, each cut after one byte more than a message can have."""
    most = MAX_CLOSE_BYTES + 1
    while line := stream.readline(most):
        rest = line
        while len(rest) == most and not rest.endswith(b"\n"):
            rest = stream.readline(most)
        if line.strip():
            yield line.rstrip(b"\r\n")
