"""The messages in the kept bytes of a micro-batch of store sales."""

import json
from collections.abc import Iterator
from typing import BinaryIO

from tillstream.domain.store_sale import decoded


def texts(stream: BinaryIO) -> Iterator[tuple[int, str]]:
    """(row number, message text) of every row of a kept micro-batch, numbered as `message_parts` does."""
    row = 0
    for text in stream.read().decode().split("\n")[:-1]:
        message = json.loads(text)["message"]
        for _ in range(_lines(message)):
            row += 1
            yield row, message


def _lines(message: str) -> int:
    sale, wrong = decoded(message)
    return 1 if wrong else len(sale["lines"])
