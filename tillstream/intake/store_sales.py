"""Receive store sales: pull messages in micro-batches, hold repeated ones, keep day closes, store the bytes.

A settlement of new sales is short. One that compares sales with those of the ledger takes several times as long,
however few they are, and as long again for each further message about one of its sales. So further messages about a
sale are held for a moment and form a micro-batch together, which has each sale once.

Sales in a currency, or of a country, that their region never had count once a person has accepted one. This is decided
when they are received, so a rebuild decides as before. What the region had follows from its sales, as for files
(`pipeline/validating/sold_before.py`).

In a cloud, `functions/receiving.py` stages a micro-batch before its messages are acknowledged.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import Any
from weakref import WeakKeyDictionary

from tillstream.catalogue import entry_lists
from tillstream.contracts.registry import UNASSIGNED, ContractRegistry
from tillstream.intake import message_verification, micro_batch, store_messages
from tillstream.model import json_text, messages
from tillstream.model.batch import Batch, BatchState
from tillstream.model.contract import Contract
from tillstream.model.countries import country_code, country_name
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Rejected
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.model.messages import store_sale_errors
from tillstream.model.money import CURRENCIES
from tillstream.model.product_catalogue import Store
from tillstream.people import signatures, store_credentials
from tillstream.people.store_credentials import StoreToken
from tillstream.pipeline.validating.sold_before import (
    MAX_USUAL_COUNTRIES,
    SoldBefore,
    UsualSales,
    list_names,
    sold_before,
)
from tillstream.ports import Ports
from tillstream.ports.bus import Delivery, Message
from tillstream.ports.documents import DocumentStore
from tillstream.records import batch_records
from tillstream.review import day_closes

REPEAT_HOLD = timedelta(seconds=5)
"""Time after which the next call takes the held messages, the first one of each sale."""
MAX_REPEAT_HOLD = timedelta(seconds=15)
"""Time after which the next call takes a message in any case: a part of its lease."""
MAX_HELD_MESSAGES = 2_000
MAX_HELD_BYTES = 32 << 20
MIN_PULL_TO_HOLD = 20
"""Messages of a pull below which nothing stays held: further settlements delay nothing then."""
MAX_RECENT_SALES = 20_000
"""The last sales, of which a further message is recognized: some seconds of a thousand busy stores."""
SaleName = tuple[str, str]
"""Region and sale; the sale is empty for an unreadable message."""

_DAY_CLOSE_MARK = messages.DAY_CLOSE_V1.encode()

ACCEPTED_NEW_TO_REGION = "accepted_new_to_region"
"""Attribute of a message whose currency or country a person has accepted."""
NEW_TO_REGION_COLUMNS = ("currency", "country")
_sold_before: WeakKeyDictionary[DocumentStore, dict[str, SoldBefore]] = WeakKeyDictionary()
"""What regions had, so that the ledger is not asked for every micro-batch."""
CurrencyAndCountry = tuple[str, str]
"""The currency and the country of a message; each is empty if it is none."""

RECEIVE_SUBSCRIPTION = "receive"
REVIEW_ATTRIBUTE = "review"
"""Attribute of a message that needs review, and field of its stored line: why."""
NEW_TO_REGION_FIELD = "new_to_region"
"""Field of the stored line of a sale in a currency or of a country that its region never had: why."""
PULL_MESSAGES = 2_000
"""Messages of one pull: a message has up to 64 KB."""
MAX_GATHERED_BYTES = 32 << 20
"""Bytes of messages after which a micro-batch takes no further piece."""
MAX_PULL_TIME = timedelta(seconds=3)
"""Time after which it takes none either, so that a slow machine keeps its messages long before their lease ends."""


class RepeatedSales:
    """Holds repeated messages, which are not acknowledged meanwhile. For one thread.

    recent: at least the last so many sales are known.
    """

    def __init__(self, recent: int = MAX_RECENT_SALES) -> None:
        self._most = recent
        self._current: set[SaleName] = set()
        self._before: set[SaleName] = set()
        self._held: list[tuple[datetime, SaleName, Delivery]] = []
        self._taken_at = datetime.min.replace(tzinfo=UTC)
        """When messages were taken, or held after there were none."""

    def patience(self, now: datetime, wait: float) -> float:
        """Seconds to wait for further messages, at most `wait`: until held ones are due."""
        if not self._held:
            return wait
        return min(wait, max((self._taken_at + REPEAT_HOLD - now).total_seconds(), 0))

    def hold_repeated(
        self, deliveries: Sequence[Delivery], now: datetime, sale_of: Callable[[Delivery], SaleName]
    ) -> list[Delivery]:
        """Hold the messages about recent sales; return the others."""
        others = []
        for delivery in sorted(deliveries, key=lambda each: (each.sequence, each.id)):
            sale = sale_of(delivery)
            if sale[1] and (sale in self._current or sale in self._before):
                self._taken_at = self._taken_at if self._held else now
                self._held.append((now, sale, delivery))
            else:
                self._current.add(sale)
                others.append(delivery)
        if len(self._current) >= self._most:
            self._before, self._current = self._current, set()
        return others

    def take_due(self, now: datetime, pulled: int) -> list[Delivery]:
        """Take the held messages that are due: one for each sale after `REPEAT_HOLD`; all if they are many or old, or
        if only few messages were pulled."""
        if not self._held:
            return []
        if pulled < MIN_PULL_TO_HOLD or self._is_full() or now - self._held[0][0] >= MAX_REPEAT_HOLD:
            return self.take_all()
        if now - self._taken_at < REPEAT_HOLD:
            return []
        first = {sale: delivery for _, sale, delivery in reversed(self._held)}
        taken = [delivery for _, sale, delivery in self._held if first[sale] is delivery]
        self._held = [held for held in self._held if first[held[1]] is not held[2]]
        self._taken_at = now
        return taken

    def take_all(self) -> list[Delivery]:
        """Take every held message."""
        held, self._held = self._held, []
        return [delivery for _, _, delivery in held]

    def _is_full(self) -> bool:
        return (
            len(self._held) >= MAX_HELD_MESSAGES
            or sum(len(each.message.body) for *_, each in self._held) >= MAX_HELD_BYTES
        )


def record_day_closes(ports: Ports, deliveries: Sequence[Delivery], unverified: Mapping[str, str]) -> list[Delivery]:
    """Record the valid day closes of verified senders, and return all other messages, which become rows.

    A day close that names another store than the one whose token or key sent it stays a message too: it is rejected
    when it is staged. Idempotent.
    """
    others = []
    for delivery in deliveries:
        if _DAY_CLOSE_MARK in delivery.message.body and delivery.id not in unverified and _is_own_day_close(delivery):
            day_closes.record_day_close(ports, delivery.message.body.decode())
        else:
            others.append(delivery)
    return others


def _is_own_day_close(delivery: Delivery) -> bool:
    """Whether the message is a valid day close of its sender's store."""
    try:
        message = json_text.decode_json(delivery.message.body.decode())
    except ValueError:
        return False
    if not messages.is_day_close(message) or messages.day_close_errors(message):
        return False
    attributes = delivery.message.attributes
    return all(attributes.get(name, message[name]) == message[name] for name in ("region", "store_id"))


