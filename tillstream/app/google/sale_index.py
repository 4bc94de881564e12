"""Rebuild the sale index of a Google Cloud project from its ledger, and check whether it is complete."""

from contextlib import closing
from typing import Any

from tillstream.adapters.google.bigquery.sale_index_rebuild import has_tables, last_settlement, rebuild_index
from tillstream.adapters.google.sale_index import FirestoreSaleIndex
from tillstream.app.google.dataset import dataset_of
from tillstream.model.errors import Unavailable
from tillstream.ports.warehouse import INDEX_INCOMPLETE
from tillstream.settings import Settings


def rebuild(settings: Settings) -> dict[str, Any]:
    """Rebuild the index; settlements fail meanwhile. Raises `Rejected`, `Unavailable`; run it again then."""
    with closing(dataset_of(settings)) as dataset, closing(FirestoreSaleIndex(settings.project)) as index:
        return {"settlement_no": rebuild_index(dataset, index)}


def invalidate(settings: Settings) -> None:
    """Make settlements fail until the index is rebuilt."""
    with closing(FirestoreSaleIndex(settings.project)) as index:
        index.invalidate()


def differences(settings: Settings) -> list[str]:
    """Describe why the index must be rebuilt; empty if it is complete."""
    with closing(dataset_of(settings)) as dataset, closing(FirestoreSaleIndex(settings.project)) as index:
        if not has_tables(dataset):
            return ["the tables of this version are missing"]
        last = last_settlement(dataset)
        try:
            index.check(last)
        except Unavailable as error:
            if str(error) != INDEX_INCOMPLETE:
                raise
            return [f"days of sales up to settlement {last} are missing"]
    return []
