"""Day closes of tills: kept when they are received, compared with the sales that count, and accepted by a person.

A day close that agrees is closed by itself, also when the missing sales come later. One that does not is an open
question after `GRACE`, within which its sales may still arrive.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import sql
from tillstream import audit
from tillstream.batches import freshness, store_ids
from tillstream.contracts.registry import ContractRegistry
from tillstream.domain import day_close
from tillstream.domain.day_close import Comparison, CountedSale
from tillstream.domain.errors import NotFound, Rejected
from tillstream.people import store_keys
from tillstream.ports import Ports
from tillstream.ports.document_store import Document, Update, update

COLLECTION = "day_closes"
GRACE = timedelta(minutes=5)
MAX_SHOWN = 200
"""Maximum ranges of missing numbers, and of possible doubles, that a record keeps."""
MAX_EARLIER = 20
FORM_PREFIX = "W-"
"""Prefix of the numbers that the sale form makes for sales without a number."""
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class DayClose:
    """A day close and its last comparison. Times are ISO 8601 text, amounts decimal text."""

    id: str
    region: str
    store_id: str
    till_id: str
    date: str
    closed_at: str
    received_at: str
    sales: int
    state: str
    """open, agreed or accepted."""
    missing: tuple[str, ...] = ()
    """Sale numbers that do not count, as ranges."""
    counted: int | None = None
    """Number of its sales that count; None before the first comparison."""
    totals: tuple[tuple[str, str, str], ...] = ()
    """Totals that differ: currency, total of the till, total that counts."""
    doubles: tuple[tuple[str, str], ...] = ()
    """Sales of the form that may be sales of the till as well: their two numbers."""
    accepted_by: str = ""
    reason: str = ""

    def is_question(self, now: datetime) -> bool:
        """Whether it needs a person: compared, not in agreement, and not only just received."""
        is_due = now - datetime.fromisoformat(self.received_at) >= GRACE
        return self.state == "open" and self.counted is not None and is_due


def record(ports: Ports, payload: str) -> None:
    """Keep a valid day close; a later one of the same till and day replaces it, an earlier one changes nothing.

    A till whose clock is ahead does not prevent that it is replaced. Idempotent.
    """
    message = json.loads(payload)
    now = ports.clock.now().isoformat(timespec="seconds")
    order_at = min(_moment(message["closed_at"]), _moment(now) + _DAY).astimezone(UTC).isoformat()

    def recorded(document: Document | None) -> Update | Document:
        if document and (document.data["payload"] == payload or document.data["order_at"] >= order_at):
            return document
        earlier = [*document.data["earlier"], document.data["payload"]] if document else []
        names = ("region", "store_id", "till_id", "date", "closed_at", "sales")
        data: dict[str, Any] = {name: message[name] for name in names}
        data |= {
            "order_at": order_at,
            "received_at": now,
            "payload": payload,
            "state": "open",
            "earlier": earlier[-MAX_EARLIER:],
        }
        return Update(data | {"counted": None, "missing": [], "totals": [], "doubles": [], "checked": -1})

    update(ports.documents, COLLECTION, document_id(message), recorded)


def document_id(message: Mapping[str, Any]) -> str:
    """ID of the day close of a till and day; IDs are in the order of days."""
    till = hashlib.sha256(message["till_id"].encode()).hexdigest()[:12]
    return f"{message['date']}-{store_keys.document_id(message['region'], message['store_id'])}-{till}"


def find(ports: Ports, state: str | None = None) -> list[DayClose]:
    """Day closes in the order of days; of all states by default."""
    documents = ports.documents.find(COLLECTION, {"state": state} if state else None)
    return [_to_close(document) for document in documents]


def between(ports: Ports, first: date, last: date) -> list[DayClose]:
    """Day closes of these business days."""
    documents = ports.documents.find(COLLECTION, above=first.isoformat(), below=(last + _DAY).isoformat())
    return [_to_close(document) for document in documents]


def get(ports: Ports, close_id: str) -> DayClose:
    """Raises `NotFound`."""
    document = ports.documents.get(COLLECTION, close_id)
    if document is None:
        raise NotFound(f"There is no day close {close_id}.")
    return _to_close(document)


def check_open(ports: Ports, contracts: ContractRegistry) -> int:
    """Compare every open day close whose data changed since its last comparison; return how many agree now."""
    newest, agreed = freshness.newest_settlement(ports.documents), 0
    for document in ports.documents.find(COLLECTION, {"state": "open"}):
        if document.data["checked"] == newest:
            continue
        comparison, doubles = compare(ports, contracts, json.loads(document.data["payload"]))
        agreed += _store(ports, document, comparison, doubles, newest)
    return agreed


def _store(ports: Ports, checked: Document, comparison: Comparison, doubles: list[list[str]], newest: int) -> bool:
    """Store a comparison, unless the day close was replaced or accepted meanwhile; return whether it agrees."""
    result = {
        "state": "agreed" if comparison.agrees and not doubles else "open",
        "counted": comparison.sales[1],
        "missing": list(comparison.missing[:MAX_SHOWN]),
        "totals": [
            {"currency": name, "till": f"{till:f}", "counted": f"{now:f}"} for name, till, now in comparison.totals
        ],
        "doubles": [{"form": form, "other": other} for form, other in doubles[:MAX_SHOWN]],
        "checked": newest,
    }

    def stored(document: Document | None) -> Update | Document:
        is_same = document and document.data["payload"] == checked.data["payload"]
        if document is None or not is_same or document.data["state"] != "open":
            return document or checked
        return Update(document.data | result)

    return bool(update(ports.documents, COLLECTION, checked.id, stored).data["state"] == "agreed")


def accept(ports: Ports, close_id: str, by: str, reason: str) -> DayClose:
    """Accept a day close that does not agree. Idempotent. Raises `NotFound`, `Rejected` without a reason."""
    if not reason.strip():
        raise Rejected("Enter why the difference is right, for example “the till recorded a test sale”.")
    get(ports, close_id)

    def accepted(document: Document | None) -> Update | Document:
        if document is None:
            raise NotFound(f"There is no day close {close_id}.")
        if document.data["state"] != "open":
            return document
        before = {name: document.data[name] for name in ("region", "store_id", "till_id", "date", "missing", "totals")}
        entry = audit.entry(
            ports, by, audit.AuditAction.DAY_CLOSE_ACCEPTED, close_id, before, {"reason": reason.strip()}
        )
        change = {"state": "accepted", "accepted_by": by, "reason": reason.strip()[:500]}
        return Update(document.data | change, [entry])

    return _to_close(update(ports.documents, COLLECTION, close_id, accepted))


def compare(
    ports: Ports, contracts: ContractRegistry, message: Mapping[str, Any]
) -> tuple[Comparison, list[list[str]]]:
    """Compare a day close with the sales of its store that count, and list possible doubles of sales of the form.

    A sale counts under its number also on the day before and after, as tills may have another cutoff.
    """
    day = date.fromisoformat(message["date"])
    values = {"region": message["region"], "store": message["store_id"], "first": day - _DAY, "last": day + _DAY}
    lines = ports.warehouse.query(sql.text("ledger/day_close_lines"), values).to_pylist()
    prefix = _prefix(ports, contracts, message["region"], message["store_id"])
    by_sale: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        if line["sale_id"].startswith(prefix):
            by_sale.setdefault(line["sale_id"].removeprefix(prefix), []).append(line)
    comparison = day_close.compare(message, [_counted(number, rows) for number, rows in by_sale.items()])
    return comparison, _doubles({number: rows for number, rows in by_sale.items() if rows[0]["sale_date"] == day})


def _prefix(ports: Ports, contracts: ContractRegistry, region: str, store: str) -> str:
    """What precedes the number in the sale IDs of a store."""
    contract = contracts.for_region(region)
    if contract is None:
        return f"{store}/"
    if contract.identity.ids == "region-wide":
        return contract.identity.id_prefix
    if store_ids.are_escaped(ports):
        store = store.replace("%", "%25").replace("/", "%2F")
    return f"{store}/{contract.identity.id_prefix}"


def _counted(number: str, rows: Iterable[Mapping[str, Any]]) -> CountedSale:
    net: dict[str, Decimal] = {}
    active = [row for row in rows if row["status"] != "cancelled"]
    for row in active:
        net[row["currency"]] = net.get(row["currency"], Decimal(0)) + row["net_amount"]
    return CountedSale(number, net, is_cancelled=not active)


def _doubles(by_sale: Mapping[str, list[dict[str, Any]]]) -> list[list[str]]:
    """Pairs of a sale of the form and another sale of the day with the same products and amounts."""
    contents: dict[str, list[str]] = {}
    for number, rows in by_sale.items():
        products = sorted(
            [row["product_id"] or "", row["currency"], f"{row['net_amount'].normalize():f}"] for row in rows
        )
        contents.setdefault(json.dumps(products), []).append(number)
    pairs = []
    for numbers in contents.values():
        others = [number for number in numbers if not number.startswith(FORM_PREFIX)]
        forms = [number for number in numbers if number.startswith(FORM_PREFIX)]
        pairs += [[form, other] for form, other in zip(forms, others, strict=False)]
    return sorted(pairs)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _to_close(document: Document) -> DayClose:
    data = document.data
    names = ("region", "store_id", "till_id", "date", "closed_at", "received_at", "sales", "state", "counted")
    return DayClose(
        id=document.id,
        **{name: data[name] for name in names},
        missing=tuple(data["missing"]),
        totals=tuple((one["currency"], one["till"], one["counted"]) for one in data["totals"]),
        doubles=tuple((one["form"], one["other"]) for one in data["doubles"]),
        accepted_by=data.get("accepted_by", ""),
        reason=data.get("reason", ""),
    )
