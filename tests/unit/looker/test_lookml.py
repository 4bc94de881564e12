"""The LookML parses, and its fields, formats, joins and filters are those of the definitions."""

import re
from collections.abc import Iterator
from typing import Any

import lkml
import pytest

from looker import lookml
from looker.definitions import sources
from sql.row_access import COSTS, PERSONAL
from tillstream.analytics.measures.definitions import all_measures
from tillstream.analytics.measures.view_measures import VIEW_COLUMNS, view_measures
from tillstream.cli.looker import _measures

FILES = dict(lookml.files("shop", "reports", "warehouse", _measures()))
VIEWS = {
    one["name"]: one for path, text in FILES.items() if path.startswith("views/") for one in lkml.load(text)["views"]
}
EXPLORES = {one["name"]: one for one in lkml.load(FILES["tillstream.model.lkml"])["explores"]}
KINDS = ("dimensions", "dimension_groups", "measures")
FORMATS = {
    "money": ("value_format_name", "decimal_2"),
    "count": ("value_format_name", "decimal_0"),
    "quantity": ("value_format", "#,##0.###"),
    "share": ("value_format_name", "percent_1"),
    "day": ("convert_tz", "no"),
}
each_view = pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)


def fields(view: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for kind in KINDS:
        yield from view.get(kind, [])


def field_names(view: dict[str, Any]) -> set[str]:
    """The names by which explores and other fields refer to the fields of a view."""
    groups = {f"{one['name']}_{frame}" for one in view.get("dimension_groups", []) for frame in one["timeframes"]}
    return groups | {one["name"] for kind in ("dimensions", "measures") for one in view.get(kind, [])}


def test_there_is_a_view_for_each_reporting_view_and_an_explore_for_each_that_is_no_dimension() -> None:
    assert set(VIEWS) == set(sources())
    assert set(EXPLORES) == {name for name in sources() if not name.startswith("dim_")}


@each_view
def test_a_view_reads_columns_that_exist_and_defines_each_field_once(view: dict[str, Any]) -> None:
    assert view["sql_table_name"] == f"`@{{PROJECT}}.@{{DATASET}}.{view['name']}`"
    columns = {field.name for field in sources()[view["name"]].fields}
    names = [one["name"] for one in fields(view)]
    assert len(names) == len(set(names))
    for one in fields(view):
        assert one["type"]
        assert set(re.findall(r"\$\{TABLE\}\.(\w+)", one["sql"])) <= columns, one["name"]
        assert set(re.findall(r"\$\{(\w+)\}", one["sql"])) - {"TABLE"} <= field_names(view), one["name"]
        assert one.get("description") or one.get("hidden") == "yes", one["name"]


@pytest.mark.parametrize("name", VIEW_COLUMNS)
def test_a_measure_has_the_label_format_and_description_of_its_definition(name: str) -> None:
    written = {one["name"]: one for one in VIEWS[name]["measures"]}
    for measure in view_measures(name):
        one, definition = written[measure], all_measures()[measure]
        assert one["label"] == definition.label
        assert definition.description in one["description"]
        assert definition.formula in one["description"]
        parameter, value = FORMATS[definition.format]
        assert one[parameter] == value
        assert one["type"] in {"sum", "count_distinct", "date", "number"}


def test_measures_of_measures_refer_to_them() -> None:
    margin = next(one for one in VIEWS["fact_sales"]["measures"] if one["name"] == "margin")
    assert (margin["type"], margin["sql"]) == ("number", "(${covered_revenue} - ${cost})")
    orders = next(one for one in VIEWS["fact_sales"]["measures"] if one["name"] == "orders")
    assert orders["type"] == "count_distinct"
    assert orders["sql"] == "IF(${TABLE}.counts_as_order, ${TABLE}.order_id, NULL)"


@pytest.mark.parametrize("explore", EXPLORES.values(), ids=EXPLORES)
def test_an_explore_is_limited_by_region_and_store(explore: dict[str, Any]) -> None:
    name = explore["name"]
    limits = {one["field"]: one["user_attribute"] for one in explore.get("access_filters", [])}
    existing = field_names(VIEWS[name]) & {"region", "store_id"}
    assert limits == {f"{name}.{field}": {"region": "region", "store_id": "store"}[field] for field in existing}
    assert "region" in existing


def test_explores_of_views_with_partitions_have_a_filter_of_days() -> None:
    filters = {name: one["always_filter"]["filters__all"] for name, one in EXPLORES.items() if "always_filter" in one}
    assert set(filters) == {"sales", "sales_with_people", "fact_sales", "fact_sales_daily"}
    for name, ((one,),) in filters.items():
        ((field, days),) = one.items()
        assert field == f"{name}.sale_date"
        assert days == "28 days"
        assert "sale_date" in field_names(VIEWS[name])


@pytest.mark.parametrize("explore", EXPLORES.values(), ids=EXPLORES)
def test_a_join_compares_fields_that_exist_and_has_the_key_of_its_dimension(explore: dict[str, Any]) -> None:
    for join in explore.get("joins", []):
        assert join["relationship"] == "many_to_one"
        left, right = re.fullmatch(r"\$\{([\w.]+)\} = \$\{([\w.]+)\}", join["sql_on"]).groups()
        assert left.partition(".")[0] == explore["name"]
        assert right.partition(".")[0] == join["name"]
        for view, _, field in (one.partition(".") for one in (left, right)):
            assert field in field_names(VIEWS[view])
    assert bool(explore.get("joins")) == explore["name"].startswith("fact_")


def test_people_and_costs_need_a_user_attribute() -> None:
    grants = {one["name"]: one for one in lkml.load(FILES["tillstream.model.lkml"])["access_grants"]}
    assert {one["user_attribute"] for one in grants.values()} == {"costs", "personal"}
    joins = {one["name"]: one for explore in EXPLORES.values() for one in explore.get("joins", [])}
    for name in PERSONAL:
        assert (EXPLORES.get(name) or joins[name])["required_access_grants"] == ["personal"]
    for view, columns in COSTS.items():
        granted = {one["name"] for one in fields(VIEWS[view]) if one.get("required_access_grants") == ["costs"]}
        reading = {
            one["name"] for one in fields(VIEWS[view]) if any(f"TABLE}}.{name}" in one["sql"] for name in columns)
        }
        assert reading
        assert reading <= granted
