"""Receive store sales: pull them in micro-batches and store the bytes; a laptop then acknowledges and stages them.

In a cloud, `functions/receiving.py` stages a micro-batch before its messages are acknowledged.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from functools import cache, partial
from typing import Any

from tillstream.contracts.registry import UNASSIGNED, ContractRegistry
from tillstream.model import json_text
from tillstream.model.batch import Batch, BatchState
from tillstream.model.contract import Contract
from tillstream.model.errors import Rejected
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.model.messages import store_sale_errors
from tillstream.people import signatures, store_credentials
from tillstream.people.store_credentials import StoreToken
from tillstream.ports import Ports
from tillstream.ports.bus import Delivery, Message
from tillstream.records import batch_records
from tillstream.workflows.intake import (
    micro_batch,
    new_to_region,
    received_closes,
    store_messages,
    till_sequences,
    verification,
)
from tillstream.workflows.intake.repeated_sales import RepeatedSales, Sale

SUBSCRIPTION = "receive"
REVIEW = "review"
"""Attribute of a message that needs review, and field of its stored line: why."""
NEW_TO_REGION = "new_to_region"
"""Field of the stored line of a sale in a currency or of a country that its region never had: why."""
PIECE = 2_000
"""Messages of one pull: a message has up to 64 KB."""
GATHERED = 32 << 20
"""Bytes of messages after which a micro-batch takes no further piece."""
PULLING = timedelta(seconds=3)
"""Time after which it takes none either, so that a slow machine keeps its messages long before their lease ends."""


def receive(
    ports: Ports,
    contracts: ContractRegistry,
    limit: int,
    wait: float,
    stage: Callable[[Batch], object] | None = None,
    repeated: RepeatedSales | None = None,
    staging: AbstractContextManager[object] | None = None,
) -> list[Batch]:
    """Pull up to `limit` store sales (waiting at most `wait` seconds for the first) and keep them as micro-batches.

    stage: stages a micro-batch at once, after its messages are acknowledged. The event that stages it is then published
    only if that fails; a process that is killed meanwhile leaves it to the sweep. None: always by the event.
    repeated: holds messages about sales of earlier ones, and has those that the last calls held. None: no message is
    held. staging: entered while the micro-batches are staged.
    """
    if repeated is None:
        groups = [_pull(ports, limit, wait)]
    else:
        pulled = _pull(ports, limit, repeated.patience(ports.clock.now(), wait))
        now = ports.clock.now()
        sale_of = partial(_sale_key, contract_of=cache(contracts.for_region))
        groups = [repeated.hold_repeated(pulled, now, sale_of), repeated.take_due(now, len(pulled))]
    kept = [batch for group in groups for batch in keep(ports, contracts, group, publish=stage is None)]
    ports.bus.acknowledge([delivery for group in groups for delivery in group])
    if stage:
        with staging or nullcontext():
            _stage_at_once(ports, kept, stage)
    return kept


def _stage_at_once(ports: Ports, kept: Sequence[Batch], stage: Callable[[Batch], object]) -> None:
    for place, batch in enumerate(kept):
        try:
            stage(batch)
        except BaseException:
            for unstaged in kept[place:]:
                batch_records.publish_received(ports, unstaged)
            raise


def _pull(ports: Ports, limit: int, wait: float) -> list[Delivery]:
    """Pull in pieces until one is not full, `limit` is reached, or they take more than `GATHERED` or `PULLING`."""
    since = ports.clock.now()
    pulled: list[Delivery] = []
    size = 0
    while len(pulled) < limit and size < GATHERED:
        piece = ports.bus.pull(SUBSCRIPTION, min(PIECE, limit - len(pulled)), 0 if pulled else wait)
        pulled += piece
        size += sum(len(delivery.message.body) for delivery in piece)
        if len(piece) < PIECE or ports.clock.now() - since > PULLING + timedelta(seconds=wait):
            break
    return pulled


def keep(
    ports: Ports, contracts: ContractRegistry, deliveries: Sequence[Delivery], *, publish: bool = True
) -> list[Batch]:
    """Store the raw bytes and create the records. Idempotent: the same deliveries produce the same content.

    publish: whether to publish the events that stage the micro-batches.
    """
    unverified = verification.Verifier(ports).unverified(deliveries)
    sales = received_closes.take(ports, deliveries, unverified)
    groups: dict[tuple[str, int, bool], list[Delivery]] = {}
    occurrences: dict[Sale, int] = {}
    contract_of = cache(contracts.for_region)
    for delivery in sorted(sales, key=lambda each: (each.sequence, each.id)):
        region, sale = _sale_key(delivery, contract_of)
        # A micro-batch contains a sale at most once, so that settling it equals settling its messages one by one.
        layer = occurrences[region, sale] = occurrences.get((region, sale), -1) + 1 if sale else 0
        groups.setdefault((region, layer, bool(_store(delivery))), []).append(delivery)
    kept = [
        _store_group(ports, contracts, contract_of(region) if region else None, group, unverified, publish=publish)
        for (region, *_), group in sorted(groups.items(), key=lambda g: g[1][0].sequence)
    ]
    till_sequences.record(ports, deliveries, unverified)  # last: what is recorded is stored
    return kept


def _sale_key(delivery: Delivery, contract_of: Callable[[str], Contract | None]) -> Sale:
    """Return region and sale of a message; both empty if it is unreadable, the region also if it is unknown."""
    try:
        sale = json_text.decode_json(delivery.message.body)
        region, store, number = str(sale["region"]), str(sale["store_id"]), str(sale["number"])
    except (ValueError, TypeError, KeyError):
        return "", ""
    contract = contract_of(region)
    if contract is None:
        return "", number
    return region, number if contract.identity.ids == "region-wide" else f"{store}/{number}"


def _store_group(
    ports: Ports,
    contracts: ContractRegistry,
    contract: Contract | None,
    group: Sequence[Delivery],
    unverified: Mapping[str, str],
    *,
    publish: bool,
) -> Batch:
    """contract: that of the region of the messages; None if they have none."""
    folder = f"{UNASSIGNED.name}/{contract.region}" if contract else UNASSIGNED.name
    verified = [delivery for delivery in group if delivery.id not in unverified]
    new = new_to_region.reasons(ports, contract, verified) if contract else {}
    raw = b"".join(_line(one, unverified.get(one.id, ""), new.get(one.id, "")) for one in group)
    own_stores = bool(_store(group[0]))
    batch = micro_batch.store(ports, contracts, folder, group[0].sequence, raw, own_stores=own_stores)
    if publish and batch.state is BatchState.RECEIVED:
        batch_records.publish_received(ports, batch)
    return batch


def _store(delivery: Delivery) -> str:
    """Return the store whose token sent the message; empty if a program that is not bound to a store published it."""
    return delivery.message.attributes.get("store_id", "")


def _line(delivery: Delivery, unverified: str, new: str) -> bytes:
    """Return one JSON line per message with its sequence, its text, valid or not, the store that may send it, and its
    signature.

    unverified: why it is not verified, or empty. new: what of it is new to its region, or empty.
    """
    text = delivery.message.body.decode("utf-8", errors="backslashreplace")
    envelope: dict[str, Any] = {"sequence": delivery.sequence, "message": text}
    if _store(delivery):
        envelope["store"] = _store(delivery)
    if delivery.message.attributes.get(REVIEW):
        envelope[REVIEW] = delivery.message.attributes[REVIEW]
    if new:
        envelope[NEW_TO_REGION] = new
    envelope |= verification.envelope_fields(delivery, unverified)
    return json.dumps(envelope, ensure_ascii=False).encode() + b"\n"


class NotAStoreSale(Rejected):
    """The payload violates the schema or is for another store; `problems` has one line per violation."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("This is not a sale of this store: " + "; ".join(problems))
        self.problems = problems


