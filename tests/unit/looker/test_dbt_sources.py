"""The dbt sources have documented properties only, and the columns, keys and measures of the views."""

from typing import Any

import pytest
import yaml

from looker.dbt import sources_file
from looker.definitions import sources
from sql.row_access import COSTS, PERSONAL
from tillstream.analytics.measures.view_measures import view_measures
from tillstream.cli.looker import _measures

CONFIG = {"enabled", "event_time", "freshness", "loaded_at_field", "loaded_at_query", "meta", "tags"}
SOURCE = {"name", "description", "database", "schema", "loader", "config", "quoting", "tables"}
TABLE = {"name", "description", "identifier", "data_tests", "config", "external", "quoting", "columns"}
COLUMN = {"name", "description", "data_type", "quote", "data_tests", "config"}
"""Properties of https://docs.getdbt.com/reference/source-properties."""
FILE = yaml.safe_load(sources_file("shop", "reports", _measures()))
TABLES: dict[str, dict[str, Any]] = {one["name"]: one for one in FILE["sources"][0]["tables"]}


def test_the_file_has_documented_properties_only() -> None:
    assert set(FILE) == {"version", "sources"}
    (source,) = FILE["sources"]
    assert set(source) <= SOURCE
    for table in source["tables"]:
        assert set(table) <= TABLE
        assert set(table.get("config", {})) <= CONFIG
        for column in table["columns"]:
            assert set(column) <= COLUMN
            assert set(column.get("config", {})) <= CONFIG


@pytest.mark.parametrize("view", sources())
def test_a_table_has_the_columns_and_measures_of_its_view(view: str) -> None:
    table, source = TABLES[view], sources()[view]
    assert table["description"] == source.description
    assert [(one["name"], one["description"]) for one in table["columns"]] == [
        (field.name, field.description) for field in source.fields
    ]
    meta = table.get("config", {}).get("meta", {})
    assert meta.get("measures", {}).keys() == view_measures(view).keys()
    assert meta.get("personal", False) == (view in PERSONAL)


def test_keys_and_costs_are_marked() -> None:
    marks = {
        (name, column["name"]): column["config"]["meta"]
        for name, table in TABLES.items()
        for column in table["columns"]
        if "config" in column
    }
    assert marks["fact_sales", "product_key"] == {"key_of": "dim_product"}
    assert marks["fact_sales", "cost"] == {"total": "sum", "costs": True}
    costs = {(view, column) for view, columns in COSTS.items() for column in columns}
    assert {place for place, meta in marks.items() if meta.get("costs")} == costs


def test_a_measure_has_its_aggregate() -> None:
    measures = TABLES["sales"]["config"]["meta"]["measures"]
    assert measures["revenue"] == {"label": "Revenue", "sql": "SUM(revenue)", "format": "money"}
    assert measures["orders"]["sql"] == "COUNT(DISTINCT order_id)"
