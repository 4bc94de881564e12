"""Held files by the days of their rows, within the scope of the user."""

from datetime import date

from portal.context import ports, scope
from portal.uploads import scoped
from tillstream.model.batch import Batch, BatchState
from tillstream.receipts import receipt


def of_day(region: str, day: date, store: str | None = None) -> list[Batch]:
    """Held files of a region with rows of a day, or of one of its stores on that day."""
    return [
        one
        for one in _held()
        if one.region == region and any(on == day and store in {None, of} for of, on in _store_days(one))
    ]


def days_by_region() -> dict[str, list[tuple[str | None, date]]]:
    """region → (store, day) of its held files."""
    days: dict[str, list[tuple[str | None, date]]] = {}
    for upload in _held():
        days.setdefault(upload.region, []).extend(_store_days(upload))
    return days


def _held() -> list[Batch]:
    return [one for one in scoped.newest(state=BatchState.HELD) if one.staged]


def _store_days(upload: Batch) -> set[tuple[str | None, date]]:
    stores = scope().stores
    return {one for one in receipt.staged_store_days(ports(), upload) if stores is None or one[0] in stores}
