"""Analytics: what a person sees of sales and batches, as relations put into a query's WITH; values are parameters."""

from dataclasses import dataclass, field
from typing import Any

from tillstream.analytics.comparison import Reported, compared
from tillstream.analytics.filters import Filters
from tillstream.domain.people import Scope

_EVERY_SALE = "* EXCEPT (is_order, is_mixed_order), FALSE AS is_order, counts_as_order AS is_mixed_order"
"""Where only some lines of a sale are chosen, none of them stands for the sale."""


@dataclass
class _Where:
    """Conditions joined by AND; a value only ever becomes a parameter."""

    conditions: list[str] = field(default_factory=list)
    params: dict[str, Any] = field(default_factory=dict)

    def among(self, column: str, values: tuple[str, ...] | None, name: str) -> None:
        """None: any value. No value at all: no row."""
        if values is None:
            return
        if not values:
            self.conditions.append("FALSE")
            return
        self.conditions.append(f"{column} IN UNNEST(@{name})")
        self.params[name] = list(values)

    def compare(self, column: str, sign: str, value: Any, name: str) -> None:
        if value is not None:
            self.conditions.append(f"{column} {sign} @{name}")
            self.params[name] = value

    def between(self, filters: Filters) -> None:
        self.compare("sale_date", ">=", filters.start, "filter_from")
        self.compare("sale_date", "<=", filters.end, "filter_to")

    def over(self, table: str, columns: str = "*") -> str:
        where = f" WHERE {' AND '.join(self.conditions)}" if self.conditions else ""
        return f"SELECT {columns} FROM {table}{where}"


def relations(
    scope: Scope, filters: Filters, reported: Reported, reporting_currency: str
) -> dict[str, tuple[str, dict[str, Any]]]:
    """name → (SELECT, parameters) of every relation that a query may read instead of the whole warehouse.

    visible_sales: sale_facts within scope and filters; visible_lines: line_facts, the same lines without money in the
    reporting currency; visible_own_lines and visible_foreign_lines: those in the reporting currency, and the others;
    earlier_…: over the period that it is compared with (no row where there is none, see `comparison`);
    compared_days: one row, the first and the last day that is chosen and reported, between which periods are whole;
    visible_batches: the batches of the regions in scope and filter.
    """
    now, before = _sales(scope, filters), _sales(scope, filters)
    now.between(filters)
    earlier = compared(filters, reported)
    if earlier is None:
        before = _Where(["FALSE"])
    else:
        before.compare("sale_date", ">=", earlier.before_start, "earlier_from")
        before.compare("sale_date", "<=", earlier.before_end, "earlier_to")
    own, foreign = _sales(scope, filters), _sales(scope, filters)
    for lines, sign in ((own, "="), (foreign, "<>")):
        lines.between(filters)
        # a parameter, as engines look for a value while they scan, and join with what a subquery gives
        lines.compare("currency", sign, reporting_currency, "reporting_currency")
    columns = _EVERY_SALE if filters.category or filters.product else "*"
    batches = _Where()
    batches.among("region", scope.regions, "scope_regions")
    batches.among("region", filters.region, "filter_region")
    return {
        "visible_sales": (now.over("sale_facts"), now.params),
        "visible_lines": (now.over("line_facts", columns), now.params),
        "visible_own_lines": (own.over("line_facts", columns), own.params),
        "visible_foreign_lines": (foreign.over("line_facts", columns), foreign.params),
        "earlier_sales": (before.over("sale_facts"), before.params),
        "earlier_lines": (before.over("line_facts", columns), before.params),
        "visible_batches": (batches.over("batches"), batches.params),
        "compared_days": _compared_days(reported.within(filters)),
    }


def _compared_days(chosen: Reported) -> tuple[str, dict[str, Any]]:
    if chosen.first is None or chosen.last is None:
        return "SELECT CAST(NULL AS DATE) AS first_day, CAST(NULL AS DATE) AS last_day", {}
    params = {"compared_from": chosen.first, "compared_to": chosen.last}
    return "SELECT @compared_from AS first_day, @compared_to AS last_day", params


def _sales(scope: Scope, filters: Filters) -> _Where:
    where = _Where()
    where.among("region", scope.regions, "scope_regions")
    where.among("store_id", scope.stores, "scope_stores")
    if scope.salesperson is not None:
        where.among("salesperson_id", (scope.salesperson,) if scope.salesperson else (), "scope_salesperson")
    for column, values in filters.chosen().items():
        where.among(column, values, f"filter_{column}")
    return where
