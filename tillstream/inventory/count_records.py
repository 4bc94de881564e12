"""Stored counts in progress: one document per count, and one per counted product."""

import hashlib
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tillstream.domain.inventory.counts import CountedLine, CountPart, CountState, StockCount
from tillstream.domain.inventory.movements import DayPart
from tillstream.model.errors import NotFound
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document

COUNTS, LINES = "stock_counts", "stock_count_lines"


def get(ports: Ports, count_id: str) -> StockCount:
    """Raises `NotFound`."""
    document = ports.documents.get(COUNTS, count_id)
    if document is None:
        raise NotFound(f"There is no count {count_id}.")
    return to_count(document)


def find(ports: Ports, region: str, store_id: str) -> list[StockCount]:
    """The counts of a store, newest first."""
    documents = ports.documents.find(COUNTS, {"region": region, "store_id": store_id})
    return sorted(map(to_count, documents), key=lambda one: one.started_at, reverse=True)


def lines(ports: Ports, count_id: str) -> list[CountedLine]:
    """The lines of a count, the one that was scanned last first."""
    documents = ports.documents.find(LINES, {"count_id": count_id})
    return sorted(map(to_line, documents), key=lambda one: one.counted_at, reverse=True)


def change(ports: Ports, count_id: str, close: Callable[[StockCount], StockCount]) -> StockCount:
    """Change a count by compare-and-set. Raises `NotFound`, and what `close` raises."""

    def changed(document: Document | None) -> Update | Document:
        if document is None:
            raise NotFound(f"There is no count {count_id}.")
        data = to_data(close(to_count(document)))
        return document if data == document.data else Update(data)

    document = update_document(ports.documents, COUNTS, count_id, changed)
    return to_count(document)


def line_id(count_id: str, product_id: str) -> str:
    return f"{count_id}-{hashlib.sha256(product_id.encode()).hexdigest()[:32]}"


def to_data(count: StockCount) -> dict[str, Any]:
    return {
        "count_id": count.count_id,
        "region": count.region,
        "store_id": count.store_id,
        "part": count.part.value,
        "category": count.category,
        "day_part": count.day_part.value,
        "by": count.by,
        "started_at": count.started_at.isoformat(),
        "state": count.state.value,
        "closed_by": count.closed_by,
        "closed_at": count.closed_at.isoformat() if count.closed_at else "",
        "closed_on": count.closed_on.isoformat() if count.closed_on else "",
        "zeros": list(count.zeros),
    }


def to_count(document: Document) -> StockCount:
    data = document.data
    return StockCount(
        count_id=data["count_id"],
        region=data["region"],
        store_id=data["store_id"],
        part=CountPart(data["part"]),
        category=data["category"],
        day_part=DayPart(data["day_part"]),
        by=data["by"],
        started_at=datetime.fromisoformat(data["started_at"]),
        state=CountState(data["state"]),
        closed_by=data["closed_by"],
        closed_at=datetime.fromisoformat(data["closed_at"]) if data["closed_at"] else None,
        closed_on=date.fromisoformat(data["closed_on"]) if data["closed_on"] else None,
        zeros=tuple(data["zeros"]),
    )


def to_line(document: Document) -> CountedLine:
    data = document.data
    return CountedLine(
        data["product_id"],
        data["name"],
        Decimal(data["quantity"]),
        datetime.fromisoformat(data["counted_at"]),
        date.fromisoformat(data["stock_date"]),
        data["by"],
    )
