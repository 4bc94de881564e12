"""Receive: store sales are pulled in micro-batches, their bytes kept, then acknowledged; staging follows by event."""

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tillstream.batches import records
from tillstream.contracts.registry import NOBODY, ContractBook
from tillstream.domain.batch import Upload
from tillstream.domain.errors import Conflict, Rejected
from tillstream.domain.events import INBOX, TOPIC_STORE_SALES
from tillstream.domain.ids import batch_id
from tillstream.domain.store_sale import faults
from tillstream.ports import Ports
from tillstream.ports.event_bus import Delivery, Message
from tillstream.ports.object_store import StoredObject

SUBSCRIPTION = "receive"
NEWLINE = b"\n"


def receive(ports: Ports, book: ContractBook, limit: int, wait: float) -> list[Upload]:
    """Pull up to `limit` store sales (waiting at most `wait` seconds for the first) and keep them as micro-batches."""
    deliveries = ports.bus.pull(SUBSCRIPTION, limit, wait)
    kept = keep(ports, book, deliveries)
    ports.bus.acknowledge(deliveries)
    return kept


def keep_receiving(ports: Ports, book: ContractBook, limit: int, seconds: float, gather: float) -> int:
    """Receive for so many seconds, and then until none waits; how many micro-batches that made.

    gather: seconds between two of them, unless one was full: each costs its stagings and settlements.
    """
    until, made = ports.clock.now() + timedelta(seconds=seconds), 0
    while True:
        left = max((until - ports.clock.now()).total_seconds(), 0.0)
        deliveries = ports.bus.pull(SUBSCRIPTION, limit, left)
        made += len(keep(ports, book, deliveries))
        ports.bus.acknowledge(deliveries)
        if not deliveries and not left:
            return made
        if 0 < len(deliveries) < limit:
            ports.clock.sleep(min(gather, left))


def keep(ports: Ports, book: ContractBook, deliveries: Sequence[Delivery]) -> list[Upload]:
    """Store the raw bytes and make the records; repeatable: the same deliveries make the same content once more."""
    groups: dict[tuple[str, int], list[Delivery]] = {}
    told: dict[tuple[str, str], int] = {}
    for delivery in sorted(deliveries, key=lambda each: (each.sequence, each.id)):
        region, sale = _names(delivery, book)
        # A micro-batch tells a sale at most once, so that settling it equals settling its messages one by one.
        layer = told[region, sale] = told.get((region, sale), -1) + 1 if sale else 0
        groups.setdefault((region, layer), []).append(delivery)
    return [
        _keep(ports, book, region, group)
        for (region, _), group in sorted(groups.items(), key=lambda g: g[1][0].sequence)
    ]


def _names(delivery: Delivery, book: ContractBook) -> tuple[str, str]:
    """Region and sale of a message, as far as they can be told; an unreadable one belongs to nobody."""
    try:
        sale = json.loads(delivery.message.body)
        region, name = str(sale["region"]), f"{sale['store_id']}/{sale['number']}"
    except (ValueError, TypeError, KeyError, RecursionError):
        return "", ""
    return (region, name) if book.of_region(region) else ("", "")


def _keep(ports: Ports, book: ContractBook, region: str, group: Sequence[Delivery]) -> Upload:
    """Two micro-batches may begin with the same sequence, and one may be kept twice: its content is in its name."""
    folder = f"{NOBODY.name}/{region}" if region else NOBODY.name
    raw = b"".join(_line(delivery) for delivery in group)
    name = f"{folder}/{group[0].sequence}-{hashlib.sha256(raw).hexdigest()[:16]}.jsonl"
    with suppress(Conflict), ports.objects.writer(INBOX, name, if_generation=0) as writer:
        writer.write(raw)
    return register(ports, book, ports.objects.stat(INBOX, name))


def register(ports: Ports, book: ContractBook, stored: StoredObject) -> Upload:
    """The record of a stored micro-batch; everything in it follows from the object, so that a repeat makes the same."""
    with ports.objects.open(stored.bucket, stored.name, stored.generation) as stream:
        raw = stream.read()
    folder, _, file = stored.name.rpartition("/")
    sequence = int(file.removesuffix(".jsonl").partition("-")[0])
    contract = book.of_region(folder.partition("/")[2])
    used = book.used(contract.name) if contract else NOBODY
    sha256 = hashlib.sha256(raw).hexdigest()
    now = ports.clock.now().isoformat()
    upload = Upload(
        batch_id=batch_id(f"{stored.bucket}/{folder}", sequence, sha256),
        kind="messages",
        bucket=stored.bucket,
        object=stored.name,
        generation=stored.generation,
        size=stored.size,
        file=_title(raw.count(NEWLINE)),
        contract=used.name,
        contract_version=used.version,
        region=used.region,
        received_seq=sequence,
        received_at=now,
        received_by="stores",
        state_at=now,
        sha256=sha256,
    )
    return records.create(ports, upload)


def _title(sales: int) -> str:
    return "1 store sale" if sales == 1 else f"{sales:,} store sales"


def _line(delivery: Delivery) -> bytes:
    """One line per message: when it was published, and its text whatever it is."""
    text = delivery.message.body.decode("utf-8", errors="backslashreplace")
    envelope: dict[str, Any] = {"sequence": delivery.sequence, "message": text}
    return json.dumps(envelope, ensure_ascii=False).encode() + b"\n"


class NotAStoreSale(Rejected):
    """The payload breaks the schema or speaks for another store; `problems` says where, one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("This is not a sale of this store: " + "; ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class StoreToken:
    """Whom a token speaks for."""

    region: str
    store_id: str


def publish(ports: Ports, store: StoreToken, payload: Any) -> str:
    """Publish one sale; its id `region/store/number`. Repeating it with the same number and version changes nothing.

    Raises `NotAStoreSale`, `Unavailable`.
    """
    problems = faults(payload)
    if not problems:
        problems = [
            f"{name}: this token speaks for {getattr(store, name)}"
            for name in ("region", "store_id")
            if payload[name] != getattr(store, name)
        ]
    if problems:
        raise NotAStoreSale(problems)
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    attributes = {"region": store.region, "store_id": store.store_id}
    ports.bus.publish(TOPIC_STORE_SALES, [Message(body, attributes)])
    return f"{store.region}/{store.store_id}/{payload['number']}"
