"""Where a difference in revenue comes from: the query against a plain computation, line by line."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from duck import Duck
from hypothesis import given
from hypothesis import strategies as st
from table_text import parse_tables

from tillstream.analytics.filters import Filters, ReportedDays
from tillstream.analytics.queries import compose_query
from tillstream.analytics.row_scope.row_selection import QueryContext
from tillstream.model.people import UNRESTRICTED, Scope

PERIODS = Filters.parse(
    {"from": "2024-06-01", "to": "2024-06-30", "compare-from": "2024-05-01", "compare-to": "2024-05-31"}
)
RATES = {
    ("2024-05-10", "EUR"): Decimal("1.5"),
    ("2024-06-10", "EUR"): Decimal(2),
    ("2024-06-10", "GBP"): Decimal(3),
}
DAYS = {"before": date(2024, 5, 10), "after": date(2024, 6, 10)}
PLACES = Decimal("0.000000001")

Line = dict[str, Any]
LINES = st.fixed_dictionaries(
    {
        "region": st.sampled_from(("R", "Q")),
        "store": st.sampled_from(("S", "T", None)),
        "side": st.sampled_from(("before", "after")),
        "product": st.sampled_from(("A", "B", "C", None)),
        "status": st.sampled_from(("completed", "completed", "pending", "returned", "cancelled")),
        "currency": st.sampled_from(("USD", "USD", "EUR", "GBP")),
        "quantity": st.one_of(st.none(), st.integers(-3, 9)),
        "amount": st.integers(-500, 5000).map(lambda cents: Decimal(cents) / 100),
    }
)


@pytest.fixture(scope="module")
def duck() -> Duck:
    return Duck()


def effects(duck: Duck, lines: Sequence[Line], filters: Filters = PERIODS, **params: str) -> dict[str, Decimal]:
    fill(duck, lines)
    return {row["effect"]: row["amount"] for row in rows(duck, "change", filters, **params)}


def fill(duck: Duck, lines: Sequence[Line]) -> None:
    columns = ("region", "store", "salesperson", "product", "channel", "status", "quantity", "amount", "currency")
    header = "key content sale sale_id is_current line_key leads sale_date region store_id salesperson_id product_id channel status quantity net_amount currency"
    rows = [
        " ".join(map(str, (n, n, n, n, "yes 1 1", DAYS[line["side"]], *(_cell(line.get(name)) for name in columns))))
        for n, line in enumerate(lines, 1)
    ]
    rates = [f"{day} {currency} {factor}" for (day, currency), factor in RATES.items()]
    tables = {
        "reporting": "currency\nUSD",
        "reporting_rates": "\n".join(["sale_date currency factor", *rates]),
        "sale_versions": "\n".join([header, *rows]),
    }
    duck.fill(parse_tables(tables))


def rows(
    duck: Duck, query: str, filters: Filters = PERIODS, scope: Scope = UNRESTRICTED, **params: Any
) -> list[dict[str, Any]]:
    context = QueryContext(ReportedDays(date(2024, 1, 1), date(2024, 6, 30)), "USD")
    answer: list[dict[str, Any]] = duck.query(*compose_query(query, scope, filters, context, **params)).to_pylist()
    return answer


def _cell(value: Any) -> Any:
    return "-" if value is None else value


def plain(lines: Sequence[Line]) -> dict[str, Decimal]:
    """The same, from the definitions in the header of the query."""
    zero = Decimal(0)
    sums: Mapping[str, dict[str, Decimal]] = {name: defaultdict(lambda: zero) for name in ("before", "after")}
    goods: dict[tuple[str, str], tuple[Decimal, Decimal]] = defaultdict(lambda: (zero, zero))
    sold = defaultdict(lambda: (zero, zero))
    kinds = []
    for line in lines:
        rate = RATES.get(
            (DAYS[line["side"]].isoformat(), line["currency"]), Decimal(1) if line["currency"] == "USD" else None
        )
        if rate is None or line["status"] == "cancelled":
            continue
        is_sold_item = line["product"] and (line["quantity"] or 0) > 0 and line["amount"] > 0
        kind = "returns" if line["status"] == "returned" else "goods" if is_sold_item else "other"
        kinds.append((line, kind, line["amount"] * rate))
        if line["side"] == "before" and kind == "goods":
            money, converted = sold[line["currency"]]
            sold[line["currency"]] = money + line["amount"], converted + line["amount"] * rate
    for line, kind, revenue in kinds:
        steady = revenue
        if line["side"] == "after" and line["currency"] in sold:
            money, converted = sold[line["currency"]]
            steady = line["amount"] * (converted / money)
        sums[line["side"]]["revenue"] += revenue
        sums[line["side"]]["currency"] += revenue - steady
        sums[line["side"]][kind] += steady
        if kind == "goods":
            quantity, amount = goods[line["product"], line["side"]]
            goods[line["product"], line["side"]] = quantity + line["quantity"], amount + steady
    products = {product for product, _ in goods}
    both = [one for one in products if (one, "before") in goods and (one, "after") in goods]
    q0, q1 = (sum((goods[one, side][0] for one in both), zero) for side in DAYS)
    r0, r1 = (sum((goods[one, side][1] for one in both), zero) for side in DAYS)
    at_old = sum((goods[one, "after"][0] * goods[one, "before"][1] / goods[one, "before"][0] for one in both), zero)
    average = q1 * r0 / q0 if q0 else zero
    return {
        "before": sums["before"]["revenue"],
        "volume": average - r0,
        "mix": at_old - average,
        "price": r1 - at_old,
        "currency": sums["after"]["currency"],
        "new": sum((goods[one, "after"][1] for one in products - set(both) if (one, "after") in goods), zero),
        "lost": -sum((goods[one, "before"][1] for one in products - set(both) if (one, "before") in goods), zero),
        "returns": sums["after"]["returns"] - sums["before"]["returns"],
        "other": sums["after"]["other"] - sums["before"]["other"],
        "after": sums["after"]["revenue"],
    }


@given(st.lists(LINES, max_size=25))
def test_effects_equal_their_definitions_and_add_up_exactly(duck: Duck, lines: list[Line]) -> None:
    computed, expected = effects(duck, lines), plain(lines)
    assert sum(amount for effect, amount in computed.items() if effect != "after") == computed["after"]
    for effect, amount in expected.items():
        assert abs(computed[effect] - amount.quantize(PLACES, ROUND_HALF_UP)) <= Decimal("0.000001"), effect


def line(side: str, product: str, quantity: int, amount: str, **more: Any) -> Line:
    own = {"side": side, "product": product, "quantity": quantity, "amount": Decimal(amount)}
    return own | {"status": "completed", "currency": "USD", "region": "R"} | more


def test_regions_of_one_period_are_compared(duck: Duck) -> None:
    lines = [line("after", "A", 2, "20", region="UK"), line("after", "A", 3, "45", region="US")]
    filters = Filters.parse({"from": "2024-06-01", "to": "2024-06-30", "region": "US", "compare-region": "UK"})
    computed = effects(duck, lines, filters)
    assert (computed["before"], computed["volume"], computed["price"], computed["after"]) == (20, 10, 15, 45)


def test_a_finer_grain_turns_a_price_effect_into_a_mix_effect(duck: Duck) -> None:
    lines = [
        line("before", "A", 9, "9", channel="shop"),
        line("before", "A", 1, "2", channel="phone"),
        line("after", "A", 1, "1", channel="shop"),
        line("after", "A", 9, "18", channel="phone"),
    ]
    assert effects(duck, lines, grain="product")["price"] == 8
    by_channel = effects(duck, lines)  # as in the report and on the page Compare
    assert (by_channel["mix"], by_channel["price"]) == (8, 0)


def test_without_a_period_there_is_nothing_to_compare(duck: Duck) -> None:
    lines = [line("after", "A", 2, "20", region="UK"), line("after", "A", 3, "45", region="US")]
    assert effects(duck, lines, Filters.parse({"region": "US", "compare-region": "UK"})) == {}
