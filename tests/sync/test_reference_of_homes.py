"""The catalogue and goals of homes: each side takes what only the other one changed, or a person decides."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sync.stock_acts import REGION
from sync.test_two_homes import restored, saved
from sync.two_homes import NAME, Pair, pair

from tillstream.app import App
from tillstream.catalogue import entry_saving, stored_entries
from tillstream.goals import stored_goals as goals
from tillstream.goals.targets import Goal, GoalMeasure, GoalTarget
from tillstream.model.dates import Month
from tillstream.model.errors import NotFound
from tillstream.model.product_catalogue import (
    Alias,
    DatedAmount,
    Entry,
    EntryKind,
    Product,
    Promotion,
    Salesperson,
    Store,
)
from tillstream.sync import homes, reference_questions, sync_status
from tillstream.sync.head_office import LocalOffice
from tillstream.sync.reference_questions import KEEP_HERE, KEEP_THERE

MAY = Month.parse("2024-05")
assert MAY


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Pair]:
    """A home and a head office; the head office has sales of the region of the home."""
    with pair(tmp_path) as both:
        both.sync()
        homes.change_home(both.office.ports, NAME, lambda home: replace(home, regions=(REGION,)))
        yield both


def put(app: App, entry: Entry) -> None:
    kind = next(one for one in EntryKind if one.value == type(entry).__name__.lower())
    stored = stored_entries.get_entry(app.ports, kind, *entry.key)
    entry_saving.save_entry(
        app.ports, kind, entry, if_version=stored.version if stored else 0, by="ana", regions=(REGION, "Elsewhere")
    )


def product(app: App, code: str = "P") -> Product | None:
    entry = stored_entries.get_current_entry(app.ports, EntryKind.PRODUCT, code)
    assert entry is None or isinstance(entry, Product)
    return entry


def name_of(app: App, code: str = "P") -> str:
    entry = product(app, code)
    return entry.name if entry else ""


def set_goal(app: App, amount: int | None, region: str = REGION, store: str = "S1") -> None:
    target = GoalTarget(region, store)
    goal = None if amount is None else Goal(target, GoalMeasure.REVENUE, Decimal(amount), "EUR")
    goals.save_goals(app.ports, {MAY: {(target, GoalMeasure.REVENUE): goal}}, by="ana", source="form")


def goal_of(app: App, region: str = REGION) -> int | None:
    goal = goals.read_goals(app.ports, MAY).goals.get((GoalTarget(region, "S1"), GoalMeasure.REVENUE))
    return int(goal.amount) if goal else None


def both(two: Pair) -> tuple[App, App]:
    return two.home.plain, two.office


def test_each_side_takes_what_only_the_other_one_changed(two: Pair) -> None:
    home, office = both(two)
    cost = DatedAmount(REGION, "EUR", Decimal("1.5"))
    put(home, Product("P", "Pen", costs=(cost,), aliases=(Alias(REGION, "OLD"),)))
    put(office, Product("Q", "Quill"))
    put(office, Store(REGION, "S1", "Market"))
    set_goal(office, 100)
    result = two.sync()
    assert (result.reference_sent, result.reference_taken, result.questions) == (1, 3, 0)
    assert product(home) == product(office)
    assert stored_entries.get_current_entry(home.ports, EntryKind.STORE, REGION, "S1")
    assert (name_of(home, "Q"), goal_of(home)) == ("Quill", 100)
    put(office, replace(product(office), name="Pencil"))  # type: ignore[type-var]
    set_goal(home, 120)
    two.sync()
    assert (name_of(home), goal_of(office)) == ("Pencil", 120)
    set_goal(office, None)
    two.sync()
    result = two.sync()
    assert goal_of(home) is None
    assert (result.reference_sent, result.reference_taken, result.questions) == (0, 0, 0)
    assert sync_status.get_status(home.ports).reference


def test_what_does_not_concern_the_home_stays_at_the_head_office(two: Pair) -> None:
    home, office = both(two)
    put(office, Store("Elsewhere", "S9", "Far"))
    put(office, Salesperson("Elsewhere", "T9", "Zed", ("S9",)))
    set_goal(office, 100, "Elsewhere")
    set_goal(office, 900, "", "")
    put(home, Store("Elsewhere", "S8", "Own"))
    assert two.sync().reference_taken == 0
    assert stored_entries.find_entries(home.ports, EntryKind.SALESPERSON) == []
    assert goals.read_all_goals(home.ports) == []
    assert stored_entries.get_current_entry(office.ports, EntryKind.STORE, "Elsewhere", "S8") is None


def test_what_was_equal_from_the_start_is_taken_from_the_side_that_changes_it(
    two: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, office = both(two)
    for app in (home, office):
        put(app, Product("P", "Pen"))
        put(app, Product("Q", "Quill"))
        set_goal(app, 100)
    result = two.sync()
    assert (result.reference_sent, result.reference_taken, result.questions) == (0, 0, 0)
    with monkeypatch.context() as patch:
        patch.delattr(LocalOffice, "reference")  # it is read once
        two.home.clock.advance(timedelta(days=1).total_seconds())
        two.sync()
    put(home, Product("P", "Pencil"))
    put(office, Product("Q", "Feather"))
    set_goal(office, 200)
    result = two.sync()
    assert (result.reference_sent, result.reference_taken, result.questions) == (1, 2, 0)
    assert (name_of(office), name_of(home, "Q"), goal_of(home)) == ("Pencil", "Feather", 200)


def test_what_both_sides_made_equal_is_taken_from_the_side_that_changes_it(two: Pair) -> None:
    home, office = both(two)
    put(home, Product("P", "Pen"))
    set_goal(home, 100)
    two.sync()
    for app in (home, office):
        put(app, Product("P", "Pencil"))
        set_goal(app, None)
    two.sync()
    put(office, Product("P", "Quill"))
    set_goal(home, 100)
    assert two.sync().questions == 0
    assert (name_of(home), goal_of(office), goal_of(home)) == ("Quill", 100, 100)


@pytest.mark.parametrize(("keep", "name"), [(KEEP_HERE, "Here"), (KEEP_THERE, "There")])
def test_what_both_changed_is_a_question_and_everything_else_continues(two: Pair, keep: str, name: str) -> None:
    home, office = both(two)
    put(home, Product("P", "Pen"))
    two.sync()
    put(home, Product("P", "Here"))
    put(office, Product("P", "There"))
    put(home, Product("Q", "Quill"))
    assert two.sync().questions == 1
    assert (name_of(home), name_of(office), name_of(office, "Q")) == ("Here", "There", "Quill")
    (question,) = reference_questions.open_questions(home.ports)
    assert (question.fields, question.is_choice) == (["name"], True)
    two.sync()
    assert homes.get_home(office.ports, NAME).questions == 1
    assert reference_questions.decide_questions(home.ports, [question.id], keep, "chief") == 1
    assert two.sync().questions == 0
    assert (name_of(home), name_of(office)) == (name, name)
    two.sync()
    assert homes.get_home(office.ports, NAME).questions == 0


def test_a_question_ends_when_both_sides_are_equal(two: Pair) -> None:
    home, office = both(two)
    set_goal(home, 100)
    set_goal(office, 200)
    assert two.sync().questions == 1
    set_goal(home, 200)
    assert two.sync().questions == 0
    with pytest.raises(NotFound, match="no open question"):
        reference_questions.decide_questions(home.ports, ["0" * 16], KEEP_HERE, "chief")


def test_a_code_of_two_products_is_a_question_with_the_reason(two: Pair) -> None:
    home, office = both(two)
    put(home, Product("P", "Pen", aliases=(Alias(REGION, "OLD"),)))
    put(office, Product("Q", "Quill", aliases=(Alias(REGION, "OLD"),)))
    assert two.sync().questions == 2
    opened = reference_questions.open_questions(home.ports)
    assert all("already belongs to the product" in one.why for one in opened)
    assert reference_questions.decide_questions(home.ports, [opened[0].id], KEEP_HERE, "chief") == 0
    put(office, Product("Q", "Quill"))
    two.sync()
    assert two.sync().questions == 0
    assert product(office) == product(home)


def test_a_restored_head_office_gets_back_what_it_lost(two: Pair) -> None:
    home, office = both(two)
    put(office, Product("P", "First"))
    set_goal(office, 100)
    two.sync()
    before = stored_entries.get_required_entry(office.ports, EntryKind.PRODUCT, "P")
    put(office, Product("P", "Second"))
    set_goal(office, 200)
    two.sync()
    lose(office, before.entry)
    two.sync()
    assert two.sync().questions == 0
    assert (name_of(office), name_of(home), goal_of(office), goal_of(home)) == ("Second", "Second", 200, 200)


def test_a_restored_head_office_gets_back_what_both_sides_made_equal(two: Pair) -> None:
    home, office = both(two)
    put(office, Product("P", "First"))
    two.sync()
    before = stored_entries.get_required_entry(office.ports, EntryKind.PRODUCT, "P")
    for app in (home, office):
        put(app, Product("P", "Second"))
    two.sync()
    lose(office, before.entry)
    assert two.sync().questions == 0
    assert (name_of(office), name_of(home)) == ("Second", "Second")


def lose(office: App, entry: Entry) -> None:
    """Set the head office back to its first product and to no goals, as a restored backup would."""
    documents = office.ports.documents
    goal_versions = [one.id for one in documents.find(goals.VERSIONS_COLLECTION)]
    for collection, ids in (
        (goals.VERSIONS_COLLECTION, goal_versions),
        (goals.GOALS_COLLECTION, [str(MAY)]),
        ("products", ["P"]),
    ):
        for each in ids:
            documents.delete(collection, each)
    put(office, replace(entry, versions=()))


def test_a_restored_home_takes_back_its_changes(two: Pair, tmp_path: Path) -> None:
    put(two.home.plain, Product("P", "First"))
    two.sync()
    saved(two, tmp_path / "copy")
    put(two.home.plain, Product("P", "Second"))
    put(two.home.plain, Product("Q", "Quill"))
    two.sync()
    restored(two, tmp_path / "copy")
    two.home.clock.advance(timedelta(days=2).total_seconds())
    two.sync()
    assert (name_of(two.home.plain), name_of(two.home.plain, "Q")) == ("Second", "Quill")
    assert two.sync().questions == 0


def test_a_promotion_moves_to_another_region_on_both_sides(two: Pair) -> None:
    home, office = both(two)
    put(home, Product("P", "Pen"))
    put(home, Promotion("SALE", "Sale", product="P", region=REGION, rate=Decimal("0.2")))
    two.sync()
    put(home, Promotion("SALE", "Sale", product="P", region="Elsewhere", rate=Decimal("0.2")))
    assert two.sync().questions == 0
    moved = stored_entries.get_current_entry(office.ports, EntryKind.PROMOTION, "SALE")
    assert isinstance(moved, Promotion)
    assert moved.region == "Elsewhere"


def test_with_another_head_office_nothing_was_agreed(two: Pair) -> None:
    home, office = both(two)
    put(home, Product("P", "Pen"))
    two.sync()
    put(office, Product("P", "Pencil"))
    sync_status.begin_sync(home.ports, "https://another.example.com", "chief")
    assert two.sync().questions == 1
    assert (name_of(home), name_of(office)) == ("Pen", "Pencil")
