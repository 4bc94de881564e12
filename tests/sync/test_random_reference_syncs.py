"""Random changes of reference data on both sides, between unsteady syncs and restores: both end equal."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sync import restores
from sync.stock_acts import REGION
from sync.test_rates_of_homes import factors, load_rates
from sync.test_reference_of_homes import put, set_goal
from sync.two_homes import NAME, Pair, pair

from examples import examples, one_in
from tillstream.app import App
from tillstream.catalogue import stored_entries
from tillstream.model.catalogue_columns import InvalidEntry
from tillstream.model.product_catalogue import Alias, DatedAmount, EntryKind, Product, Store
from tillstream.sync import homes, reference_entries, reference_exchange, reference_kinds, reference_questions

STEPS = 14


def change(app: App, rng: Random) -> None:
    """One change that a person makes; one that the catalogue refuses changes nothing."""
    drawn = rng.random()
    if drawn < 0.2:
        set_goal(app, rng.choice([None, 100, 200, 300]), store=rng.choice("ST"))
        return
    if drawn < 0.3:
        day, rate = rng.choice(["2024-06-01", "2024-06-02", "2024-01-02"]), rng.randint(1, 3)
        load_rates(app, f"{day},{rng.choice(['INR', 'GBP'])},{rate}")
        return
    if drawn < 0.42:
        put(app, Store(REGION, rng.choice("ST"), rng.choice(["North", "South"])))
        return
    costs = tuple(DatedAmount(REGION, "EUR", Decimal(rng.randint(1, 3))) for _ in range(rng.randrange(2)))
    aliases = (Alias(REGION, "OLD"),) if rng.random() < 0.2 else ()
    product = Product(rng.choice("PQR"), rng.choice(["Pen", "Quill", "Rule"]), costs=costs, aliases=aliases)
    try:
        put(app, product)
    except InvalidEntry:
        return


def reference_of(app: App) -> dict[str, Any]:
    return {name: {key: one.content for key, one in group.entries.items()} for name, group in _groups(app).items()}


def _groups(app: App) -> dict[str, reference_entries.ReferenceGroup]:
    months = [name for name in reference_kinds.rate_digests(app.ports) if name >= "rates:2024"]
    groups = {
        **reference_exchange.groups_of_home(app.ports, (REGION,)),
        **reference_kinds.rate_groups(app.ports, months),
    }
    return {name: group for name, group in groups.items() if group.entries}


def play(folder: Path, seed: int) -> int:
    """Play a schedule; returns the number of decided questions."""
    rng = Random(seed)
    with pair(folder) as two:

        def act() -> None:
            two.home.clock.advance(60)
            two.set_clock()
            change(two.home.plain if rng.random() < 0.5 else two.office, rng)

        give_region(two)
        restores.play(two, folder, rng, STEPS, act, lambda: give_region(two))
        decided = decide_until_equal(two, rng)
        assert reference_of(two.home.plain) == reference_of(two.office)
        assert factors(two.home.plain) == factors(two.office)
    return decided


def give_region(two: Pair) -> None:
    """Let the head office have sales of the region of the home."""
    homes.change_home(two.office.ports, NAME, lambda home: replace(home, regions=(REGION,)))


def decide_until_equal(two: Pair, rng: Random) -> int:
    """Sync and decide until nothing is left. A code of two products is taken from one of them."""
    decided = 0
    for _ in range(20):
        result = two.sync_until_done(rng)
        if not result.questions and not result.reference_sent and not result.reference_taken:
            return decided
        opened = reference_questions.open_questions(two.home.plain.ports)
        if any(not one.is_choice for one in opened):
            for app in (two.home.plain, two.office):
                for code in "PQR":
                    stored = stored_entries.get_entry(app.ports, EntryKind.PRODUCT, code)
                    if stored and isinstance(stored.entry, Product):
                        put(app, replace(stored.entry, aliases=()))
            continue
        keep = rng.choice(reference_questions.SIDES)
        decided += reference_questions.decide_questions(two.home.plain.ports, [one.id for one in opened], keep, "chief")
    raise AssertionError("the questions do not end")


@pytest.mark.parametrize("seed", one_in(2, range(examples(8))))
def test_random_changes_of_both_sides_end_equal(tmp_path: Path, seed: int) -> None:
    play(tmp_path, seed)


@pytest.mark.long
@pytest.mark.parametrize("first", range(1000, 1040, 10))
def test_hundreds_of_random_changes_end_equal(tmp_path: Path, first: int) -> None:
    assert sum(play(tmp_path / str(seed), seed) for seed in range(first, first + 10)) > 0
