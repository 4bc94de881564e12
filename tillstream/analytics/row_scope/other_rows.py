"""Rows of other tables than sales within scope and filters: uploads, names, forecasts and stock."""

from typing import Any

import sql
from tillstream.analytics.filters import Filters
from tillstream.analytics.row_scope.conditions import Where
from tillstream.analytics.row_scope.day_sets import scope_where
from tillstream.domain.people import Scope

_STOCK = """(
    SELECT
      levels.* EXCEPT (category),
      COALESCE(products.category, levels.category) AS category
    FROM stock_levels AS levels
    LEFT JOIN (
      SELECT product_id, category FROM catalogue_products WHERE valid_to IS NULL
    ) AS products ON products.product_id = levels.product
    WHERE levels.moved IS NOT NULL
  ) AS levels"""

_FACTS = sql.statement("reference/stock_facts").partition("VIEW stock_facts AS")[2]
_CONVERTED_FACTS = f"({_FACTS}) AS stock_facts"
"""The rows of the view with the rates of the query instead of those of the view."""
_CONVERTED_STOCK = (
    "("
    + sql.statement("marts/stock")
    .partition("VIEW stock AS")[2]
    .replace("SELECT * FROM stock_facts", f"SELECT * FROM {_CONVERTED_FACTS}")
    + ") AS stock"
)


