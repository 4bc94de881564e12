"""The sales of one region, sent again under another: the file is held, and a person decides."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

Run = Callable[..., tuple[int, Any]]
CODE = "known-sales-in-another-region"
SALES = [(f"{1000 + n}", f"2025-03-{1 + n % 5:02}", f"{20 + n}.50") for n in range(40)]


STORES = {"net_amount": "Sum", "store_id": "Shop", "date": "On", "product_id": "Article", "sale_id": "Receipt"}


def contract(name: str, region: str, **settings: Any) -> dict[str, Any]:
    columns = {"sale_id": "No", "date": "Day", "net_amount": "Amount", "product_id": "Item"}
    rules = {"columns": columns, "identity": {"store": f"{name}-shop"}} | settings
    return {"name": name, "region": region, "currency": "EUR"} | rules


@pytest.fixture
def ingest(home: Path, tmp_path: Path, run: Run) -> Callable[..., dict[str, Any]]:
    (home / "contracts").mkdir(parents=True)
    of_stores = {"columns": STORES, "identity": {}}
    for one in (
        contract("at", "Austria"), contract("de", "Germany"), contract("de2", "Germany"), contract("eu", "Europe"),
        contract("north", "North", **of_stores), contract("south", "South", **of_stores),
    ):  # fmt: skip
        (home / "contracts" / f"{one['name']}.yaml").write_text(yaml.safe_dump(one))
    count = iter(range(99))

    def give(name: str, sales: list[tuple[str, ...]]) -> dict[str, Any]:
        path = tmp_path / f"{next(count)}.csv"
        header = "No,Day,Amount,Item" if name in ("at", "de", "de2", "eu") else "Sum,Shop,On,Article,Receipt"
        rows = [
            f"{number},{day},{amount},Tea" if not store else f"{amount},{store[0]},{day},Tea,{number}"
            for number, day, amount, *store in sales
        ]
        path.write_text("\n".join([header, *rows, ""]))
        return dict(run("ingest", str(path), "--region", name)[1])

    return give


def codes(receipt: dict[str, Any]) -> list[str]:
    return [hold["code"] for hold in receipt["holds"]]


def later(sales: list[Any]) -> list[Any]:
    return [(number, day.replace("-03-", "-04-"), *others) for number, day, *others in sales]


def test_a_file_whose_sales_another_region_has_is_held_with_both_named(ingest: Any, run: Run) -> None:
    ingest("de", SALES)
    held = ingest("at", [*SALES[:38], ("2000", "2025-03-05", "5.00")])
    assert (held["status"], codes(held)) == ("held", [CODE])
    (message,) = (hold["message"] for hold in held["holds"])
    assert message.startswith("38 of 39 sampled sales of this file for Austria are already in Germany with the same ")
    number = int(message.partition("such as ")[2].split(" ")[0])
    sale = SALES[number - 1000]
    assert message.endswith(f"such as {sale[0]} on {sale[1]} for {sale[2]}.")
    assert run("query", "kpis")[1]["rows"][0]["lines"] == 40


def test_a_confirmed_file_counts_and_stays_confirmed(ingest: Any, run: Run) -> None:
    ingest("de", SALES)
    held = ingest("at", SALES[:20])
    settled = run("confirm", held["batch_id"])[1]
    assert (settled["status"], settled["rows"]["new"]) == ("settled", 20)
    for way in ("--check", "--from-originals"):
        assert run("rebuild", way)[1]["differences"] == []
    assert run("replay", held["batch_id"])[1]["status"] == "settled"
    # these sales are known in its own region now: another file with some of them repeats them
    repeated = ingest("at", SALES[3:15])
    assert (repeated["status"], repeated["rows"]["duplicate"]) == ("settled", 12)


def test_the_contract_of_the_other_region_can_be_chosen(ingest: Any, run: Run) -> None:
    ingest("de", SALES)
    held = ingest("at", SALES[:20])
    settled = run("confirm", held["batch_id"], "--region", "de")[1]
    assert (settled["status"], settled["region"], settled["rows"]["duplicate"]) == ("settled", "Germany", 20)


def test_once_the_other_file_is_undone_the_file_counts(ingest: Any, run: Run) -> None:
    wrong = ingest("de", SALES)
    run("undo", wrong["batch_id"], "--yes")
    assert ingest("at", SALES[:30])["status"] == "settled"


def test_a_batch_can_be_moved_to_another_region(ingest: Any, run: Run) -> None:
    wrong = ingest("de", SALES)
    assert run("replay", wrong["batch_id"], "--region", "at")[1]["status"] == "settled"


@pytest.mark.parametrize(
    "sales",
    [
        [(number, day, "1" + amount) for number, day, amount in SALES],
        later(SALES),
        [("9" + number, day, amount) for number, day, amount in SALES],
        SALES[:4],
        [*SALES[:20], *[("9" + number, day, amount) for number, day, amount in SALES[20:]]],
    ],
    ids=["other amounts", "other days", "other numbers", "a tiny file", "half of each day"],
)
def test_other_sales_and_tiny_files_are_not_held(ingest: Any, sales: list[tuple[str, str, str]]) -> None:
    ingest("de", SALES)
    assert ingest("at", sales)["status"] == "settled"


def test_sales_of_the_same_region_are_not_compared(ingest: Any) -> None:
    ingest("de", SALES)
    assert ingest("de", SALES[:30])["rows"]["duplicate"] == 30


def test_a_dry_run_shows_the_hold_too(ingest: Any, run: Run, tmp_path: Path) -> None:
    ingest("de", SALES)
    path = tmp_path / "tried.csv"
    path.write_text("\n".join(["No,Day,Amount,Item", *(f"{n},{day},{amount},Tea" for n, day, amount in SALES[1:])]))
    tried = run("ingest", str(path), "--region", "at", "--dry-run")[1]
    assert codes(tried) == [CODE]


def of_store(store: str, sales: list[tuple[str, str, str]], least: int = 0) -> list[tuple[str, ...]]:
    """The sales in the columns of a file with stores; their numbers grow by `least`."""
    return [(str(int(number) + least), day, amount, store) for number, day, amount in sales]


def shifted(sales: list[tuple[str, str, str]], number: int) -> list[tuple[str, str, str]]:
    return [(str(int(first) + number * 1000), day, f"{number}{amount}") for first, day, amount in sales]


REST = [sale for number in range(1, 6) for sale in shifted(SALES, number)]
"""Of five other countries."""


@pytest.mark.parametrize("first", ["de", "eu"])
def test_a_region_that_a_larger_file_contains_is_held_in_both_orders(ingest: Any, run: Run, first: str) -> None:
    files = {"de": SALES, "eu": [*REST[:100], *SALES, *REST[100:]]}
    second = "eu" if first == "de" else "de"
    ingest(first, files[first])
    held = ingest(second, files[second])
    assert (held["status"], codes(held)) == ("held", [CODE])
    (message,) = (hold["message"] for hold in held["holds"])
    start = {
        "eu": "40 sales of this file for Europe are already in Germany with the same number, date and amount, ",
        "de": "40 of 40 sampled sales of this file for Germany are already in Europe with the same number, date and ",
    }
    assert message.startswith(start[second])
    number = int(message.partition("such as ")[2].split(" ")[0])
    assert message.endswith(f"such as {number} on {SALES[number - 1000][1]} for {SALES[number - 1000][2]}.")
    assert run("query", "kpis")[1]["rows"][0]["lines"] == len(files[first])


FRANCE = [(str(7000 + n), f"2025-03-{1 + n // 6:02}", f"{20 + n}.50") for n in range(28 * 6)]
SPAIN = [(str(9000 + n), day, "3" + amount) for n, (_, day, amount) in enumerate(FRANCE)]
YEAR = [(str(n), str(date(2025, 1, 1) + timedelta(n // 6)), f"{20 + n % 97}.{n % 10}0") for n in range(365 * 6)]
FIRST_HALF, SECOND_HALF = slice(0, 14 * 6), slice(14 * 6, None)


EITHER = [(True, True), (False, False), *(pytest.param(one, not one, marks=pytest.mark.long) for one in (True, False))]
"""Two kinds in both orders, of which only one order of each is tried with each change."""
OVERLAPS = {
    "the second half": (FRANCE, [*FRANCE[SECOND_HALF], *SPAIN[SECOND_HALF]]),
    "a week": (FRANCE[FIRST_HALF], [*FRANCE[7 * 6 :], *SPAIN[7 * 6 :]]),
    "some sales of its days": (SALES, [*SALES[:20], *later(SALES[20:])]),
    "half a month of a year": (YEAR[100 * 6 : 115 * 6], YEAR),
}


@pytest.mark.parametrize(
    ("overlap", "region_first"),
    [
        pytest.param(overlap, first, marks=() if first == bool(number % 2) else pytest.mark.long)
        for number, overlap in enumerate(OVERLAPS)
        for first in (True, False)
    ],
)
def test_regions_that_overlap_on_some_of_their_days_are_held_in_both_orders(
    ingest: Any, run: Run, overlap: str, region_first: bool
) -> None:
    region, larger = OVERLAPS[overlap]
    first, second = (("de", region), ("eu", larger))[:: 1 if region_first else -1]
    assert ingest(*first)["status"] == "settled"
    assert codes(ingest(*second)) == [CODE]
    assert run("query", "kpis")[1]["rows"][0]["lines"] == len(first[1])


def test_equal_numbers_on_some_days_with_other_amounts_are_not_held(ingest: Any) -> None:
    """The numbers of both start again on each day; on two days, some of the amounts are equal too."""

    def of_region(prefix: str) -> list[tuple[str, str, str]]:
        sales = [(day, number) for day in range(1, 6) for number in range(1, 9)]
        return [
            (str(number), f"2025-03-{day:02}", f"{'1' if day < 3 and number < 5 else prefix}{number}.50")
            for day, number in sales
        ]

    assert ingest("de", of_region("2"))["status"] == "settled"
    assert ingest("eu", of_region("3"))["status"] == "settled"


@pytest.mark.parametrize(("spelled", "region_first"), EITHER)
def test_numbers_without_their_leading_zeros_are_the_same(ingest: Any, spelled: int, region_first: bool) -> None:
    files: list[list[tuple[str, ...]]] = [list(SALES), [*REST, *SALES]]
    files[spelled] = [("00" + number, *others) for number, *others in files[spelled]]
    first, second = (("de", files[0]), ("eu", files[1]))[:: 1 if region_first else -1]
    assert ingest(*first)["status"] == "settled"
    assert codes(ingest(*second)) == [CODE]


def test_a_larger_file_is_held_for_any_of_the_regions_that_it_contains(ingest: Any) -> None:
    ingest("at", shifted(SALES, 1)[:12])
    ingest("de", later(SALES))
    held = ingest("eu", REST)
    assert codes(held) == [CODE]
    assert "12 sales of this file for Europe are already in Austria with the same" in held["holds"][0]["message"]


def test_a_larger_file_whose_sales_are_imported_is_not_held_again(ingest: Any, run: Run) -> None:
    ingest("de", SALES)
    run("confirm", ingest("eu", [*REST, *SALES])["batch_id"])
    again = ingest("eu", [*SALES, *REST[:30]])
    assert (again["status"], again["rows"]["duplicate"]) == ("settled", 70)


def test_a_larger_file_counts_after_the_undo_of_the_region_inside(ingest: Any, run: Run) -> None:
    run("undo", ingest("de", SALES)["batch_id"], "--yes")
    assert ingest("eu", [*REST, *SALES])["status"] == "settled"


@pytest.mark.parametrize(("has_stores", "inside_first"), EITHER)
def test_a_region_inside_a_file_with_other_columns_is_held_in_both_orders(
    ingest: Any, has_stores: bool, inside_first: bool
) -> None:
    inside, outside = ("north", "eu") if has_stores else ("de", "south")
    sales: list[tuple[str, ...]] = list(SALES) if not has_stores else of_store("Kiel", SALES)
    rest: list[tuple[str, ...]] = [*SALES, *REST] if has_stores else [*of_store("K", SALES), *of_store("L", REST)]
    first, second = ((inside, sales), (outside, rest))[:: 1 if inside_first else -1]
    assert ingest(*first)["status"] == "settled"
    assert codes(ingest(*second)) == [CODE]


@pytest.mark.parametrize("north_first", [True, False])
def test_a_store_in_the_files_of_two_regions_is_held_in_both_orders(ingest: Any, north_first: bool) -> None:
    shared = shifted(SALES, 9)
    north = [*of_store("Kiel", SALES), *of_store("Ulm", shared)]
    south = [*of_store("Bern", shifted(SALES, 7)), *of_store("ULM", shared)]
    first, second = (("north", north), ("south", south))[:: 1 if north_first else -1]
    assert ingest(*first)["status"] == "settled"
    held = ingest(*second)
    assert codes(held) == [CODE]
    (message,) = (hold["message"] for hold in held["holds"])
    assert message.startswith(f"40 of 40 sampled sales of store {second[1][-1][3]} of this file for ")


def test_the_message_names_no_store_of_the_other_region(ingest: Any) -> None:
    """Most of the file is of another store, so that only a store of the other region is contained."""
    ingest("north", [*of_store("Kiel", shifted(SALES, 9)), *of_store("Bern", shifted(SALES, 7))])
    held = ingest("south", [*of_store("Ulm", REST), *of_store("Ulm", shifted(SALES, 9))])
    assert codes(held) == [CODE]
    message = held["holds"][0]["message"]
    assert message.startswith("40 sales of this file for South are already in North with the same number, date and ")
    assert "Kiel" not in message


def test_a_kiosk_with_the_numbers_and_prices_of_many_others_is_not_held(ingest: Any) -> None:
    """The numbers of each start again on each day, and there are three prices: equal sales are accidents."""

    def kiosk(store: str, first: int) -> list[tuple[str, ...]]:
        days = [(f"2025-03-{day:02}", number) for day in range(1, 6) for number in range(1, 5)]
        return [
            (str(number), day, f"{2 + (first + place) ** 2 % 3}.50", store) for place, (day, number) in enumerate(days)
        ]

    many = [row for store in range(30) for row in kiosk(f"K{store}", store)]
    assert ingest("north", kiosk("Kiel", 1))["status"] == "settled"
    assert ingest("south", many)["status"] == "settled"


def test_a_few_equal_sales_of_a_store_are_not_held(ingest: Any) -> None:
    ingest("north", of_store("Kiel", SALES))
    other = [*of_store("Ulm", SALES[:12]), *of_store("Ulm", shifted(SALES[12:], 3))]
    assert ingest("south", other)["status"] == "settled"
