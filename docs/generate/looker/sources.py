"""looker/sources/*.yaml: a data source of Looker Studio for each view, from the columns in the view's header."""

from functools import cache
from itertools import takewhile
from typing import Any

import pyarrow as pa
import yaml

import sql
from sql.row_access import COSTS, PERSONAL
from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.model.tables.warehouse_tables import column_descriptions

NOTE = "# Written by `make docs`; do not edit. The texts are in sql/marts.\n"
COUNTRY = "country"


def page(view: str) -> str:
    columns = sql.columns_of(f"marts/{view}", column_descriptions())
    fields = [
        {
            "name": column.name,
            "type": "Country" if column.name == COUNTRY else _type(column.type),
            "aggregation": columns[column.name].total or "none",
            "description": columns[column.name].words,
            **({"is_cost": True} if column.name in COSTS.get(view, ()) else {}),
        }
        for column in _columns(view)
    ]
    personal = {"is_personal": True} if view in PERSONAL else {}
    described = {"view": view, "description": _description(view), **personal, "fields": fields}
    return NOTE + yaml.safe_dump(described, sort_keys=False, allow_unicode=True, width=118)


def _columns(view: str) -> Any:
    return _warehouse().query(f"SELECT * FROM {view} LIMIT 0").schema


@cache
def _warehouse() -> DuckDBWarehouse:
    return DuckDBWarehouse(":memory:", threads=1)


def _type(kind: pa.DataType) -> str:
    if pa.types.is_boolean(kind):
        return "Boolean"
    if pa.types.is_date(kind):
        return "Date"
    if pa.types.is_timestamp(kind):
        return "Date & Time"
    return "Text" if pa.types.is_string(kind) else "Number"


def _description(view: str) -> str:
    head = takewhile(lambda line: line.startswith("--"), sql.text(f"marts/{view}").splitlines())
    return " ".join(line.removeprefix("--").strip() for line in head if not line.startswith("-- - "))
