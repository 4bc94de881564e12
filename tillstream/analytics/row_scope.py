"""Analytics: what a person sees of sales and batches, as relations put into a query's WITH; values are parameters."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from tillstream.analytics.comparison import Comparison, Reported, compared, compared_year
from tillstream.analytics.filters import Filters
from tillstream.analytics.summing import Where, counting, summing
from tillstream.domain.daily_totals import SUMS
from tillstream.domain.people import Scope

_EVERY_SALE = "* EXCEPT (is_order, is_mixed_order), FALSE AS is_order, counts_as_order AS is_mixed_order"
"""Where only some lines of a sale are chosen, none of them stands for the sale."""


@dataclass(frozen=True)
class Basis:
    """What a question is asked of, beside scope and filters."""

    reported: Reported = field(default_factory=Reported)
    reporting_currency: str = ""
    stale: tuple[date, ...] | None = None
    """The days that the sums by day do not know; None where they know nothing."""


def relations(scope: Scope, filters: Filters, basis: Basis) -> dict[str, tuple[str, dict[str, Any]]]:
    """name → (SELECT, parameters) of every relation that a query may read instead of the whole warehouse.

    Of chosen days (visible: within scope and filters; earlier: the period that it is compared with; year_earlier: the
    same days of the year before; compared: visible where anything is compared; known: whatever the filters, before the
    chosen period begins; no row where there is none) each of
    …_lines: line_facts; …_sums, …_product_sums, …_customer_sums: their sums by day, see `summing`; …_customers: the
    last of them without money in the reporting currency, see `counting`.
    visible_sales: sale_facts within scope and filters;
    compared_periods: the first and last day of each of the three (now, before, year-before);
    compared_days: one row, the first and the last day that is chosen and reported, between which periods are whole;
    visible_versions: every content there ever was of such a line, also those that count no more;
    visible_batches: the batches of the regions in scope and filter; for whoever is bound to stores or to own sales
    those with a row of theirs, and rows_read counts these rows alone;
    visible_refusals: refused rows, for whoever is bound to stores only those whose store could be read and is theirs.
    """
    earlier, year = compared(filters, basis.reported), compared_year(filters, basis.reported)
    now = _sales(scope, filters)
    now.between(filters.start, filters.end, "filter")
    days = {
        "visible": now,
        "earlier": _before(scope, filters, earlier, "earlier"),
        "year_earlier": _before(scope, filters, year, "year_earlier"),
        "compared": now if earlier or year else Where(["FALSE"]),
        "known": _known(scope, filters),
    }
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for name, where in days.items():
        whole = name == "known" or not (filters.category or filters.product)
        found[f"{name}_lines"] = (where.over("line_facts", "*" if whole else _EVERY_SALE), where.params)
        for table in SUMS:
            select = summing(table, where, basis.stale, basis.reporting_currency, whole_sales=whole)
            found[f"{name}_{table.removeprefix('day_')}"] = select
        found[f"{name}_customers"] = counting("customer_sums", where, basis.stale, whole_sales=whole)
    return found | {
        "visible_sales": (now.over("sale_facts"), now.params),
        "visible_versions": (now.over("sale_versions"), now.params),
        "visible_batches": _batches(scope, filters),
        "visible_refusals": _refusals(scope),
        "compared_periods": _compared_periods(earlier, year),
        "compared_days": _compared_days(basis.reported.within(filters)),
    }


def _batches(scope: Scope, filters: Filters) -> tuple[str, dict[str, Any]]:
    where = Where()
    where.among("region", scope.regions, "scope_regions")
    where.among("region", filters.region, "filter_region")
    if scope.stores is None and scope.salesperson is None:
        return where.over("batches"), where.params
    rows = _of_scope(scope)
    theirs = (
        "SELECT sightings.batch_no, COUNT(*) AS seen_rows FROM sightings "
        f"INNER JOIN ({rows.over('sale_versions', 'key, content')}) AS theirs "
        "ON theirs.key = sightings.key AND theirs.content = sightings.content GROUP BY sightings.batch_no"
    )
    select = (
        "SELECT chosen.* EXCEPT (rows_read), seen.seen_rows AS rows_read "
        f"FROM ({where.over('batches')}) AS chosen INNER JOIN ({theirs}) AS seen ON seen.batch_no = chosen.batch_no"
    )
    return select, where.params | rows.params


def _refusals(scope: Scope) -> tuple[str, dict[str, Any]]:
    where = Where()
    where.among("store_id", scope.stores, "scope_stores")
    if scope.salesperson is not None:
        where.conditions.append("FALSE")  # whose sale it was is not read of a refused row
    return where.over("refusals"), where.params


def _compared_days(chosen: Reported) -> tuple[str, dict[str, Any]]:
    if chosen.first is None or chosen.last is None:
        return "SELECT CAST(NULL AS DATE) AS first_day, CAST(NULL AS DATE) AS last_day", {}
    params = {"compared_from": chosen.first, "compared_to": chosen.last}
    return "SELECT @compared_from AS first_day, @compared_to AS last_day", params


def _before(scope: Scope, filters: Filters, comparison: Comparison | None, name: str) -> Where:
    if comparison is None:
        return Where(["FALSE"])
    where = _sales(scope, filters)
    where.between(comparison.before_start, comparison.before_end, name)
    return where


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


def _known(scope: Scope, filters: Filters) -> Where:
    if filters.start is None or filters.start == date.min:
        return Where(["FALSE"])
    where = _sales(scope, Filters())
    where.between(None, filters.start - timedelta(days=1), "known")
    return where


def _sales(scope: Scope, filters: Filters) -> Where:
    where = _of_scope(scope)
    for column, values in filters.chosen().items():
        where.among(column, values, f"filter_{column}")
    return where


def _of_scope(scope: Scope) -> Where:
    where = Where()
    where.among("region", scope.regions, "scope_regions")
    where.among("store_id", scope.stores, "scope_stores")
    if scope.salesperson is not None:
        where.among("salesperson_id", (scope.salesperson,) if scope.salesperson else (), "scope_salesperson")
    return where
