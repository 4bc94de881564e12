"""Row-level security: the visible sales and other rows as CTEs inserted into a query; values are parameters."""

from collections.abc import Callable

import sql
from tillstream.analytics.filters import (
    Filters,
    PeriodComparison,
    ReportedDays,
    compare_previous_period,
    compare_previous_year,
)
from tillstream.analytics.row_scope.row_selection import (
    LINE_SUMS,
    QueryContext,
    Where,
    amount_query,
    comparison_where,
    count_query,
    counted_lines,
    history_where,
    scope_where,
    series_query,
    side_query,
    span_query,
    total_query,
    until_where,
    visible_where,
)
from tillstream.model.people import Scope
from tillstream.model.tables.daily_totals import ROLLUPS
from tillstream.ports.warehouse import BoundQuery, QueryParams

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

_EVERY_SALE = "* EXCEPT (is_order, is_mixed_order), FALSE AS is_order, counts_as_order AS is_mixed_order"
"""Columns if filters can select single lines of a sale: then no line represents its order."""

_CONVERTED_SALES = f"({sql.text('marts/sale_facts').partition('VIEW sale_facts AS')[2]}) AS sale_facts"
"""The rows of sale_facts with the rates of the query instead of those of the view."""

_VERSIONS = """(
    SELECT
      sale_versions.*,
      COALESCE(codes.product_id, common_codes.product_id, sale_versions.product_id, product_name) AS product
    FROM sale_versions
    LEFT JOIN catalogue_codes AS codes
      ON codes.region = sale_versions.region AND codes.code = sale_versions.product_id
    LEFT JOIN catalogue_codes AS common_codes
      ON common_codes.region = '*' AND common_codes.code = sale_versions.product_id
  ) AS versions"""
"""The rows of sale_versions with the product of the catalogue, as in line_facts."""

LINE_SERIES = {"now": "visible", "before": "earlier", "year-before": "year_earlier"}
"""Series of a compared query → its set of days."""
COUNTED_RELATIONS = {"category_lines": "day_sums", "product_lines": "product_sums", "customer_lines": "customer_sums"}
"""Kind of rows → the daily totals that have the orders of the other sales."""


def other_relations(scope: Scope, filters: Filters, *, converted: bool = False) -> dict[str, BoundQuery]:
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


def _batches(scope: Scope, filters: Filters) -> BoundQuery:
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


def _whole_batches(scope: Scope, filters: Filters) -> BoundQuery:
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


def _refusals(scope: Scope) -> BoundQuery:
    where = Where()
    where.is_in("store_id", scope.stores, "scope_stores")
    if scope.salesperson is not None:
        where.conditions.append("FALSE")  # rejected rows have no salesperson
    return where.select("refusals"), where.params


def _forecasts(scope: Scope, filters: Filters) -> BoundQuery:
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


def _price_effects(filters: Filters) -> BoundQuery:
    where = Where()
    where.is_in("category", filters.category, "filter_category")
    return where.select("price_effects"), where.params


def _names(scope: Scope) -> BoundQuery:
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


def _stock_levels(scope: Scope, filters: Filters, table: str) -> BoundQuery:
    where = _stock_where(scope, filters)
    where.is_in("category", filters.category, "filter_category")
    where.is_in("store_id", filters.store, "filter_store_id")
    if filters.status or filters.channel or filters.salesperson or filters.country:
        where.conditions.append("FALSE")  # stock has none of these
    where.is_in("store_id", scope.stores, "scope_store_id")
    return where.select(table), where.params


def _movements(scope: Scope, filters: Filters) -> BoundQuery:
    where = _stock_where(scope, filters)
    if scope.stores is not None:
        where.conditions.append("(store_id IN UNNEST(@scope_store_id) OR other_store IN UNNEST(@scope_store_id))")
        where.params["scope_store_id"] = list(scope.stores)
    return where.select("current_movements"), where.params