def new_to_region_reasons(ports: Ports, contract: Contract, deliveries: Iterable[Delivery]) -> dict[str, str]:
    """ID of the delivery → what is new to its region, for the sales of which a part is. contract: that of their region.

    A region without sales, and without a currency or country of its own, has nothing to compare with. Raises
    `Unavailable`.
    """
    named = {
        delivery.id: _named_values(delivery)
        for delivery in deliveries
        if ACCEPTED_NEW_TO_REGION not in delivery.message.attributes
    }
    had = _sold_before.setdefault(ports.documents, {})
    usual = UsualSales(contract, had.get(contract.region, frozenset()), NEW_TO_REGION_COLUMNS)
    if not any(_has_new_currency(one, usual) or _has_new_country(one, usual) for one in named.values()):
        return {}
    had[contract.region] = _values_of_stores(ports, contract.region) | sold_before(ports.warehouse, contract.region)
    usual = UsualSales(contract, had[contract.region], NEW_TO_REGION_COLUMNS)
    return {name: why for name, one in named.items() if (why := "; ".join(_new_parts(contract.region, one, usual)))}


def _new_parts(region: str, one: CurrencyAndCountry, usual: UsualSales) -> Iterable[str]:
    if usual.currencies and _has_new_currency(one, usual):
        yield f"it is in {one[0]}, and {region} has sales in {list_names(sorted(usual.currencies))}"
    if usual.countries and _has_new_country(one, usual):
        yield (
            f"it is of {country_name(one[1])}, and {region} has sales of {list_names(sorted(usual.countries.values()))}"
        )


