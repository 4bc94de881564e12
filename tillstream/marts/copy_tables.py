"""The tables of a read copy, and their totals in the ledger and in rows that are being copied."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Context, Decimal

import pyarrow as pa
import pyarrow.compute as pc

from tillstream.marts.state import days_of
from tillstream.marts.tables import BIGNUMERIC, TABLES, MartColumn, MartTable, MartType
from tillstream.model.columns import ColumnKind
from tillstream.ports.warehouse import ROW_COUNT, CopyColumn, CopyDays, CopyTable, CopyTotals, Snapshot

MONTH_OF = "sale_date"
_INDEXES = {"fact_sales": (("store_key", "sale_date"), ("product_key", "sale_date"))}
_SUMS: dict[MartType, str] = {
    ColumnKind.STRING: "CAST(COALESCE(SUM(LENGTH({}) + 1), 0) AS INT64)",
    ColumnKind.DATE: "CAST(COALESCE(SUM(DATE_DIFF({}, DATE '1970-01-01', DAY)), 0) AS INT64)",
    ColumnKind.BOOL: "COUNTIF({})",
    ColumnKind.INT64: "CAST(COALESCE(SUM({}), 0) AS INT64)",
}
_EXACT = Context(prec=100)


def copy_tables() -> list[tuple[MartTable, CopyTable]]:
    return [(table, _copy_table(table)) for table in TABLES]


def _copy_table(table: MartTable) -> CopyTable:
    columns = tuple(_copy_column(column, table.descriptions[column.name]) for column in table.columns)
    month_of = MONTH_OF if table.by_month else ""
    return CopyTable(table.name, table.description, columns, table.key, _INDEXES.get(table.name, ()), month_of)


def _copy_column(column: MartColumn, description: str) -> CopyColumn:
    if column.type == BIGNUMERIC:
        return CopyColumn(column.name, ColumnKind.NUMERIC, 18, description)
    kind = ColumnKind(column.type)
    return CopyColumn(column.name, kind, 9 if kind is ColumnKind.NUMERIC else 0, description)


def month_days(month: str) -> CopyDays | None:
    """None for a table that is replaced as a whole."""
    return days_of(month) if month else None


def ledger_totals(snapshot: Snapshot, table: MartTable) -> Mapping[str, CopyTotals]:
    """Month → totals of its rows in the ledger; "" → totals for a table without months."""
    month = f"FORMAT_DATE('%Y-%m', {MONTH_OF})" if table.by_month else "''"
    sums = [f"{_SUMS.get(column.type, 'SUM({})').format(column.name)} AS sum_{column.name}" for column in table.columns]
    text = f"SELECT {month} AS part, COUNT(*) AS row_count, {', '.join(sums)}\nFROM {table.name}\nGROUP BY part"
    return {
        row["part"]: {ROW_COUNT: Decimal(row["row_count"])}
        | {name: Decimal(row[f"sum_{name}"] or 0) for name in table.names}
        for row in snapshot.query(text).to_pylist()
    }


class Summed:
    """Record batches that are passed on and added up. totals: of those that were read."""

    def __init__(self, table: MartTable, batches: Iterable[pa.RecordBatch]) -> None:
        self._batches = batches
        self.totals: dict[str, Decimal] = dict.fromkeys([ROW_COUNT, *table.names], Decimal(0))

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for batch in self._batches:
            self._add(ROW_COUNT, batch.num_rows)
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                self._add(name, _sum(column))
            yield batch

    def _add(self, name: str, value: Decimal | int) -> None:
        self.totals[name] = _EXACT.add(self.totals[name], Decimal(value))


def _sum(column: pa.Array) -> Decimal | int:
    kind = column.type
    if pa.types.is_string(kind):
        column = pc.add(pc.utf8_length(column), 1).cast(pa.int64())
    elif pa.types.is_date(kind):
        column = column.cast(pa.int32()).cast(pa.int64())
    elif pa.types.is_decimal(kind):
        column = column.cast(pa.decimal256(76, kind.scale))
    total: Decimal | int = pc.sum(column).as_py() or 0
    return total
