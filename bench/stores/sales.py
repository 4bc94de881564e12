"""Sales of simulated stores, and what they must come to."""

import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

STORES = 200
REPEATED, LATE, BAD = 0.05, 0.05, 0.01
"""Shares of messages that are sent twice, that follow a newer version of their sale, and that are no sales."""
MEMORY = 200
"""Messages among which a repeat and a late version are drawn."""


@dataclass(frozen=True)
class Message:
    """One message of a till. quantity: of its sale, 0 if it is bad."""

    store: str
    number: str
    version: int
    quantity: int
    body: bytes


@dataclass(frozen=True)
class Total:
    """What the accepted sales come to."""

    sales: int
    units: int


def store(number: int) -> str:
    return f"T{number % STORES:03}"


def messages(run: str, sender: int, own: str = "") -> Iterator[Message]:
    """Yield the messages of one sender, always the same ones. own: its store; without one, it sends for all stores."""
    draw = random.Random(f"{run} {sender}")
    sent: list[Message] = []
    late: list[Message] = []
    number = 0
    while True:
        chance = draw.random()
        if sent and chance < REPEATED:
            message = draw.choice(sent[-MEMORY:])
        elif late and chance < REPEATED + LATE:
            message = late.pop(0)
        else:
            number += 1
            place = own or store(sender * 7 + draw.randrange(STORES))
            is_bad = chance > 1 - BAD
            message = made(run, sender, number, place, 2, 0 if is_bad else draw.randint(1, 9))
            if not is_bad and draw.random() < LATE:
                late.append(made(run, sender, number, place, 1, 9))
        sent.append(message)
        if len(sent) > 2 * MEMORY:
            del sent[:MEMORY]
        yield message


def expected(run: str, counts: Iterable[int], *, own_stores: bool = False) -> Total:
    """What the messages of all senders come to. counts: the messages that each has sent.

    own_stores: whether each sender is a store.
    """
    newest: dict[tuple[str, str], Message] = {}
    for sender, count in enumerate(counts):
        for message in islice(messages(run, sender, store(sender) if own_stores else ""), count):
            earlier = newest.get((message.store, message.number))
            if message.quantity and (earlier is None or earlier.version < message.version):
                newest[message.store, message.number] = message
    return Total(len(newest), sum(message.quantity for message in newest.values()))


def made(run: str, sender: int, number: int, place: str, version: int, quantity: int) -> Message:
    name = f"{run}-{sender}-{number}"
    sold_at = datetime(2026, 1, 5, 9, tzinfo=UTC) + timedelta(seconds=number % 30_000)
    sale = {
        "schema": "store-sale/1", "region": "Bench", "store_id": place, "number": name, "version": version,
        "sold_at": sold_at.isoformat(), "currency": "USD",
        "lines": [
            {"line": "1", "product_id": f"P{number % 500}", "product_name": "Brass hook", "category": run,
             "quantity": str(quantity) if quantity else "many", "unit_price": "3.50"},
        ],
    }  # fmt: skip
    return Message(place, name, version, quantity, json.dumps(sale, separators=(",", ":")).encode())
