"""Messages of a stored store-sales micro-batch."""

import json
from collections.abc import Iterator
from typing import BinaryIO

from tillstream.domain.store_sale import decode


def iter_messages(stream: BinaryIO) -> Iterator[tuple[int, str]]:
    """Yield (row number, message text) for each row of a stored micro-batch, numbered as in `message_parts`."""
    row = 0
    for text in stream.read().decode().split("\n")[:-1]:
        message = json.loads(text)["message"]
        for _ in range(_line_count(message)):
            row += 1
            yield row, message


def _line_count(message: str) -> int:
    sale, error = decode(message)
    return 1 if error else len(sale["lines"])
