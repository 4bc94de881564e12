"""The tables that a query can read: the marts, limited to the rows and columns of a scope."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tillstream.analytics.queries import COST_COLUMNS, Forbidden
from tillstream.domain.people import Action, Scope
from tillstream.marts.tables import TABLES, MartTable

OF_SCOPE = "scoped_"
"""Prefix of the relations that stand for the tables in a query."""
COSTS = COST_COLUMNS | {"covered_revenue"}


@dataclass(frozen=True)
class OfferedColumn:
    name: str
    type: str
    description: str


@dataclass(frozen=True)
class OfferedTable:
    """A table as a person sees it. select: its rows within the scope, in GoogleSQL."""

    name: str
    description: str
    columns: tuple[OfferedColumn, ...]
    select: str


def offered(scope: Scope) -> dict[str, OfferedTable]:
    """The tables of a scope by name. Raises `Forbidden` for a scope without SQL."""
    if not scope.may(Action.RUN_SQL) or scope.salesperson is not None:
        raise Forbidden("Your role cannot run SQL.")
    return {table.name: _offered(table, scope) for table in TABLES}


def parameters(scope: Scope) -> Mapping[str, Any]:
    """Values of the parameters in the tables of a scope."""
    values: dict[str, Any] = {}
    if scope.regions is not None:
        values["scope_regions"] = list(scope.regions)
    if scope.stores is not None:
        values["scope_stores"] = list(scope.stores)
    return values


def _offered(table: MartTable, scope: Scope) -> OfferedTable:
    hidden = frozenset() if scope.may(Action.SEE_COSTS) else COSTS
    columns = [column for column in table.columns if column.name not in hidden]
    names = ", ".join(column.name for column in columns)
    where = _where(table.name, scope)
    select = f"SELECT {names} FROM {table.name}" + (f" WHERE {where}" if where else "")
    described = tuple(OfferedColumn(one.name, str(one.type), table.descriptions[one.name]) for one in columns)
    return OfferedTable(table.name, table.description, described, select)


def _where(table: str, scope: Scope) -> str:
    """The condition of the rows of a table in a scope; empty: all rows. Products, channels, currencies and days are the
    same for the whole company."""
    match table:
        case "fact_sales":
            return " AND ".join(_of_facts(scope))
        case "dim_store":
            conditions = _of_regions(scope)
            if scope.stores is not None:
                conditions.append("store_id IN UNNEST(@scope_stores)")
            return " AND ".join(conditions)
        case "dim_customer" | "dim_salesperson":
            key = table.replace("dim_", "") + "_key"
            facts = " AND ".join(_of_facts(scope))
            return f"{key} IN (SELECT {key} FROM fact_sales WHERE {facts})" if facts else ""
    return ""


def _of_regions(scope: Scope) -> list[str]:
    return [] if scope.regions is None else ["region IN UNNEST(@scope_regions)"]


def _of_facts(scope: Scope) -> list[str]:
    conditions = _of_regions(scope)
    if scope.stores is not None:
        keys = "SELECT store_key FROM dim_store WHERE store_id IN UNNEST(@scope_stores)"
        conditions.append(f"store_key IN ({keys})")
    return conditions