def other_rows(scope: Scope, filters: Filters, *, converted: bool = False) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return name → (SELECT, parameters) of each relation.

    converted: whether amounts of stock are in the currency of the query instead of the reporting currency.

    visible_batches: batches of the regions in scope and filters; for a scope limited to stores or own sales, only
    those with visible rows, and rows_read counts only these;
    whole_batches: of these, for such a scope, only the batches whose rows as they arrived are all visible: what is
    counted over a batch must not count the rows of others;
    visible_names: names of the stores and salespeople in the scope;
    visible_forecasts: forecasts of nodes that are wholly within scope and filters: levels over several regions or
    stores only without such limits;
    visible_price_effects: price effects of the filtered categories; the same for every scope;
    visible_refusals: rejected rows; for a scope limited to stores, only rows with a readable store in scope;
    visible_stock_levels: stock levels of the regions and stores in scope, within filters of region, store, category and
    product; others select nothing. Stock has no salesperson: it is that of their stores;
    visible_stock_facts, named_stock_levels: the same rows of the views `stock_facts` and `stock`;
    visible_movements: movements of these stores, and transfers from and to them, within filters of region and product;
    visible_stock_lines: lines that change their stock, within the same filters;
    visible_restock_lines: lines of the restock queue of these stores, within filters of region and product;
    visible_unsettled_lines: lines of store sales that are not in the ledger yet, in the scope.
    """
    return {
        "visible_batches": _batches(scope, filters),
        "whole_batches": _whole_batches(scope, filters),
        "visible_refusals": _refusals(scope),
        "visible_names": _names(scope),
        "visible_forecasts": _forecasts(scope, filters),
        "visible_price_effects": _price_effects(filters),
        "visible_stock_levels": _stock_levels(scope, filters, _STOCK),
        "visible_stock_facts": _stock_levels(scope, filters, _CONVERTED_FACTS if converted else "stock_facts"),
        "named_stock_levels": _stock_levels(scope, filters, _CONVERTED_STOCK if converted else "stock"),
        "visible_movements": _movements(scope, filters),
        "visible_stock_lines": _stock_lines(scope, filters),
        "visible_restock_lines": _restock_lines(scope, filters),
        "visible_unsettled_lines": _unsettled_lines(scope),
    }


def _batches(scope: Scope, filters: Filters) -> tuple[str, dict[str, Any]]:
    where = _batches_of_regions(scope, filters)
    if scope.stores is None and scope.salesperson is None:
        return where.select("batches"), where.params
    rows = scope_where(scope)
    matches = (
        "SELECT sightings.batch_no, COUNT(*) AS seen_rows FROM sightings "
        f"INNER JOIN ({rows.select('sale_versions', 'key, content')}) AS theirs "
        "ON theirs.key = sightings.key AND theirs.content = sightings.content GROUP BY sightings.batch_no"
    )
    select = (
        "SELECT chosen.* EXCEPT (rows_read), seen.seen_rows AS rows_read "
        f"FROM ({where.select('batches')}) AS chosen INNER JOIN ({matches}) AS seen ON seen.batch_no = chosen.batch_no"
    )
    return select, where.params | rows.params


def _whole_batches(scope: Scope, filters: Filters) -> tuple[str, dict[str, Any]]:
    where = _batches_of_regions(scope, filters)
    if scope.stores is None and scope.salesperson is None:
        return where.select("batches"), where.params
    rows, (refusals, params) = scope_where(scope), _refusals(scope)
    where.conditions.append(
        "batch_no IN (SELECT batch_no FROM ("
        "SELECT sightings.batch_no, theirs.key IS NULL AS is_hidden FROM sightings "
        f"LEFT JOIN ({rows.select('sale_versions', 'key, content')}) AS theirs "
        "ON theirs.key = sightings.key AND theirs.content = sightings.content "
        "WHERE sightings.fix_number = 0 AND sightings.outcome <> 'quarantined' "
        "UNION ALL SELECT refusals.batch_no, theirs.batch_no IS NULL AS is_hidden FROM refusals "
        f"LEFT JOIN ({refusals}) AS theirs ON theirs.batch_no = refusals.batch_no "
        "AND theirs.row_number = refusals.row_number AND theirs.fix_number = refusals.fix_number "
        "WHERE refusals.fix_number = 0"
        ") AS arrived GROUP BY batch_no HAVING COUNTIF(is_hidden) = 0)"
    )
    return where.select("batches"), where.params | rows.params | params


def _batches_of_regions(scope: Scope, filters: Filters) -> Where:
    where = Where()
    where.is_in("region", scope.regions, "scope_regions")
    where.is_in("region", filters.region, "filter_region")
    return where


def _refusals(scope: Scope) -> tuple[str, dict[str, Any]]:
    where = Where()
    where.is_in("store_id", scope.stores, "scope_stores")
    if scope.salesperson is not None:
        where.conditions.append("FALSE")  # rejected rows have no salesperson
    return where.select("refusals"), where.params


def _forecasts(scope: Scope, filters: Filters) -> tuple[str, dict[str, Any]]:
    where = Where()
    limits = {"region": scope.regions, "store_id": scope.stores}
    for column, values in limits.items():
        where.is_in(column, values, f"scope_{column}")  # NULL, as in levels over all of them, is in no list
    if scope.salesperson is not None:
        where.conditions.append("FALSE")
    chosen = {"region": filters.region, "store_id": filters.store, "category": filters.category}
    for column, values in (chosen | {"product": filters.product}).items():
        where.is_in(column, values, f"filter_{column}")
    if filters.status or filters.channel or filters.salesperson or filters.country:
        where.conditions.append("FALSE")  # nothing is forecast by these
    where.between(filters.start, filters.end, "filter", "last_day")
    return where.select("forecasts"), where.params


def _price_effects(filters: Filters) -> tuple[str, dict[str, Any]]:
    where = Where()
    where.is_in("category", filters.category, "filter_category")
    return where.select("price_effects"), where.params


def _names(scope: Scope) -> tuple[str, dict[str, Any]]:
    rows = Where()
    rows.is_in("region", scope.regions, "scope_regions")
    stores, people = Where(), Where()
    stores.is_in("code", scope.stores, "scope_stores")
    if scope.salesperson is not None:
        people.is_in("code", (scope.salesperson,) if scope.salesperson else (), "scope_salesperson")
    for kind, where in (("store", stores), ("salesperson", people)):
        if where.conditions:
            rows.conditions.append(f"(kind <> '{kind}' OR {where.conditions[0]})")
            rows.params |= where.params
    return rows.select("catalogue_names", extra="kind <> 'product'"), rows.params


def _stock_levels(scope: Scope, filters: Filters, table: str) -> tuple[str, dict[str, Any]]:
    where = _stock_where(scope, filters)
    where.is_in("category", filters.category, "filter_category")
    where.is_in("store_id", filters.store, "filter_store_id")
    if filters.status or filters.channel or filters.salesperson or filters.country:
        where.conditions.append("FALSE")  # stock has none of these
    where.is_in("store_id", scope.stores, "scope_store_id")
    return where.select(table), where.params


def _movements(scope: Scope, filters: Filters) -> tuple[str, dict[str, Any]]:
    where = _stock_where(scope, filters)
    if scope.stores is not None:
        where.conditions.append("(store_id IN UNNEST(@scope_store_id) OR other_store IN UNNEST(@scope_store_id))")
        where.params["scope_store_id"] = list(scope.stores)
    return where.select("current_movements"), where.params


def _stock_lines(scope: Scope, filters: Filters) -> tuple[str, dict[str, Any]]:
    where = _stock_where(scope, filters)
    where.is_in("store_id", scope.stores, "scope_store_id")
    extra = "is_active AND store_id IS NOT NULL AND product IS NOT NULL AND units IS NOT NULL"
    return where.select("line_facts", extra=extra), where.params


def _restock_lines(scope: Scope, filters: Filters) -> tuple[str, dict[str, Any]]:
    where = _stock_where(scope, filters)
    where.is_in("store_id", scope.stores, "scope_store_id")
    return where.select("restock_lines"), where.params


def _unsettled_lines(scope: Scope) -> tuple[str, dict[str, Any]]:
    where = scope_where(scope)
    return where.select("unsettled_lines"), where.params


def _stock_where(scope: Scope, filters: Filters) -> Where:
    where = Where()
    where.is_in("region", scope.regions, "scope_region")
    where.is_in("region", filters.region, "filter_region")
    where.is_in("product", filters.product, "filter_product")
    return where
