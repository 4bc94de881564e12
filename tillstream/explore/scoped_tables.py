"""The tables that a query can read: the marts, limited to the rows and columns of a scope."""

from collections.abc import Mapping
from typing import Any

from tillstream.analytics.queries import COST_COLUMNS, Forbidden, forbidden_error
from tillstream.explore.scoped_statement import OfferedColumn, OfferedTable
from tillstream.marts.tables import TABLES, MartTable
from tillstream.model.document_json import JsonObject
from tillstream.model.people import Scope
from tillstream.model.permissions import Action, Role

SECRET_COST_COLUMNS = COST_COLUMNS | {"covered_revenue"}


def offered_tables(scope: Scope) -> dict[str, OfferedTable]:
    """The tables of a scope by name. Raises `Forbidden` for a scope without SQL."""
    if not scope.may(Action.RUN_SQL):
        raise forbidden_error(scope, Action.RUN_SQL, "run SQL")
    if scope.salesperson is not None:
        raise Forbidden("Your role cannot run SQL.")
    return {table.name: _offered_table(table, scope) for table in TABLES}


def common_tables() -> list[str]:
    """The tables that have the same rows and columns in every scope."""
    narrowest = Scope(Role.ANALYST, regions=("",), stores=("",))
    return [name for name, table in offered_tables(narrowest).items() if not table.is_restricted]


def scope_parameters(scope: Scope) -> Mapping[str, Any]:
    """Values of the parameters in the tables of a scope."""
    values: JsonObject = {}
    if scope.regions is not None:
        values["scope_regions"] = list(scope.regions)
    if scope.stores is not None:
        values["scope_stores"] = list(scope.stores)
    return values


def _offered_table(table: MartTable, scope: Scope) -> OfferedTable:
    hidden = frozenset() if scope.may(Action.SEE_COSTS) else SECRET_COST_COLUMNS
    columns = [column for column in table.columns if column.name not in hidden]
    names = ", ".join(column.name for column in columns)
    source, where = _source_of_table(table.name, scope)
    select = f"SELECT {names} FROM {source}" + (f" WHERE {where}" if where else "")
    described = tuple(OfferedColumn(one.name, str(one.type), table.descriptions[one.name]) for one in columns)
    return OfferedTable(table.name, table.description, described, select, source != table.name or bool(where))


def _source_of_table(table: str, scope: Scope) -> tuple[str, str]:
    """What a table of a scope is read from, and the condition of its rows; empty: all rows. Products, channels,
    currencies and days are the same for the whole company."""
    facts = " AND ".join(_rows_of_facts(scope))
    match table:
        case "fact_sales":
            return table, facts
        case "dim_store":
            stores = [] if scope.stores is None else ["store_id IN UNNEST(@scope_stores)"]
            return table, " AND ".join(_in_regions(scope) + stores)
        case "dim_customer" | "dim_salesperson" if facts:
            return _with_days_of_scope(table, facts), ""
    return table, ""


def _with_days_of_scope(table: str, facts: str) -> str:
    """Customers or salespeople with sales in a scope; their first and last days are those of these sales."""
    key = table.replace("dim_", "") + "_key"
    days = (
        "MIN(IF(is_active, sale_date, NULL)) AS first_sale_date, MAX(IF(is_active, sale_date, NULL)) AS last_sale_date"
    )
    own = f"(SELECT {key}, {days} FROM fact_sales WHERE {facts} GROUP BY {key}) AS own"
    return (
        f"(SELECT {table}.* EXCEPT (first_sale_date, last_sale_date), own.first_sale_date, own.last_sale_date "
        f"FROM {table} JOIN {own} ON own.{key} = {table}.{key}) AS within"
    )


def _in_regions(scope: Scope) -> list[str]:
    return [] if scope.regions is None else ["region IN UNNEST(@scope_regions)"]


def _rows_of_facts(scope: Scope) -> list[str]:
    conditions = _in_regions(scope)
    if scope.stores is not None:
        keys = "SELECT store_key FROM dim_store WHERE store_id IN UNNEST(@scope_stores)"
        conditions.append(f"store_key IN ({keys})")
    return conditions
