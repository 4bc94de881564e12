"""Data version shared by all processes, which settlements, rates and the catalogue's tables change.

Reading it is cheaper than a query to a remote warehouse. It is written after the warehouse, so until then cached
answers are older than the warehouse, but never inconsistent.

Write the tables first, then note the change: a refresh of the totals that began before has not seen the new rows.
"""

import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import uuid4

from tillstream.ports.documents import Document, DocumentStore, Update, update_document
from tillstream.ports.machine import Clock
from tillstream.ports.warehouse import Warehouse

if TYPE_CHECKING:
    import pyarrow as pa

VERSION_DOCUMENT = ("warehouse", "newest")
LIVE_DOCUMENT = ("warehouse", "live")
POLL_SECONDS = 0.5
"""Seconds between two reads of the document by one process."""
MAX_AGE = 300
"""Seconds after which cached answers expire in any case: a process may have died before it updated the document."""

MOST_CODES = 1_000
"""With more codes, all days with a product are computed again."""
_DAYS = """
SELECT sale_date
FROM product_sums
WHERE {condition}
  AND sale_date >= @since
UNION DISTINCT
SELECT sale_date
FROM settlement_days
WHERE sale_date >= @since
  AND settlement_no > (SELECT COALESCE(MAX(split_settlement_no), 0) FROM summed)
"""
"""The second part: days that a refresh may be computing now."""


@dataclass(frozen=True)
class DataVersion:
    """A data version: answers computed under equal versions are interchangeable."""

    settlement_no: int
    version: int
    """Version of the document."""
    period: int = 0
    """Increases by one every `MAX_AGE` seconds."""


def bump_data_version(documents: DocumentStore, settlement_no: int = 0) -> None:
    """Invalidate cached answers. settlement_no: the settlement that causes it, if any. Idempotent."""

    def bumped(document: Document | None) -> Update:
        return Update({"settlement_no": max(settlement_no, document.data["settlement_no"] if document else 0)})

    update_document(documents, *VERSION_DOCUMENT, bumped)


def newest_settlement(documents: DocumentStore) -> int:
    """The greatest settlement that was bumped; 0 if none was."""
    document = documents.get(*VERSION_DOCUMENT)
    return int(document.data["settlement_no"]) if document else 0


def version_number(documents: DocumentStore) -> int:
    """Increases with every settlement and every change of rates or of the catalogue."""
    document = documents.get(*VERSION_DOCUMENT)
    return document.version if document else 0


def count_live_append(documents: DocumentStore) -> None:
    """Raise the number of appends of lines that are not settled yet, so that open pages read them."""
    update_document(
        documents,
        *LIVE_DOCUMENT,
        lambda document: Update({"appends": (document.data["appends"] if document else 0) + 1}),
    )


def live_appends(documents: DocumentStore) -> int:
    """The number of appends of lines before their settlement; 0 where everything is settled at once."""
    document = documents.get(*LIVE_DOCUMENT)
    return int(document.data["appends"]) if document else 0


def reset_data_version(documents: DocumentStore, settlement_no: int) -> None:
    """Set the newest settlement after a repair of the ledger, also to a smaller number. Invalidates cached answers."""
    update_document(documents, *VERSION_DOCUMENT, lambda _: Update({"settlement_no": settlement_no}))


class LatestVersion:
    """The current data version, cached for `POLL_SECONDS` seconds in this process. Thread-safe."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._mark: DataVersion | None = None

    def __call__(self) -> DataVersion | None:
        """None if the document does not exist yet."""
        with self._lock:
            now = time.monotonic()
            if now - self._read_at >= POLL_SECONDS:
                document = self._documents.get(*VERSION_DOCUMENT)
                period = int(now // MAX_AGE)
                self._mark = (
                    DataVersion(int(document.data["settlement_no"]), document.version, period) if document else None
                )
                self._read_at = now
            return self._mark


def note_catalogue_change(
    warehouse: Warehouse,
    documents: DocumentStore,
    clock: Clock,
    codes: Collection[str] | None = (),
    since: date = date.min,
) -> None:
    """Note that tables of the catalogue changed; answers from before are no longer used. Repeating it is harmless.

    codes: every code, alias and barcode, from before and after the change, of the products whose costs or codes
    changed; the margins of their days are computed again. None: of all products. Empty: only names changed, or prices.
    since: first of these days.
    """
    change = uuid4().hex
    if codes is None or codes:
        days = _changed_days(warehouse, codes, since)
        if days:
            warehouse.upsert("catalogue_days", _table(change_id=[change] * len(days), sale_date=days), ["change_id"])
    warehouse.upsert("catalogue_changes", _table(change_id=[change], changed_at=[clock.now()]), ["change_id"])
    bump_data_version(documents)


def _changed_days(warehouse: Warehouse, codes: Collection[str] | None, since: date) -> list[object]:
    params: dict[str, object] = {"since": since}
    condition = "product_id IS NOT NULL"
    if codes is not None and len(codes) <= MOST_CODES:
        condition, params["codes"] = "product_id IN UNNEST(@codes)", sorted(codes)
    days = warehouse.query(_DAYS.format(condition=condition), params)
    listed: list[object] = days.column("sale_date").to_pylist()
    return listed


def _table(**columns: list[object]) -> "pa.Table":
    import pyarrow as pa

    return pa.table(columns)
