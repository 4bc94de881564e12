"""Receive store sales: pull them in micro-batches, store the bytes, then acknowledge; staging follows by event.

The event of a micro-batch is published after its record is written and before its messages are acknowledged. If that
is interrupted, the messages are delivered again, and the sweep stages the recorded batch.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from tillstream.batches import events, records
from tillstream.contracts.registry import UNASSIGNED, ContractRegistry
from tillstream.domain.batch.record import Batch, BatchKind, State
from tillstream.domain.errors import Conflict, Rejected
from tillstream.domain.events import INBOX, TOPIC_STORE_SALES
from tillstream.domain.ids import batch_id
from tillstream.domain.store_sale import validation_errors
from tillstream.people.store_tokens import StoreToken
from tillstream.ports import Ports
from tillstream.ports.event_bus import Delivery, Message
from tillstream.ports.object_store import StoredObject

SUBSCRIPTION = "receive"
NEWLINE = b"\n"


def receive(ports: Ports, contracts: ContractRegistry, limit: int, wait: float) -> list[Batch]:
    """Pull up to `limit` store sales (waiting at most `wait` seconds for the first) and keep them as micro-batches."""
    deliveries = ports.bus.pull(SUBSCRIPTION, limit, wait)
    kept = keep(ports, contracts, deliveries)
    ports.bus.acknowledge(deliveries)
    return kept


def keep_receiving(ports: Ports, contracts: ContractRegistry, limit: int, seconds: float, gather: float) -> int:
    """Receive for `seconds`, then until a pull is not full; return the number of micro-batches.

    gather: seconds to wait after a pull that was not full, so that messages form fewer, larger micro-batches, each of
    which has to be staged and settled.
    """
    deadline, count = ports.clock.now() + timedelta(seconds=seconds), 0
    while True:
        remaining = max((deadline - ports.clock.now()).total_seconds(), 0.0)
        deliveries = ports.bus.pull(SUBSCRIPTION, limit, remaining)
        count += len(keep(ports, contracts, deliveries))
        ports.bus.acknowledge(deliveries)
        if len(deliveries) < limit and not remaining:
            return count
        if 0 < len(deliveries) < limit:
            ports.clock.sleep(min(gather, remaining))


def start_settlement(ports: Ports) -> bool:
    """Start a settlement if a micro-batch is staged, and return whether one is: one query, and no event if not.

    Called once a minute in the cloud, where each settlement costs the same however few sales it adds.
    """
    staged = records.find(ports, state=State.STAGED, kind=BatchKind.STORE_SALES, limit=1)
    for batch in staged:
        events.publish_due(ports, batch)
    return bool(staged)


def keep(ports: Ports, contracts: ContractRegistry, deliveries: Sequence[Delivery]) -> list[Batch]:
    """Store the raw bytes and create the records. Idempotent: the same deliveries produce the same content."""
    groups: dict[tuple[str, int, bool], list[Delivery]] = {}
    occurrences: dict[tuple[str, str], int] = {}
    for delivery in sorted(deliveries, key=lambda each: (each.sequence, each.id)):
        region, sale = _sale_key(delivery, contracts)
        # A micro-batch contains a sale at most once, so that settling it equals settling its messages one by one.
        layer = occurrences[region, sale] = occurrences.get((region, sale), -1) + 1 if sale else 0
        groups.setdefault((region, layer, bool(_store(delivery))), []).append(delivery)
    return [
        _store_group(ports, contracts, region, group)
        for (region, *_), group in sorted(groups.items(), key=lambda g: g[1][0].sequence)
    ]


def _sale_key(delivery: Delivery, contracts: ContractRegistry) -> tuple[str, str]:
    """Return region and sale of a message; both empty if it is unreadable or its region is unknown."""
    try:
        sale = json.loads(delivery.message.body)
        region, store, number = str(sale["region"]), str(sale["store_id"]), str(sale["number"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return "", ""
    contract = contracts.for_region(region)
    if contract is None:
        return "", ""
    return region, number if contract.identity.ids == "region-wide" else f"{store}/{number}"


def _store_group(ports: Ports, contracts: ContractRegistry, region: str, group: Sequence[Delivery]) -> Batch:
    """Store a micro-batch. Its name contains a hash of the content, because its first sequence is not always unique."""
    folder = f"{UNASSIGNED.name}/{region}" if region else UNASSIGNED.name
    raw = b"".join(_line(delivery) for delivery in group)
    sha256 = hashlib.sha256(raw).hexdigest()
    stored = _write_once(ports, f"{folder}/{file_name(group[0].sequence, sha256)}", raw)
    batch = _create_record(ports, contracts, stored, sha256, len(group), own_stores=bool(_store(group[0])))
    if batch.state is State.RECEIVED:
        events.publish_received(ports, batch)
    return batch


def file_name(sequence: int, sha256: str) -> str:
    """The name of a micro-batch in its folder. sequence: of its first message."""
    return f"{sequence}-{sha256[:16]}.jsonl"


def _write_once(ports: Ports, name: str, raw: bytes) -> StoredObject:
    try:
        with ports.objects.writer(INBOX, name, if_generation=0) as writer:
            writer.write(raw)
    except Conflict:
        return ports.objects.stat(INBOX, name)
    return writer.stored or ports.objects.stat(INBOX, name)


def register(ports: Ports, contracts: ContractRegistry, stored: StoredObject) -> Batch:
    """Create the record of a stored micro-batch. Idempotent: all fields are derived from the object."""
    with ports.objects.open(stored.bucket, stored.name, stored.generation) as stream:
        raw = stream.read()
    sha256, own_stores = hashlib.sha256(raw).hexdigest(), _is_bound(raw)
    return _create_record(ports, contracts, stored, sha256, raw.count(NEWLINE), own_stores=own_stores)


def _is_bound(raw: bytes) -> bool:
    """Whether the messages of a micro-batch were sent with store tokens: all of them are, or none."""
    try:
        return "store" in json.loads(raw.partition(NEWLINE)[0])
    except (ValueError, TypeError):  # an object that another program put there
        return False


def _create_record(
    ports: Ports, contracts: ContractRegistry, stored: StoredObject, sha256: str, sales: int, *, own_stores: bool
) -> Batch:
    folder, _, file = stored.name.rpartition("/")
    sequence = int(file.removesuffix(".jsonl").partition("-")[0])
    contract = contracts.for_region(folder.partition("/")[2])
    used = contracts.pin(contract.name) if contract else UNASSIGNED
    now = ports.clock.now().isoformat()
    upload = Batch(
        batch_id=batch_id(f"{stored.bucket}/{folder}", sequence, sha256),
        kind=BatchKind.STORE_SALES,
        bucket=stored.bucket,
        object=stored.name,
        generation=stored.generation,
        size=stored.size,
        file=_title(sales),
        contract=used.name,
        contract_version=used.version,
        region=used.region,
        received_seq=sequence,
        received_at=now,
        received_by="stores",
        own_stores=own_stores,
        state_at=now,
        sha256=sha256,
    )
    return records.create(ports, upload)


def _title(sales: int) -> str:
    return "1 store sale" if sales == 1 else f"{sales:,} store sales"


def _store(delivery: Delivery) -> str:
    """Return the store whose token sent the message; empty if a program that is not bound to a store published it."""
    return delivery.message.attributes.get("store_id", "")


def _line(delivery: Delivery) -> bytes:
    """Return one JSON line per message with its sequence, its text, valid or not, and the store that may send it."""
    text = delivery.message.body.decode("utf-8", errors="backslashreplace")
    envelope: dict[str, Any] = {"sequence": delivery.sequence, "message": text}
    if _store(delivery):
        envelope["store"] = _store(delivery)
    return json.dumps(envelope, ensure_ascii=False).encode() + b"\n"


class NotAStoreSale(Rejected):
    """The payload violates the schema or is for another store; `problems` has one line per violation."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("This is not a sale of this store: " + "; ".join(problems))
        self.problems = problems


def publish(ports: Ports, store: StoreToken, payload: Any) -> str:
    """Publish one sale and return its id, `region/store/number`. Idempotent for the same number and version.

    Raises `NotAStoreSale`, `Unavailable`.
    """
    problems = validation_errors(payload)
    if not problems:
        problems = [
            f"{name}: this token is only valid for {getattr(store, name)}"
            for name in ("region", "store_id")
            if payload[name] != getattr(store, name)
        ]
    if problems:
        raise NotAStoreSale(problems)
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    attributes = {"region": store.region, "store_id": store.store_id}
    ports.bus.publish(TOPIC_STORE_SALES, [Message(body, attributes)])
    return f"{store.region}/{store.store_id}/{payload['number']}"


def publish_from_portal(ports: Ports, login: str, region: str, store_id: str, payload: dict[str, Any]) -> str:
    """Publish a sale that a signed-in user entered, and return its id. The caller has validated it. Idempotent.

    Raises `Unavailable`.
    """
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    attributes = {"region": region, "store_id": store_id, "entered_by": login}
    ports.bus.publish(TOPIC_STORE_SALES, [Message(body, attributes)])
    return f"{region}/{store_id}/{payload['number']}"
