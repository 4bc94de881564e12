"""The query of stock levels, now or in the past."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pyarrow as pa

from tillstream.model.errors import Rejected

NOW, AS_OF = "stock-levels", "stock-as-of"
"""Names of the queries."""
ALL_PAGES = "matching"
"""Column of the stock of the past only: the number of rows of all pages."""
_DAY_LENGTH = len("2026-01-31")


def query_at(text: str) -> tuple[str, dict[str, str]]:
    """Name and parameters of the query for stock at a time: empty for now, a day (its end), or an instant, else UTC.

    Raises `Rejected`.
    """
    if not text:
        return NOW, {}
    try:
        if len(text) == _DAY_LENGTH:
            return AS_OF, {"day": date.fromisoformat(text).isoformat()}
        at = datetime.fromisoformat(text)
        instant = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise Rejected(f"“{text}” is not a day or a time. Write it as 2026-01-31 or 2026-01-31T18:00:00Z.") from error
    return AS_OF, {"day": instant.date().isoformat(), "at": instant.isoformat()}


def streamed(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Stock of the past, with the columns that stock has now too."""
    return (batch.drop_columns([ALL_PAGES]) for batch in batches)
