"""The section of docs/benchmarks.md about order policies."""

from collections.abc import Iterator, Sequence

from bench.report import FLOOR, floor, table
from bench.restock.trial import FORECAST, Outcome
from tillstream.stock.restock_simulation import QUANTILE

LIMIT = "stock saved against the fixed level, at least 5 % (goal 15 %)"
HEADER = ("case", "policy", "mean stock, USD", "against fixed", "days short", "cycle service", "orders")


def section(outcomes: Sequence[Outcome]) -> str:
    """Return the text of the section; the first outcome has the floors."""
    floors = [
        floor(f"{LIMIT}, levels by forecasts", -100 * outcomes[0].change(FORECAST), least=5, unit="%"),
        floor(f"{LIMIT}, levels by recent sales", -100 * outcomes[0].change(QUANTILE), least=5, unit="%"),
    ]
    return (
        "## Order policies on public sales\n\n"
        "Written by `make bench-restock`. Sales of an online retailer, replayed as demand: 139 open days after 12 "
        "days of warm-up, orders every week in packs of 12, lost sales, and a week of lead time for the 200 "
        "products that sold most before, unless the case differs. Each policy has the safety stock with which it "
        "serves 90 % of the units. Forecasts are made every week from the sales before. The fixed level is set "
        "once from the half year before, the rolling mean every week from 48 days, each with standard deviations "
        "as safety stock. Demand is what was sold, in a half year of growth; other shops differ, and there is no "
        "confidence interval.\n\n"
        + table(FLOOR, floors)
        + "\n"
        + table(HEADER, [row for each in outcomes for row in _rows(each)])
    )


def _rows(outcome: Outcome) -> Iterator[list[str]]:
    for each in outcome.policies:
        yield [
            outcome.case.name,
            each.policy,
            f"{each.stock_value:,.0f}",
            "" if each.change is None else f"{each.change:+.1%}",
            f"{each.days_short:.1%}",
            f"{each.cycle_service:.1%}",
            f"{each.orders:,.0f}",
        ]
