"""The exported tables: their columns and types, declared once for Parquet and for the statements of every engine."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

import sql
from tillstream.model.columns import ColumnKind
from tillstream.model.errors import Rejected
from tillstream.model.tables.warehouse_tables import column_descriptions
from tillstream.model.text import did_you_mean

BIGNUMERIC: Literal["BIGNUMERIC"] = "BIGNUMERIC"
"""A number with 18 decimals: exactly the product of an amount and a rate, which have 9 each."""
MartType = ColumnKind | Literal["BIGNUMERIC"]

_S, _D, _N, _I, _B = ColumnKind.STRING, ColumnKind.DATE, ColumnKind.NUMERIC, ColumnKind.INT64, ColumnKind.BOOL


@dataclass(frozen=True)
class MartColumn:
    name: str
    type: MartType


@dataclass(frozen=True)
class MartTable:
    """A view of sql/marts. key: the columns that identify a row. by_month: it has files for each month of sale_date."""

    name: str
    key: tuple[str, ...]
    columns: tuple[MartColumn, ...]
    by_month: bool = False

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def description(self) -> str:
        """The leading comment of the view, up to the descriptions of its columns."""
        lines = sql.text(f"marts/{self.name}").split("-- - ")[0].split("CREATE ")[0].splitlines()
        return " ".join(line.removeprefix("--").strip() for line in lines)

    @property
    def descriptions(self) -> dict[str, str]:
        """Column → its description."""
        return _descriptions(self)


@cache
def _descriptions(table: MartTable) -> dict[str, str]:
    described = sql.columns_of(f"marts/{table.name}", column_descriptions())
    return {name: described[name].words if name in described else "" for name in table.names}


def _columns(kind: MartType, names: str) -> list[MartColumn]:
    return [MartColumn(name, kind) for name in names.split()]


TABLES: tuple[MartTable, ...] = (
    MartTable(
        "fact_sales",
        ("sale_date", "order_id", "line_key"),
        (
            *_columns(_D, "sale_date"),
            *_columns(_S, "order_id line_key region store_key product_key customer_key salesperson_key channel_key"),
            *_columns(_S, "currency_key country status"),
            *_columns(_B, "is_active counts_as_order is_return"),
            *_columns(_N, "quantity unit_price discount tax net_amount gross_amount units"),
            *_columns(BIGNUMERIC, "revenue cost covered_revenue"),
            *_columns(_B, "is_unconverted"),
        ),
        by_month=True,
    ),
    MartTable(
        "dim_date",
        ("sale_date",),
        (
            *_columns(_D, "sale_date"),
            *_columns(_I, "year quarter month day_of_month day_of_year weekday"),
            *_columns(_S, "weekday_name"),
            *_columns(_I, "iso_year iso_week"),
            *_columns(_D, "week_start month_start quarter_start"),
            *_columns(_I, "fiscal_year fiscal_quarter fiscal_month"),
            *_columns(_I, "retail_year retail_quarter retail_month retail_week"),
            *_columns(_D, "retail_year_start retail_week_start"),
        ),
    ),
    MartTable(
        "dim_store",
        ("store_key",),
        (
            *_columns(_S, "store_key region store_id name country time_zone currency"),
            *_columns(_N, "latitude longitude"),
            *_columns(_B, "active"),
            *_columns(_D, "valid_from valid_to"),
            *_columns(_B, "is_current in_catalogue"),
        ),
    ),
    MartTable(
        "dim_product",
        ("product_key",),
        (
            *_columns(_S, "product_key product_id name category"),
            *_columns(_N, "pack_size"),
            *_columns(_S, "supplier barcode"),
            *_columns(_B, "active"),
            *_columns(_D, "valid_from valid_to"),
            *_columns(_B, "is_current in_catalogue"),
        ),
    ),
    MartTable(
        "dim_customer",
        ("customer_key",),
        (*_columns(_S, "customer_key"), *_columns(_D, "first_sale_date last_sale_date")),
    ),
    MartTable(
        "dim_salesperson",
        ("salesperson_key",),
        (
            *_columns(_S, "salesperson_key region"),
            *_columns(_D, "first_sale_date last_sale_date"),
            *_columns(_B, "in_catalogue"),
        ),
    ),
    MartTable("dim_channel", ("channel_key",), (*_columns(_S, "channel_key channel"),)),
    MartTable("dim_currency", ("currency_key",), (*_columns(_S, "currency_key"), *_columns(_B, "is_reporting"))),
)
"""People are surrogates; the views with their names and IDs are never exported. fact_sales_daily is not exported: its
totals can be behind the last settlement, and any engine can compute them from fact_sales."""


@cache
def tables_by_name() -> dict[str, MartTable]:
    return {table.name: table for table in TABLES}


def chosen_tables(names: Iterable[str]) -> tuple[MartTable, ...]:
    """The tables of these names in the order of `TABLES`, all without a name. Raises `Rejected` for an unknown one."""
    names = set(names)
    for name in sorted(names - tables_by_name().keys()):
        raise Rejected(f"There is no table {name} to export.{did_you_mean(name, tables_by_name())}")
    return tuple(table for table in TABLES if table.name in names or not names)
