"""Orders: what holds for any lines, and that they are those of a reference that computes one line at a time."""

from dataclasses import dataclass, replace
from math import inf

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tillstream.stock.product_demand import SumDemand
from tillstream.stock.replenishment import OrderLimit, ReplenishedLines, suggest_orders

PROBABILITIES = (0.1, 0.5, 0.9, 0.99)


@dataclass(frozen=True)
class Line:
    """What the order of one product in a store depends on."""

    quantiles: tuple[int, ...]
    daily: float
    service: float
    lead: int
    on_hand: int
    on_order: int
    in_transit: int
    pack: int
    minimum: int
    shelf: float
    weeks: int
    cost: int

    @property
    def position(self) -> int:
        return self.on_hand + self.on_order + self.in_transit

    @property
    def cap(self) -> float:
        return self.daily * (self.lead + min(self.shelf, 7 * self.weeks))

    def level(self) -> float:
        ends = (self.quantiles[0], *self.quantiles, self.quantiles[-1])
        return min(float(np.interp(self.service, (0, *PROBABILITIES, 1), ends)), self.cap)

    def order(self) -> int:
        """The reference: packs are added one by one."""
        missing = self.level() - self.position - 1e-9
        quantity = 0
        while quantity < missing:
            quantity += self.pack
        needed = quantity
        while 0 < quantity < self.minimum:
            quantity += self.pack
        if quantity > needed and self.position + quantity >= self.cap + self.pack:
            return 0
        return quantity


LINES = st.builds(
    Line,
    quantiles=st.lists(st.integers(0, 300), min_size=4, max_size=4).map(lambda values: tuple(sorted(values))),
    daily=st.integers(0, 80).map(lambda quarters: quarters / 4),
    service=st.sampled_from([0.05, 0.5, 0.8, 0.9, 0.95, 0.99, 1.0]),
    lead=st.integers(0, 30),
    on_hand=st.integers(-20, 300),
    on_order=st.integers(0, 50),
    in_transit=st.integers(0, 50),
    pack=st.integers(1, 24),
    minimum=st.sampled_from([0, 0, 5, 24, 100]),
    shelf=st.sampled_from([inf, 2, 7, 30]),
    weeks=st.integers(1, 12),
    cost=st.integers(1, 20),
)
SHOPS = st.lists(LINES, min_size=1, max_size=8)


def arrays(lines: list[Line]) -> ReplenishedLines:
    def column(name: str) -> np.ndarray:
        return np.array([getattr(line, name) for line in lines], dtype=np.float64)

    count = len(lines)
    quantiles = np.array([line.quantiles for line in lines], dtype=np.float64)
    days, sources = np.full(count, 14), np.zeros(count, dtype=np.int64)
    demand = SumDemand(np.array(PROBABILITIES), quantiles, days, column("daily"), sources)
    return ReplenishedLines(
        demand, column("service"), column("lead").astype(np.int64), column("on_hand"), column("on_order"),
        column("in_transit"), np.zeros(count), column("pack"), column("minimum"), column("shelf"), column("weeks"),
        column("cost"),
    )  # fmt: skip


@given(SHOPS)
def test_orders_are_those_of_the_reference(shop: list[Line]) -> None:
    orders = suggest_orders(arrays(shop))
    assert orders.quantities.tolist() == [line.order() for line in shop]
    np.testing.assert_allclose(orders.levels, [line.level() for line in shop])


@given(SHOPS)
def test_an_order_is_nothing_or_whole_packs_from_the_minimum_on_and_exceeds_a_cap_by_less_than_a_pack(
    shop: list[Line],
) -> None:
    for line, quantity in zip(shop, suggest_orders(arrays(shop)).quantities.tolist(), strict=True):
        assert quantity >= 0
        assert quantity % line.pack == 0
        assert quantity == 0 or quantity >= line.minimum
        assert quantity == 0 or line.position + quantity < line.cap + line.pack + 1e-6


@given(SHOPS, st.integers(1, 50))
def test_more_stock_is_never_ordered_for_more(shop: list[Line], more: int) -> None:
    shop = [replace(line, minimum=0) for line in shop]
    fuller = [replace(line, on_hand=line.on_hand + more) for line in shop]
    before, after = suggest_orders(arrays(shop)), suggest_orders(arrays(fuller))
    assert (after.quantities <= before.quantities).all()
    assert (after.position + after.quantities >= np.minimum(before.levels, after.levels) - 1e-9).all()


@given(SHOPS)
def test_more_service_never_lowers_a_level_or_an_order(shop: list[Line]) -> None:
    shop = [replace(line, minimum=0) for line in shop]
    higher = [replace(line, service=min(line.service + 0.04, 1.0)) for line in shop]
    before, after = suggest_orders(arrays(shop)), suggest_orders(arrays(higher))
    assert (after.levels >= before.levels - 1e-9).all()
    assert (after.quantities >= before.quantities).all()


@given(SHOPS, st.integers(0, 2000))
def test_a_budget_is_never_exceeded_and_defers_whole_lines(shop: list[Line], budget: int) -> None:
    lines = arrays(shop)
    free, bound = suggest_orders(lines), suggest_orders(lines, budget)
    costs = bound.quantities * lines.unit_costs
    assert costs.sum() <= budget
    np.testing.assert_array_equal(bound.quantities + bound.deferred, free.quantities)
    is_deferred = bound.deferred > 0
    assert not (is_deferred & (bound.quantities > 0)).any()
    np.testing.assert_array_equal(is_deferred, (bound.limits & OrderLimit.BUDGET) > 0)
    left = budget - costs.sum()
    assert (free.quantities * lines.unit_costs)[is_deferred].min(initial=inf) > left, "what fits is ordered"
