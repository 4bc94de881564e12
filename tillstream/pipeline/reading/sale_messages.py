"""Messages of a stored store-sales micro-batch, as text cells."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tillstream.model import json_text
from tillstream.model.document_json import JsonObject
from tillstream.model.messages import day_close_errors, decode_store_sale, is_day_close

REQUIRED_FIELDS = frozenset({"number", "store_id", "currency", "quantity", "unit_price"})
"""Fields that are always columns, even if no message has them."""
_NOT_CELLS = frozenset({"schema", "sold_at", "lines"})
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall clock
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class StoredMessage:
    """One message. row_number: of its first row; line_number: its line in the stored object."""

    row_number: int
    line_number: int
    sequence: int
    text: str
    sale: JsonObject
    """Empty if the message is not a store sale, or is not verified."""
    errors: list[str]
    store: str | None = None
    """The store whose token sent it; None: a program that is not bound to a store."""
    unverified: str = ""
    """Why its signature was not accepted when it was received; empty if it was, or if it needs none."""
    review: str = ""
    """Why the sale form accepted the sale only for review; empty if it counts."""
    new_to_region: str = ""
    """What of it was new to its region when it was received: a currency or a country; empty if nothing was."""
    signing: Mapping[str, str] = field(default_factory=dict)
    """How it was signed: key, till, epoch, sequence, signature; empty for an unsigned message."""

    address: str = ""
    """The network address that sent it, if it is not verified and was sent over HTTP."""

    @property
    def is_foreign(self) -> bool:
        """Whether it names another store than the one whose token sent it."""
        return self.store is not None and self.sale["store_id"] != self.store

    @property
    def lines(self) -> list[JsonObject]:
        lines: list[JsonObject] = self.sale["lines"] if self.sale else []
        return lines

    @property
    def rows(self) -> range:
        """Row numbers of the message: one for each line of the sale; one if the message is not a store sale."""
        return range(self.row_number, self.row_number + (len(self.lines) or 1))


@dataclass(frozen=True)
class MessageBlock:
    """The store sales of a micro-batch: one row per line of a sale, and the messages that are not store sales."""

    messages: list[StoredMessage]
    unreadable: list[StoredMessage]

    @cached_property
    def message_index(self) -> npt.NDArray[np.int32]:
        """(n,): index of each row's message."""
        counts = [len(message.lines) for message in self.messages]
        return np.repeat(np.arange(len(counts), dtype=np.int32), counts)

    @property
    def cells(self) -> pa.Table:
        """(n,) texts as sent, a column for each field of `REQUIRED_FIELDS` and of any message; NULL where a row lacks
        it."""
        rows = [message.sale | line for message in self.messages for line in message.lines]
        fields = sorted(REQUIRED_FIELDS.union(*rows) - _NOT_CELLS)
        return pa.table({name: pa.array(_texts(name, rows), pa.string()) for name in fields})

    @property
    def row_number(self) -> npt.NDArray[np.int64]:
        return np.array([row for message in self.messages for row in message.rows], np.int64)

    @property
    def times(self) -> tuple[list[str], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Text, local microseconds since 1970 and offset in microseconds of each message's time."""
        texts = [message.sale["sold_at"] for message in self.messages]
        moments = [datetime.fromisoformat(text) for text in texts]
        wall = [(moment.replace(tzinfo=None) - _EPOCH) // _MICROSECOND for moment in moments]
        offset = [(moment.utcoffset() or timedelta()) // _MICROSECOND for moment in moments]
        return texts, np.array(wall, np.int64), np.array(offset, np.int64)


def read_messages(stream: BinaryIO) -> MessageBlock:
    """Read a stored micro-batch; each message is parsed and checked once."""
    messages = list(_iter_messages(stream))
    return MessageBlock([each for each in messages if each.sale], [each for each in messages if not each.sale])


def iter_message_rows(stream: BinaryIO) -> Iterator[tuple[int, str]]:
    """Yield (row number, message text) for each row of a stored micro-batch, numbered as in `read_messages`."""
    for message in _iter_messages(stream):
        for row in message.rows:
            yield row, message.text


def _iter_messages(stream: BinaryIO) -> Iterator[StoredMessage]:
    row = 1
    for number, envelope_text in enumerate(stream.read().decode().split("\n")[:-1], 1):
        envelope = json_text.decode_json(envelope_text)
        unverified = envelope.get("unverified", "")
        sale, errors = _refused(unverified) if unverified else decode_store_sale(envelope["message"])
        if errors and is_day_close(sale):
            errors = day_close_errors(sale) or ["it is the day close of another store than that of its sender"]
        message = StoredMessage(
            row,
            number,
            envelope["sequence"],
            envelope["message"],
            {} if errors else sale,
            errors,
            envelope.get("store"),
            unverified,
            envelope.get("review", ""),
            envelope.get("new_to_region", ""),
            envelope.get("signing", {}),
            envelope.get("address", ""),
        )
        yield message
        row = message.rows.stop


def _refused(reason: str) -> tuple[Any, list[str]]:
    """A message that is not decoded, and why."""
    return None, [reason]


def _texts(name: str, rows: list[JsonObject]) -> list[str | None]:
    values = [row.get(name) for row in rows]
    if name == "version":
        return [None if version is None else str(int(version)) for version in values]
    if name == "extra":
        return [json.dumps(extra, ensure_ascii=False, sort_keys=True) if extra else None for extra in values]
    return values
