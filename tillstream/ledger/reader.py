"""Reads the rows of a ledger that is stored elsewhere."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Protocol

import pyarrow as pa

Values = Collection[int] | Collection[str] | Collection[Decimal]


class LedgerReader(Protocol):
    """Reads rows of the ledger's tables by their day: sale_date or, for tables of batches, received_date."""

    def read(
        self, table: str, columns: Sequence[str], days: Collection[date], matching: Mapping[str, Values]
    ) -> pa.RecordBatchReader:
        """Read the rows of these days that have one of the values in any of the columns `matching`.

        May return more rows of these days. A key is returned as key_high and key_low.
        """

    def read_flags(self, days: Collection[date], sales: Collection[int]) -> pa.RecordBatchReader | None:
        """Read the later flags of contents of these days and sales: key_high, key_low, content, is_current, leads,
        settlement_no. None if sale_versions itself has them."""