class Unsigned(Rejected):
    """The store has a key, so it accepts signed messages only. `keep_unsigned` keeps the message in quarantine."""

    def __init__(self, store_id: str, message: Message) -> None:
        super().__init__(f"{store_id} has a key, so each message must be signed. Send it with the till agent.")
        self.message = message


def publish(ports: Ports, store: StoreToken, payload: Any) -> str:
    """Publish one unsigned sale and return its id, `region/store/number`. Idempotent for the same number and version.

    Raises `NotAStoreSale`, `Unsigned`, `Unavailable`.
    """
    problems = store_sale_errors(payload) or [
        f"{name}: this token is only valid for {value}"
        for name, value in (("region", store.region), ("store_id", store.store_id))
        if payload[name] != value
    ]
    if problems:
        raise NotAStoreSale(problems)
    message = Message(json_text.encode_json(payload), store_messages.sender_attributes(store))
    if verification.Verifier(ports).signed_only((store.region, store.store_id)):
        raise Unsigned(store.store_id, message)
    ports.bus.publish(TOPIC_STORE_SALES, [message])
    return f"{store.region}/{store.store_id}/{payload['number']}"


def keep_unsigned(ports: Ports, refused: Unsigned) -> None:
    """Publish a refused message: when it is received, it goes to quarantine. Raises `Unavailable`."""
    ports.bus.publish(TOPIC_STORE_SALES, [refused.message])


def publish_from_portal(ports: Ports, region: str, store_id: str, body: bytes, review: str = "") -> None:
    """Publish a valid sale that a user entered for a store, signed with the key of the portal.

    review: why it counts only once a person has accepted it; empty if it counts. Idempotent as `publish`. Raises
    `Unavailable`.
    """
    key, private, _ = store_credentials.portal_key(ports)
    signature = signatures.sign_payload(private, body)
    attributes = {"region": region, "store_id": store_id, "key": key, "till": verification.PORTAL_TILL}
    attributes |= {"signature": signature} | ({REVIEW: review} if review else {})
    ports.bus.publish(TOPIC_STORE_SALES, [Message(body, attributes)])
