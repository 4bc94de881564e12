"""Row-level security: the visible sales and batches as CTEs inserted into a query; values are parameters."""

from collections.abc import Callable
from typing import Any

import sql
from tillstream.analytics.comparison import Comparison, ReportedDays, previous_period, previous_year
from tillstream.analytics.filters import Filters
from tillstream.analytics.row_scope.conditions import Where
from tillstream.analytics.row_scope.context import QueryContext
from tillstream.analytics.row_scope.day_sets import (
    comparison_where,
    history_where,
    scope_where,
    until_where,
    visible_where,
)
from tillstream.analytics.row_scope.other_rows import other_rows
from tillstream.analytics.row_scope.summing import (
    LINES,
    amount_query,
    count_query,
    counted_lines,
    series_query,
    side_query,
    span_query,
    total_query,
)
from tillstream.domain.daily_totals import ROLLUPS
from tillstream.domain.people import Scope

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

SERIES = {"now": "visible", "before": "earlier", "year-before": "year_earlier"}
"""Series of a compared query → its set of days."""
COUNTED = {"category_lines": "day_sums", "product_lines": "product_sums", "customer_lines": "customer_sums"}
"""Kind of rows → the daily totals that have the orders of the other sales."""


def relations(
    scope: Scope, filters: Filters, basis: QueryContext, reads: Callable[[str], bool] = lambda _: True
) -> dict[str, tuple[str, dict[str, Any]]]:
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
    those of `other_rows`.
    """
    earlier, year = previous_period(filters, basis.reported), previous_year(filters, basis.reported)
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
    currency, selects = basis.currency or basis.reporting_currency, dict[str, tuple[str, dict[str, Any]]]()
    for name, where in day_sets.items():
        whole = name in {"known", "until"} or not (filters.category or filters.product)
        selects[f"{name}_lines"] = (where.select("line_facts", "*" if whole else _EVERY_SALE), where.params)
        for table in (*ROLLUPS, LINES):
            if not reads(f"{name}_{table.removeprefix('day_')}"):
                continue
            selects[f"{name}_{table.removeprefix('day_')}"] = total_query(
                table, where, basis.stale, currency, whole_sales=whole, has_catalogue=basis.has_catalogue
            )
        selects |= {f"{name}_{kind}": counted_lines(table, where, basis.stale) for kind, table in COUNTED.items()}
        selects[f"{name}_amounts"] = amount_query(where, basis.reporting_currency)
        selects[f"{name}_customers"] = count_query("customer_sums", where, basis.stale, whole_sales=whole)
    series = {name: day_sets[days] for name, days in SERIES.items()}
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
        **other_rows(scope, filters, converted=bool(basis.currency)),
        "compared_periods": _compared_periods(earlier, year),
        "compared_days": _compared_days(basis.reported.within(filters)),
    }


def conversion(filters: Filters, basis: QueryContext) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the relations that replace the tables `reporting` and `reporting_rates` and the view `latest_rates` in a
    query whose amounts are in another currency; empty for the reporting currency. Only rates of the filtered and the
    compared days are read."""
    if not basis.currency:
        return {}
    compared = (previous_period(filters, basis.reported), previous_year(filters, basis.reported))
    latest, days = (Where(["to_currency = @display_currency"], {"display_currency": basis.currency}) for _ in range(2))
    if filters.start:
        days.between(min([filters.start, *(one.before_start for one in compared if one)]), None, "rates")
    days.between(None, filters.end, "rates")
    return {
        "reporting": ("SELECT @display_currency AS currency", latest.params),
        "reporting_rates": (days.select("cross_rates", "sale_date, currency, factor"), days.params),
        "latest_rates": (latest.select("latest_cross_rates", "currency, factor"), latest.params),
    }


def _compared_days(chosen: ReportedDays) -> tuple[str, dict[str, Any]]:
    if chosen.first is None or chosen.last is None:
        return "SELECT CAST(NULL AS DATE) AS first_day, CAST(NULL AS DATE) AS last_day", {}
    params = {"compared_from": chosen.first, "compared_to": chosen.last}
    return "SELECT @compared_from AS first_day, @compared_to AS last_day", params


def _compared_periods(earlier: Comparison | None, year: Comparison | None) -> tuple[str, dict[str, Any]]:
    rows: list[str] = []
    params: dict[str, Any] = {}
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
