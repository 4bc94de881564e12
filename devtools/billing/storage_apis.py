"""Bytes that the Storage APIs of BigQuery bill.

- Read: the selected columns of the partitions that a constant row restriction leaves; no minimum. Savings by clustering
  are ignored. https://cloud.google.com/bigquery/pricing#data_extraction_pricing
- Write: the bytes of the rows. https://cloud.google.com/bigquery/pricing#data_ingestion_pricing
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import sqlglot

from devtools.billing.references import DIALECT, Reference, references
from devtools.billing.traffic import Ledger


@dataclass(frozen=True)
class ReadSession:
    """A read of one table. restriction: its SQL condition; empty for all rows."""

    table: str
    columns: Sequence[str]
    restriction: str

    @cached_property
    def reference(self) -> Reference:
        """The partitions that are left. Columns that only the restriction names are read as well."""
        where = f" WHERE {self.restriction}" if self.restriction else ""
        text = f"SELECT {', '.join(self.columns) or '*'} FROM {self.table}{where}"
        (reference,) = references(sqlglot.parse_one(text, read=DIALECT))
        return reference

    def bytes(self, ledger: Ledger) -> float:
        reference = self.reference
        return ledger.bytes(reference.table, reference.columns, reference.selection)