def _stock_lines(scope: Scope, filters: Filters) -> BoundQuery:
    where = _stock_where(scope, filters)
    where.is_in("store_id", scope.stores, "scope_store_id")
    extra = "is_active AND store_id IS NOT NULL AND product IS NOT NULL AND units IS NOT NULL"
    return where.select("line_facts", extra=extra), where.params


def _restock_lines(scope: Scope, filters: Filters) -> BoundQuery:
    where = _stock_where(scope, filters)
    where.is_in("store_id", scope.stores, "scope_store_id")
    return where.select("restock_lines"), where.params


def _unsettled_lines(scope: Scope) -> BoundQuery:
    where = scope_where(scope)
    return where.select("unsettled_lines"), where.params


def _stock_where(scope: Scope, filters: Filters) -> Where:
    where = Where()
    where.is_in("region", scope.regions, "scope_region")
    where.is_in("region", filters.region, "filter_region")
    where.is_in("product", filters.product, "filter_product")
    return where


def scoped_relations(
    scope: Scope, filters: Filters, basis: QueryContext, reads: Callable[[str], bool] = lambda _: True
) -> dict[str, BoundQuery]:
    """Return name → (SELECT, parameters) of each relation that queries read instead of whole tables.

    reads: whether a query reads a relation; the daily totals that it does not read are left out.

    A name such as visible_lines consists of a set of days and the kind of rows.
    Sets of days within scope and filters, each empty if it does not apply:
    visible: the filtered period; earlier: the previous period, or the sales of `filters.against`; year_earlier: the
    same days of the previous year; compared: as visible, if there is a comparison; known: all days before the period,
    filters not applied; until: all days through the end of the period, filters not applied.
    Kinds of rows:
    lines: line_facts; sums, product_sums, customer_sums: daily totals, see `total_query`; line_sums: the same columns
    of each line, with all dimensions; customers: daily totals by customer without amounts in the reporting currency,
    see `count_query`; category_lines, product_lines, customer_lines: line_facts of the sales that are not in
    `split_orders` of sums, product_sums or customers; amounts: lines that are not cancelled, with their revenue, see
    `amount_query`.

    Other relations:
    visible_sales: sale_facts within scope and filters; visible_costs: line_costs within scope and filters;
    compared_series_sums, compared_series_product_sums, compared_series_customer_sums: the daily totals of visible,
    earlier and year_earlier, with the series now, before or year-before;
    compared_side_amounts: rows of compared_amounts and earlier_amounts with a rate, see `side_query`;
    compared_periods: first and last day of each compared period (now, before, year-before);
    compared_days: one row, the first and last reported day in the filters, between which periods are complete;
    visible_versions: sale_versions within scope and filters, current or not;
    visible_stores: region, store_id, first_day and last_day with a sale that counts, within scope, filters not applied;
    those of `other_relations`.
    """
    earlier, year = compare_previous_period(filters, basis.reported), compare_previous_year(filters, basis.reported)
    visible = visible_where(scope, filters, has_catalogue=basis.has_catalogue)
    visible.between(filters.start, filters.end, "filter")
    day_sets = {
        "visible": visible,
        "earlier": comparison_where(scope, filters, earlier, "earlier", basis),
        "year_earlier": comparison_where(scope, filters, year, "year_earlier", basis),
        "compared": visible if earlier or year else Where(["FALSE"]),
        "known": history_where(scope, filters),
        "until": until_where(scope, filters),
    }
    currency, selects = basis.currency or basis.reporting_currency, dict[str, BoundQuery]()
    for name, where in day_sets.items():
        whole = name in {"known", "until"} or not (filters.category or filters.product)
        selects[f"{name}_lines"] = (where.select("line_facts", "*" if whole else _EVERY_SALE), where.params)
        for table in (*ROLLUPS, LINE_SUMS):
            if not reads(f"{name}_{table.removeprefix('day_')}"):
                continue
            selects[f"{name}_{table.removeprefix('day_')}"] = total_query(
                table, where, basis.stale, currency, whole_sales=whole, has_catalogue=basis.has_catalogue
            )
        selects |= {
            f"{name}_{kind}": counted_lines(table, where, basis.stale) for kind, table in COUNTED_RELATIONS.items()
        }
        selects[f"{name}_amounts"] = amount_query(where, basis.reporting_currency)
        selects[f"{name}_customers"] = count_query("customer_sums", where, basis.stale, whole_sales=whole)
    series = {name: day_sets[days] for name, days in LINE_SERIES.items()}
    whole = not (filters.category or filters.product)
    for table in ROLLUPS:
        if not reads(f"compared_series_{table.removeprefix('day_')}"):
            continue
        selects[f"compared_series_{table.removeprefix('day_')}"] = series_query(
            table,
            series,
            basis.stale,
            currency,
            whole_sales=whole,
            has_catalogue=basis.has_catalogue,
        )
    return selects | {
        "compared_side_amounts": side_query(day_sets["compared"], day_sets["earlier"], basis.reporting_currency),
        "visible_sales": (visible.select(_CONVERTED_SALES if basis.currency else "sale_facts"), visible.params),
        "visible_costs": (visible.select("line_costs"), visible.params),
        "visible_versions": (
            visible.select(_VERSIONS if filters.product and basis.has_catalogue else "sale_versions"),
            visible.params,
        ),
        "visible_stores": span_query(scope_where(scope), basis.stale),
        **other_relations(scope, filters, converted=bool(basis.currency)),
        "compared_periods": _compared_periods(earlier, year),
        "compared_days": _compared_days(basis.reported.within(filters)),
    }