def _has_new_currency(one: CurrencyAndCountry, usual: UsualSales) -> bool:
    return bool(one[0]) and one[0] not in usual.currencies


def _has_new_country(one: CurrencyAndCountry, usual: UsualSales) -> bool:
    return bool(one[1]) and usual.is_new_country(one[1]) and len(usual.countries) <= MAX_USUAL_COUNTRIES


def _values_of_stores(ports: Ports, region: str) -> SoldBefore:
    """The currencies and countries of the stores of a region, as the catalogue has them."""
    stores = entry_lists.catalogue_entries(ports, Store).values()
    return frozenset((one.store_id, one.currency, one.country) for one in stores if one.region == region)


def _named_values(delivery: Delivery) -> CurrencyAndCountry:
    try:
        sale = json_text.decode_json(delivery.message.body)
        currency, country = str(sale["currency"]), str(sale.get("country", ""))
    except (ValueError, TypeError, KeyError, AttributeError):
        return "", ""
    return currency if currency in CURRENCIES else "", country if country_code(country) else ""


def receive_store_sales(
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
    kept = [batch for group in groups for batch in keep_messages(ports, contracts, group, publish=stage is None)]
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
    """Pull in pieces until one is not full, `limit` is reached, or they take more than `MAX_GATHERED_BYTES` or
    `MAX_PULL_TIME`."""
    since = ports.clock.now()
    pulled: list[Delivery] = []
    size = 0
    while len(pulled) < limit and size < MAX_GATHERED_BYTES:
        piece = ports.bus.pull(RECEIVE_SUBSCRIPTION, min(PULL_MESSAGES, limit - len(pulled)), 0 if pulled else wait)
        pulled += piece
        size += sum(len(delivery.message.body) for delivery in piece)
        if len(piece) < PULL_MESSAGES or ports.clock.now() - since > MAX_PULL_TIME + timedelta(seconds=wait):
            break
    return pulled


def keep_messages(
    ports: Ports, contracts: ContractRegistry, deliveries: Sequence[Delivery], *, publish: bool = True
) -> list[Batch]:
    """Store the raw bytes and create the records. Idempotent: the same deliveries produce the same content.

    publish: whether to publish the events that stage the micro-batches.
    """
    unverified = message_verification.SignatureVerifier(ports).unverified(deliveries)
    sales = record_day_closes(ports, deliveries, unverified)
    groups: dict[tuple[str, int, bool], list[Delivery]] = {}
    occurrences: dict[SaleName, int] = {}
    contract_of = cache(contracts.for_region)
    for delivery in sorted(sales, key=lambda each: (each.sequence, each.id)):
        region, sale = _sale_key(delivery, contract_of)
        # A micro-batch contains a sale at most once, so that settling it equals settling its messages one by one.
        layer = occurrences[region, sale] = occurrences.get((region, sale), -1) + 1 if sale else 0
        groups.setdefault((region, layer, bool(_store_of_token(delivery))), []).append(delivery)
    kept = [
        _store_group(ports, contracts, contract_of(region) if region else None, group, unverified, publish=publish)
        for (region, *_), group in sorted(groups.items(), key=lambda g: g[1][0].sequence)
    ]
    message_verification.record_sequences(ports, deliveries, unverified)  # last: what is recorded is stored
    return kept


def _sale_key(delivery: Delivery, contract_of: Callable[[str], Contract | None]) -> SaleName:
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
    new = new_to_region_reasons(ports, contract, verified) if contract else {}
    raw = b"".join(_stored_line(one, unverified.get(one.id, ""), new.get(one.id, "")) for one in group)
    own_stores = bool(_store_of_token(group[0]))
    batch = micro_batch.store_micro_batch(ports, contracts, folder, group[0].sequence, raw, own_stores=own_stores)
    if publish and batch.state is BatchState.RECEIVED:
        batch_records.publish_received(ports, batch)
    return batch


def _store_of_token(delivery: Delivery) -> str:
    """Return the store whose token sent the message; empty if a program that is not bound to a store published it."""
    return delivery.message.attributes.get("store_id", "")


def _stored_line(delivery: Delivery, unverified: str, new: str) -> bytes:
    """Return one JSON line per message with its sequence, its text, valid or not, the store that may send it, and its
    signature.

    unverified: why it is not verified, or empty. new: what of it is new to its region, or empty.
    """
    text = delivery.message.body.decode("utf-8", errors="backslashreplace")
    envelope: JsonObject = {"sequence": delivery.sequence, "message": text}
    if _store_of_token(delivery):
        envelope["store"] = _store_of_token(delivery)
    if delivery.message.attributes.get(REVIEW_ATTRIBUTE):
        envelope[REVIEW_ATTRIBUTE] = delivery.message.attributes[REVIEW_ATTRIBUTE]
    if new:
        envelope[NEW_TO_REGION_FIELD] = new
    envelope |= message_verification.signature_fields(delivery, unverified)
    return json.dumps(envelope, ensure_ascii=False).encode() + b"\n"


class NotAStoreSale(Rejected):
    """The payload violates the schema or is for another store; `problems` has one line per violation."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("This is not a sale of this store: " + "; ".join(problems))
        self.problems = problems


class UnsignedSale(Rejected):
    """The store has a key, so it accepts signed messages only. `quarantine_unsigned_sale` keeps the message in
    quarantine."""

    def __init__(self, store_id: str, message: Message) -> None:
        super().__init__(f"{store_id} has a key, so each message must be signed. Send it with the till agent.")
        self.message = message


def publish_unsigned_sale(ports: Ports, store: StoreToken, payload: Any) -> str:
    """Publish one unsigned sale and return its id, `region/store/number`. Idempotent for the same number and version.

    Raises `NotAStoreSale`, `UnsignedSale`, `Unavailable`.
    """
    problems = store_sale_errors(payload) or [
        f"{name}: this token is only valid for {value}"
        for name, value in (("region", store.region), ("store_id", store.store_id))
        if payload[name] != value
    ]
    if problems:
        raise NotAStoreSale(problems)
    message = Message(json_text.encode_json(payload), store_messages.sender_attributes(store))
    if message_verification.SignatureVerifier(ports).signed_only((store.region, store.store_id)):
        raise UnsignedSale(store.store_id, message)
    ports.bus.publish(TOPIC_STORE_SALES, [message])
    return f"{store.region}/{store.store_id}/{payload['number']}"


def quarantine_unsigned_sale(ports: Ports, refused: UnsignedSale) -> None:
    """Publish a refused message: when it is received, it goes to quarantine. Raises `Unavailable`."""
    ports.bus.publish(TOPIC_STORE_SALES, [refused.message])


def publish_portal_sale(ports: Ports, region: str, store_id: str, body: bytes, review: str = "") -> None:
    """Publish a valid sale that a user entered for a store, signed with the key of the portal.

    review: why it counts only once a person has accepted it; empty if it counts. Idempotent as `publish`. Raises
    `Unavailable`.
    """
    key, private, _ = store_credentials.portal_key(ports)
    signature = signatures.sign_payload(private, body)
    attributes = {"region": region, "store_id": store_id, "key": key, "till": message_verification.PORTAL_TILL}
    attributes |= {"signature": signature} | ({REVIEW_ATTRIBUTE: review} if review else {})
    ports.bus.publish(TOPIC_STORE_SALES, [Message(body, attributes)])
