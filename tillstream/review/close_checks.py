"""Compares day closes with the sales that count, and finds which till sent a sale.

A day close that agrees is closed by itself, also when the missing sales come later. When a settlement changes its sales
afterwards, by an undo or a correction, it is compared again; another result than before opens it again.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any

import sql
from tillstream.contracts.registry import ContractRegistry
from tillstream.model import messages
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.messages import CountedSale, DayCloseComparison
from tillstream.people import store_credentials
from tillstream.pipeline.reading.sale_messages import StoredMessage, read_messages
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document
from tillstream.ports.warehouse import Row
from tillstream.records import batch_originals, batch_records, data_version
from tillstream.review.day_closes import DAY_CLOSES_COLLECTION

MAX_RANGES = 200
"""Maximum ranges of missing and of surplus numbers, and of possible doubles, that a record keeps."""
FORM_NUMBER_PREFIX = "W-"
"""Prefix of the numbers that the sale form makes for sales without a number."""
FOLLOWED_DOCUMENT = ("upkeep", "day-closes")
"""Document with the last settlement whose changed sales were compared with closed day closes."""
_COMPARISON_FIELDS = ("counted", "missing", "surplus", "totals", "doubles")
_DAY = timedelta(days=1)


def sales_sent_by_till(ports: Ports, message: Mapping[str, Any], sales: Collection[str]) -> set[str]:
    """Those of the sales, by their IDs, whose lines that count were sent by the till of a day close, and by no other.

    Sales of files, of the form, and of messages that name no till are of no till. The sales are of the day close's
    store and day.
    """
    if not sales:
        return set()
    values = {"region": message["region"], "store": message["store_id"], "day": date.fromisoformat(message["date"])}
    rows = ports.warehouse.query(sql.text("ledger/till_messages"), values | {"sales": sorted(sales)}).to_pylist()
    keys = store_credentials.keys_of_store(ports, message["region"], message["store_id"]).keys
    till_of_key = {key.id: key.till for key in keys}
    tills: dict[str, set[str]] = {}
    for batch_id, group in groupby(rows, key=itemgetter("batch_id")):
        by_row = _messages_of_batch(ports, batch_id)
        for row in group:
            signing = by_row[row["row_number"]].signing if row["row_number"] in by_row else {}
            till = till_of_key.get(signing.get("key", "")) or signing.get("till", "")
            tills.setdefault(row["sale_id"], set()).add(till)
    return {sale_id for sale_id, names in tills.items() if names == {message["till_id"]}}


def _messages_of_batch(ports: Ports, batch_id: str) -> dict[int, StoredMessage]:
    """Row number → message of the original of a micro-batch; empty if it cannot be read, which shows no till."""
    try:
        with batch_originals.open_whole_original(ports, batch_records.get_batch(ports, batch_id)) as stream:
            block = read_messages(stream)
    except (NotFound, Rejected):
        return {}
    return {row: message for message in block.messages for row in message.rows}


@dataclass(frozen=True)
class _ChangedSales:
    """The sales that settlements changed. sale_ids: by region; days: their regions, stores and business days."""

    sale_ids: Mapping[str, set[str]]
    days: set[tuple[str, str | None, str]]


def check_day_closes(ports: Ports, contracts: ContractRegistry) -> int:
    """Compare every day close whose sales may count differently since its last comparison; return how many agree now.

    These are the open ones, and the closed ones with a sale that a later settlement changed. Idempotent.
    """
    newest = data_version.newest_settlement(ports.documents)
    for closed in _changed_closes(ports, contracts, newest):
        result = _comparison_fields(ports, contracts, closed, newest)
        if any(result[name] != closed.data.get(name, []) for name in _COMPARISON_FIELDS):
            reopened_at = ports.clock.now().isoformat(timespec="seconds") if result["state"] == "open" else ""
            _store_comparison(ports, closed, result | {"reopened_at": reopened_at})
    ports.documents.put(*FOLLOWED_DOCUMENT, {"settlement_no": newest})
    due = [
        each
        for each in ports.documents.find(DAY_CLOSES_COLLECTION, {"state": "open"})
        if each.data["checked"] != newest
    ]
    return sum(_store_comparison(ports, each, _comparison_fields(ports, contracts, each, newest)) for each in due)


def _store_comparison(ports: Ports, checked: Document, result: Mapping[str, Any]) -> bool:
    """Store a comparison, unless the day close was replaced, or its state changed; return whether it agrees."""

    def stored(document: Document | None) -> Update | Document:
        if document is None or any(document.data[name] != checked.data[name] for name in ("payload", "state")):
            return document or checked
        return Update({**document.data, **result})

    return bool(update_document(ports.documents, DAY_CLOSES_COLLECTION, checked.id, stored).data["state"] == "agreed")


def _changed_closes(ports: Ports, contracts: ContractRegistry, newest: int) -> list[Document]:
    """Closed day closes with a sale that a settlement changed since the last check.

    A position after the newest settlement is of a ledger that was repaired, and is ignored.
    """
    position = ports.documents.get(*FOLLOWED_DOCUMENT)
    after = int(position.data["settlement_no"]) if position else 0
    if after == newest:
        return []
    after = after if after < newest else 0
    days = ports.warehouse.query(sql.text("ledger/changed_days"), {"after": after, "last": newest})
    dates = days.column("sale_date").to_pylist()
    closed = [each for each in _nearby_closes(ports, dates) if each.data["state"] != "open"]
    if not closed:
        return []
    sales = _changed_sales(ports, closed, {"after": after, "last": newest, "days": dates})
    are_escaped = batch_records.are_sale_ids_escaped(ports)
    prefix = cache(lambda region, store: _sale_id_prefix(contracts, region, store, are_escaped=are_escaped))
    return [each for each in closed if _has_changed(each, prefix(each.data["region"], each.data["store_id"]), sales)]


def _nearby_closes(ports: Ports, days: list[date]) -> list[Document]:
    """Day closes of these days, and of the day before and after each; one read for each run of days."""
    runs: list[list[date]] = []
    for day in sorted({day + shift for day in days for shift in (-_DAY, timedelta(), _DAY)}):
        if runs and runs[-1][1] + _DAY == day:
            runs[-1][1] = day
        else:
            runs.append([day, day])
    bounds = ((first.isoformat(), (last + _DAY).isoformat()) for first, last in runs)
    return [
        each for first, last in bounds for each in ports.documents.find(DAY_CLOSES_COLLECTION, above=first, below=last)
    ]


def _changed_sales(ports: Ports, closed: list[Document], values: Mapping[str, Any]) -> _ChangedSales:
    closed_days = {date.fromisoformat(each.data["date"]) for each in closed}
    near = sorted({day + shift for day in closed_days for shift in (-_DAY, timedelta(), _DAY)})
    regions = sorted({each.data["region"] for each in closed})
    rows = ports.warehouse.query(sql.text("ledger/changed_sales"), {**values, "near": near, "regions": regions})
    changed = _ChangedSales({region: set() for region in regions}, set())
    for row in rows.to_pylist():
        changed.sale_ids[row["region"]].add(row["sale_id"])
        changed.days.add((row["region"], row["store_id"], row["sale_date"].isoformat()))
    return changed


def _has_changed(close: Document, prefix: str, sales: _ChangedSales) -> bool:
    """Whether one of the sales is of the day close or of its store and day, or may be a double of one.

    prefix: of the store's sale IDs.
    """
    if (close.data["region"], close.data["store_id"], close.data["date"]) in sales.days:
        return True
    changed = sales.sale_ids[close.data["region"]]
    numbers = messages.expand_numbers(json.loads(close.data["payload"])["numbers"])
    form = prefix + FORM_NUMBER_PREFIX
    return any(prefix + number in changed for number in numbers) or any(sale.startswith(form) for sale in changed)


def _comparison_fields(ports: Ports, contracts: ContractRegistry, document: Document, newest: int) -> JsonObject:
    """The fields of a record with its comparison now."""
    comparison, doubles = compare_day_close(ports, contracts, json.loads(document.data["payload"]))
    return {
        "state": "agreed" if comparison.agrees and not doubles else "open",
        "counted": comparison.sales[1],
        "missing": list(comparison.missing[:MAX_RANGES]),
        "surplus": list(comparison.surplus[:MAX_RANGES]),
        "totals": [
            {"currency": name, "till": f"{till:f}", "counted": f"{now:f}"} for name, till, now in comparison.totals
        ],
        "doubles": [{"form": form, "other": other} for form, other in doubles[:MAX_RANGES]],
        "checked": newest,
    }


def compare_day_close(
    ports: Ports, contracts: ContractRegistry, message: Mapping[str, Any]
) -> tuple[DayCloseComparison, list[list[str]]]:
    """Compare a day close with the sales of its store that count, and list possible doubles of sales of the form.

    A sale counts under its number also on the day before and after, as tills may have another cutoff. A sale of the
    day that no day close of the store names is a surplus if this till sent it.
    """
    day = date.fromisoformat(message["date"])
    values = {"region": message["region"], "store": message["store_id"], "first": day - _DAY, "last": day + _DAY}
    lines = ports.warehouse.query(sql.text("ledger/day_close_lines"), values).to_pylist()
    are_escaped = batch_records.are_sale_ids_escaped(ports)
    prefix = _sale_id_prefix(contracts, message["region"], message["store_id"], are_escaped=are_escaped)
    by_sale: dict[str, list[Row]] = {}
    for line in lines:
        if line["sale_id"].startswith(prefix):
            by_sale.setdefault(line["sale_id"].removeprefix(prefix), []).append(line)
    counted = [_counted_sale(number, rows) for number, rows in by_sale.items()]
    of_day = {number: rows for number, rows in by_sale.items() if rows[0]["sale_date"] == day}
    others = {sale.number for sale in counted if sale.number in of_day and not sale.is_cancelled}
    others -= set(messages.expand_numbers(message["numbers"]))
    if others:
        others -= _named_nearby(ports, message)
    sent = sales_sent_by_till(ports, message, {prefix + number for number in others})
    surplus = {sale_id.removeprefix(prefix) for sale_id in sent}
    return messages.compare_day_close(message, counted, surplus), _possible_doubles(of_day)


def _named_nearby(ports: Ports, message: Mapping[str, Any]) -> set[str]:
    """Sale numbers that other day closes of the store name, of this day and of the day before and after."""
    near = [each.data for each in _nearby_closes(ports, [date.fromisoformat(message["date"])])]
    own = [data for data in near if all(data[name] == message[name] for name in ("region", "store_id"))]
    identity = message["till_id"], message["date"]
    others = [json.loads(data["payload"]) for data in own if (data["till_id"], data["date"]) != identity]
    return {number for other in others for number in messages.expand_numbers(other["numbers"])}


def _sale_id_prefix(contracts: ContractRegistry, region: str, store: str, *, are_escaped: bool) -> str:
    """What precedes the number in the sale IDs of a store."""
    contract = contracts.for_region(region)
    if contract is None:
        return f"{store}/"
    return contract.identity.with_stores_escaped(are_escaped).sale_prefix(store)


def _counted_sale(number: str, rows: Iterable[Mapping[str, Any]]) -> CountedSale:
    net: dict[str, Decimal] = {}
    active = [row for row in rows if row["status"] != "cancelled"]
    for row in active:
        net[row["currency"]] = net.get(row["currency"], Decimal(0)) + row["net_amount"]
    return CountedSale(number, net, is_cancelled=not active)


def _possible_doubles(by_sale: Mapping[str, list[Row]]) -> list[list[str]]:
    """Pairs of a sale of the form and another sale of the day with the same products and amounts."""
    contents: dict[str, list[str]] = {}
    for number, rows in by_sale.items():
        products = sorted(
            [row["product_id"] or "", row["currency"], f"{row['net_amount'].normalize():f}"] for row in rows
        )
        contents.setdefault(json.dumps(products), []).append(number)
    pairs = []
    for numbers in contents.values():
        others = [number for number in numbers if not number.startswith(FORM_NUMBER_PREFIX)]
        forms = [number for number in numbers if number.startswith(FORM_NUMBER_PREFIX)]
        pairs += [[form, other] for form, other in zip(forms, others, strict=False)]
    return sorted(pairs)