def conversion_relations(filters: Filters, basis: QueryContext) -> dict[str, BoundQuery]:
    """Return the relations that replace the tables `reporting` and `reporting_rates` and the view `latest_rates` in a
    query whose amounts are in another currency; empty for the reporting currency. Only rates of the filtered and the
    compared days are read."""
    if not basis.currency:
        return {}
    compared = (compare_previous_period(filters, basis.reported), compare_previous_year(filters, basis.reported))
    latest, days = (Where(["to_currency = @display_currency"], {"display_currency": basis.currency}) for _ in range(2))
    if filters.start:
        days.between(min([filters.start, *(one.before_start for one in compared if one)]), None, "rates")
    days.between(None, filters.end, "rates")
    return {
        "reporting": ("SELECT @display_currency AS currency", latest.params),
        "reporting_rates": (days.select("cross_rates", "sale_date, currency, factor"), days.params),
        "latest_rates": (latest.select("latest_cross_rates", "currency, factor"), latest.params),
    }


def _compared_days(chosen: ReportedDays) -> BoundQuery:
    if chosen.first is None or chosen.last is None:
        return "SELECT CAST(NULL AS DATE) AS first_day, CAST(NULL AS DATE) AS last_day", {}
    return "SELECT @compared_from AS first_day, @compared_to AS last_day", {
        "compared_from": chosen.first,
        "compared_to": chosen.last,
    }


def _compared_periods(earlier: PeriodComparison | None, year: PeriodComparison | None) -> BoundQuery:
    rows: list[str] = []
    params: QueryParams = {}
    now = earlier or year
    periods = {
        "now": (now.start, now.end) if now else None,
        "before": (earlier.before_start, earlier.before_end) if earlier else None,
        "year-before": (year.before_start, year.before_end) if year else None,
    }
    for number, (series, days) in enumerate(periods.items()):
        if days:
            first, last = f"period_{number}_from", f"period_{number}_to"
            rows.append(f"SELECT '{series}' AS series, @{first} AS first_day, @{last} AS last_day")
            params |= {first: days[0], last: days[1]}
    none = "SELECT CAST(NULL AS STRING) AS series, CAST(NULL AS DATE) AS first_day, CAST(NULL AS DATE) AS last_day"
    return " UNION ALL ".join(rows) or f"SELECT * FROM ({none}) AS nothing WHERE FALSE", params
