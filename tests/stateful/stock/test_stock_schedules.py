"""Counts, movements, sales, corrections and undos in any order give the stock of the plain model."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from stateful.stock.stock_shop import DAYS, FIRST, RandomFacts, StockShop

from tillstream.stock import stored_levels

LAST = (FIRST + timedelta(days=DAYS)).date()
STEPS = 25


def play(folder: Path, seed: int, steps: int = STEPS) -> Counter[str]:
    """A schedule whose levels are compared after every step as a whole, and sometimes as of the past and as stored."""
    shop = StockShop(folder / f"home-{seed}")
    facts, done = RandomFacts(shop, seed), Counter[str]()
    for number in range(steps):
        done[facts.step()] += 1
        if number % 5 == 4:
            shop.check()
            until = facts.until()
            assert shop.computed(LAST, until) == shop.expected(LAST, until), (seed, number, until)
            assert shop.computed(LAST) == shop.expected(LAST), (seed, number)
    shop.app.close()
    return done


@pytest.mark.parametrize(("seed", "few"), [(1, stored_levels.FEW_PAIRS), (2, 0)])
def test_any_order_of_facts_gives_the_stock_of_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, few: int
) -> None:
    monkeypatch.setattr(stored_levels, "FEW_PAIRS", few)  # with 0, products without a count are summed
    assert play(tmp_path, seed).total() == STEPS


@pytest.mark.long
def test_many_schedules_give_the_stock_of_the_model(tmp_path: Path) -> None:
    done = sum((play(tmp_path, seed) for seed in range(100, 140)), Counter[str]())
    assert min(done.values()) > 20, done
