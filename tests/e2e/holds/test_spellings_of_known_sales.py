"""Known sales that a program wrote differently: the file is held with one question, and nothing counts twice."""

import itertools
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from examples import long_but

Run = Callable[..., tuple[int, Any]]
LONG = pytest.mark.long
NUMBERS, PRODUCTS = "known-sales-under-another-spelling", "known-lines-of-other-products"
CONTRACT = {
    "name": "shop",
    "region": "North",
    "currency": "EUR",
    "identity": {"store": "S1"},
    "columns": {
        "sale_id": "Receipt", "date": "Day", "product_id": "Code", "product_name": "Item", "quantity": "Units",
        "net_amount": "Total",
    },
}  # fmt: skip
Row = tuple[str, str, str, str, str, str]
ITEMS = (("00310", "Kettle"), ("00725", "Teapot"), ("04410", "Tray"))
SALES: list[Row] = [
    (
        f"000{number}",
        f"2026-02-0{2 + number % 3}",
        *ITEMS[(number + line) % 3],
        str(1 + line),
        f"{number // 10}.{line}5",
    )
    for number in range(760, 769)
    for line in range(2)
]
TOTAL = sum(Decimal(row[5]) for row in SALES)


def spelled(place: int, change: Callable[[str], str], rows: Sequence[Sequence[str]] = SALES) -> list[list[str]]:
    return [[change(cell) if at == place else cell for at, cell in enumerate(row)] for row in rows]


def full_width(text: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) for letter in text)


@pytest.fixture
def ingest(home: Path, tmp_path: Path, run: Run) -> Callable[..., tuple[int, dict[str, Any]]]:
    (home / "contracts").mkdir(parents=True)
    count = iter(range(99))

    def give(rows: Sequence[Sequence[str]], **settings: Any) -> tuple[int, dict[str, Any]]:
        contract = home / "contracts" / "shop.yaml"
        if not contract.exists():
            contract.write_text(yaml.safe_dump(CONTRACT | settings))
        path = tmp_path / f"{next(count)}.csv"
        path.write_text("\n".join(["Receipt,Day,Code,Item,Units,Total", *(",".join(row) for row in rows), ""]))
        code, receipt = run("ingest", str(path), "--region", "shop")
        return code, dict(receipt)

    return give


def codes(receipt: dict[str, Any]) -> list[str]:
    return [hold["code"] for hold in receipt["holds"]]


def net(run: Run) -> Decimal:
    return sum((Decimal(row[-1]) for row in amounts(run)), Decimal(0))


def amounts(run: Run) -> list[tuple[str, ...]]:
    rows = run("query", "sale-lines")[1]["rows"]
    return [(row["sale_id"], row["net_amount"]) for row in rows]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.lstrip("0"),
        lambda text: f"#{text}",
        lambda text: f"{text.lstrip('0')}.0",
        lambda text: f"INV-{text}",
        lambda text: f"{text.lstrip('0')}/POS",
        lambda text: f"{text[:4]} {text[4:]}",
        full_width,
    ],
    ids=["no zeros", "number sign", "decimal", "prefix", "suffix", "space", "full width"],
)
def test_known_numbers_in_another_spelling_hold_the_file(ingest: Any, run: Run, change: Callable[[str], str]) -> None:
    ingest(SALES)
    code, receipt = ingest(spelled(0, change))
    assert (code, receipt["status"], codes(receipt)) == (4, "held", [NUMBERS])
    assert net(run) == TOTAL


@pytest.mark.parametrize(
    "change",
    [str.lower, lambda text: text.replace("-", ""), lambda text: text.removeprefix("TS-")],
    ids=["lower case", "no punctuation", "no prefix"],
)
def test_known_numbers_with_letters_hold_the_file(ingest: Any, run: Run, change: Callable[[str], str]) -> None:
    lettered = spelled(0, lambda text: f"TS-{text}")
    ingest(lettered)
    code, receipt = ingest(spelled(0, change, lettered))
    assert (code, codes(receipt), net(run)) == (4, [NUMBERS], TOTAL)


@pytest.mark.parametrize(
    ("place", "change"),
    [
        (2, lambda text: text.lstrip("0")),
        (2, lambda text: f"{text}.0"),
        (2, lambda text: "88001" if text == "00725" else text),
        (2, full_width),
    ],
    ids=["no zeros", "decimal", "another code", "full width"],
)
def test_known_lines_with_another_product_hold_the_file(
    ingest: Any, run: Run, place: int, change: Callable[[str], str]
) -> None:
    ingest(SALES)
    code, receipt = ingest(spelled(place, change))
    assert (code, codes(receipt), net(run)) == (4, [PRODUCTS], TOTAL)


@pytest.mark.parametrize(
    "change", [str.upper, lambda text: text.replace("Tray", "Tray, oak")], ids=["capitals", "renamed"]
)
def test_known_lines_with_a_renamed_product_hold_the_file(ingest: Any, run: Run, change: Callable[[str], str]) -> None:
    columns = {name: header for name, header in CONTRACT["columns"].items() if name != "product_id"}
    ingest(SALES, columns=columns, extra_columns=["Code"])
    code, receipt = ingest([[*row[:3], f'"{row[3]}"', *row[4:]] for row in spelled(3, change)])
    assert (code, codes(receipt), net(run)) == (4, [PRODUCTS], TOTAL)


def test_the_hold_names_a_sale_in_both_spellings(ingest: Any) -> None:
    ingest(SALES)
    receipt = ingest(spelled(0, lambda text: text.lstrip("0")))[1]
    assert receipt["holds"][0]["message"] == (
        "9 sales of this file would count twice: S1/762 of 2026-02-02 for 152.20 is in the ledger as S1/000762, on the "
        "same day, with the same quantities and amounts."
    )


@pytest.mark.parametrize(
    "rows",
    [
        spelled(1, lambda text: text.replace("-02-", "-03-"), [(f"{row[0][3:]}", *row[1:]) for row in SALES]),
        spelled(5, lambda text: f"1{text}", [(f"{row[0][3:]}", *row[1:]) for row in SALES]),
        spelled(4, lambda text: f"1{text}", [(f"{row[0][3:]}", *row[1:]) for row in SALES]),
        spelled(0, lambda text: f"1{text}"),
        spelled(0, lambda text: f"{text}.000"),
    ],
    ids=["other days", "other amounts", "other quantities", "other numbers", "numbers in the thousands"],
)
def test_other_sales_are_not_held(ingest: Any, rows: list[list[str]]) -> None:
    ingest(SALES)
    assert ingest(rows)[1]["status"] == "settled"


def test_numbers_of_another_till_are_not_held_for_equal_prices(ingest: Any) -> None:
    """Each till counts from 1, and a part of its sales has by chance the price of the same number of the other."""
    prices = ("2.40", "3.10", "5.00")
    tills = [
        [
            (f"{till}{number}", "2026-02-02", "00310", "Kettle", "1", prices[number * step % 3])
            for number in range(1, 40)
        ]
        for till, step in (("A", 1), ("B", 2))
    ]
    ingest(tills[0])
    assert ingest(tills[1])[1]["status"] == "settled"


@pytest.mark.parametrize(
    "change", [lambda text: text.lstrip("0"), lambda text: f"#{text}"], ids=["no zeros", "number sign"]
)
def test_the_sales_of_a_morning_hold_the_file_of_the_whole_day(
    ingest: Any, run: Run, change: Callable[[str], str]
) -> None:
    day: list[Row] = [(f"000{number}", "2026-02-02", *ITEMS[0], "1", f"{number}.25") for number in range(310, 325)]
    ingest(day[:2])
    held = ingest(spelled(0, change, day))[1]
    assert (codes(held), held["holds"][0]["message"][:7]) == ([NUMBERS], "2 sales")
    receipt = run("accept", held["batch_id"])[1]
    assert (receipt["rows"]["duplicate"], receipt["rows"]["new"]) == (2, 13)
    assert net(run) == sum(Decimal(row[5]) for row in day)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("15:04:38", "15:04", [NUMBERS]),
        ("15:04", "15:04:38", [NUMBERS]),
        ("15:04:38", "15:05", []),
        ("15:04:38", "15:04:11", []),
    ],
    ids=["no seconds", "further seconds", "another minute", "other seconds"],
)
def test_known_numbers_at_the_same_minute_hold_the_file(
    ingest: Any, first: str, second: str, expected: list[str]
) -> None:
    ingest(spelled(1, lambda text: f"{text} {first}"), dates={"time_zone": "Europe/Lisbon"})
    held = ingest(spelled(0, lambda text: text.lstrip("0"), spelled(1, lambda text: f"{text} {second}")))[1]
    assert codes(held) == expected


def test_short_numbers_of_another_till_are_not_held_for_equal_prices(ingest: Any) -> None:
    """Both tills count from 1, with and without zeros, and a third of the sales has the price of the same number."""
    prices = ("2.40", "3.10", "5.00")
    for width, step in ((3, 1), (1, 2)):
        rows = [
            (f"{number:0{width}}", "2026-02-02", "00310", "Kettle", "1", prices[number * step % 3])
            for number in range(1, 40)
        ]
        code, receipt = ingest(rows)
    assert (code, receipt["status"]) == (0, "settled")


def test_corrected_and_further_lines_are_not_held(ingest: Any, run: Run) -> None:
    ingest(SALES)
    dearer = spelled(5, lambda text: f"1{text}")
    assert ingest(dearer)[1]["rows"]["corrected"] == len(SALES)
    further = [[*row[:2], "09900", "Cup", "1", "0.90"] for row in SALES[::2]]
    assert ingest(further)[1]["rows"]["new"] == len(further)


@pytest.mark.parametrize(
    ("change", "read"),
    [
        (lambda text: text.lstrip("0"), "762"),
        pytest.param(lambda text: f"#{text[3:]}.0", "#762.0", marks=LONG),
        pytest.param(lambda text: f"Inv. {text[3:]}", "Inv. 762", marks=LONG),
        pytest.param(full_width, "０００７６２", marks=LONG),
    ],
    ids=["no zeros", "number sign and decimal", "prefix", "full width"],
)
def test_an_accepted_spelling_of_numbers_holds_no_later_file(
    ingest: Any, run: Run, change: Callable[[str], str], read: str
) -> None:
    ingest(SALES)
    held = ingest(spelled(0, change))[1]
    words = f"Receipt: {read} is read as 000762; numbers are written as 000000"
    assert held["proposal"] == {"contract": "shop", "version": 2, "changes": [words]}
    code, receipt = run("accept", held["batch_id"])
    assert (code, receipt["status"], receipt["rows"]["duplicate"]) == (0, "settled", len(SALES))
    code, receipt = ingest([*spelled(0, change), [change("000899"), "2026-02-05", *ITEMS[0], "1", "7.00"]])
    assert (code, receipt["rows"]["new"], net(run)) == (0, 1, TOTAL + 7)
    assert ("S1/000899", "7") in amounts(run)
    assert ingest(SALES)[1]["rows"]["duplicate"] == len(SALES)
    for way in ("--check", "--from-originals"):
        assert run("rebuild", way)[1]["differences"] == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.lstrip("0"), ["Code: 310 is read as 00310; numbers are written as 00000"]),
        (lambda text: "88001" if text == "00725" else text, ["Code: 88001 is read as 00725"]),
    ],
    ids=["no zeros", "another code"],
)
def test_an_accepted_spelling_of_products_holds_no_later_file(
    ingest: Any, run: Run, change: Callable[[str], str], words: list[str]
) -> None:
    ingest(SALES)
    held = ingest(spelled(2, change))[1]
    assert held["proposal"]["changes"] == words
    code, receipt = run("accept", held["batch_id"])
    assert (code, receipt["rows"]["duplicate"], net(run)) == (0, len(SALES), TOTAL)
    assert ingest(spelled(2, change, SALES[3:]))[1]["rows"]["duplicate"] == len(SALES) - 3


def test_what_was_confirmed_before_is_not_a_question_again_after_an_accepted_spelling(ingest: Any, run: Run) -> None:
    ingest(SALES, refused_threshold=0.05)
    unreadable = ["000770", "2026-02-05", *ITEMS[0], "1", "many"]
    held = ingest([*spelled(0, lambda text: text.lstrip("0")), unreadable, unreadable])[1]
    assert [hold["code"] for hold in held["holds"]] == ["too-many-refused"]
    confirmed = run("confirm", held["batch_id"])[1]
    assert [hold["code"] for hold in confirmed["holds"]] == [NUMBERS]
    receipt = run("accept", held["batch_id"])[1]
    assert (receipt["status"], receipt["rows"]["duplicate"], net(run)) == ("settled", len(SALES), TOTAL)


def test_an_accepted_product_of_a_replaced_word_is_the_known_one(ingest: Any, run: Run, home: Path) -> None:
    """The contract gives 88001 for this word since its second version; 88001 itself is another product."""
    ingest(SALES)
    path = home / "contracts" / "shop.yaml"
    replaced = {"product_id": {"POT": "88001", "88001": "99001"}}
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"version": 2, "values": replaced}))
    rows = spelled(2, lambda text: "POT" if text == "00725" else text)
    held = ingest(rows)[1]
    assert held["proposal"]["changes"] == ["Code: 88001 is read as 00725"]
    code, receipt = run("accept", held["batch_id"])
    assert (code, receipt["rows"]["duplicate"], net(run)) == (0, len(SALES), TOTAL)
    values = run("contracts", "shop")[1]["values"]
    assert values == {"product_id": {"POT": "00725", "88001": "99001"}}


def test_a_product_without_a_code_is_read_as_the_known_name(ingest: Any, run: Run) -> None:
    bare = spelled(2, lambda _: "")
    ingest(bare)
    held = ingest(spelled(3, lambda text: "Pot" if text == "Teapot" else text, bare))[1]
    assert held["proposal"]["changes"] == ["Item: Pot is read as Teapot"]
    code, receipt = run("accept", held["batch_id"])
    assert (code, receipt["rows"]["duplicate"], net(run)) == (0, len(SALES), TOTAL)


def test_a_code_that_the_ledger_knows_by_name_only_has_no_proposal(ingest: Any, run: Run) -> None:
    ingest(spelled(2, lambda _: ""))
    held = ingest(SALES)[1]
    assert (codes(held), held.get("proposal")) == ([PRODUCTS], None)


def test_numbers_and_products_of_a_spreadsheet_are_one_question(ingest: Any, run: Run) -> None:
    def bare(text: str) -> str:
        return text.lstrip("0")

    ingest(SALES)
    held = ingest(spelled(0, bare, spelled(2, bare)))[1]
    assert held["proposal"]["changes"] == [
        "Receipt: 762 is read as 000762; numbers are written as 000000",
        "Code: 310 is read as 00310; numbers are written as 00000",
    ]
    assert run("accept", held["batch_id"])[1]["rows"]["duplicate"] == len(SALES)
    assert net(run) == TOTAL


STORES = {
    "capitals": (("Porto", "Faro"), str.upper, ["Code: FARO is read as Faro", "Code: PORTO is read as Porto"]),
    "no zeros": (("03", "08"), lambda text: text[1:], ["Code: 3 is read as 03", "Code: 8 is read as 08"]),
    "one of two": (("Porto", "08"), str.upper, ["Code: PORTO is read as Porto"]),
}
EVERYDAY = [("no zeros", False), ("one of two", True)]


@pytest.mark.parametrize("case", long_but(EVERYDAY, itertools.product(STORES, [False, True])))
def test_an_accepted_spelling_of_stores_holds_no_later_file(ingest: Any, run: Run, case: tuple[str, bool]) -> None:
    (stores, change, words), bare = STORES[case[0]], case[1]
    columns = {name: header for name, header in CONTRACT["columns"].items() if name != "product_id"}
    first = [[row[0], row[1], stores[int(row[0]) % 2], *row[3:]] for row in SALES]
    ingest(first, columns=columns | {"store_id": "Code"}, identity={})
    second = spelled(2, change, first)
    if bare:
        second = spelled(0, lambda text: text.lstrip("0"), second)
        words = [*words, "numbers are written as 000000"]
    held = ingest(second)[1]
    assert codes(held) == [NUMBERS]
    assert sorted(change.rpartition("; ")[-1] for change in held["proposal"]["changes"]) == words
    code, receipt = run("accept", held["batch_id"])
    assert (code, receipt["status"], receipt["rows"]["duplicate"]) == (0, "settled", len(SALES))
    assert (ingest(second)[0], net(run)) == (0, TOTAL)
    for way in ("--check", "--from-originals"):
        assert run("rebuild", way)[1]["differences"] == []


@pytest.mark.parametrize("store", ["North/East", "North 5%"])
def test_numbers_of_a_store_with_escaped_letters_have_a_proposal(ingest: Any, store: str) -> None:
    ingest(SALES, identity={"store": store})
    held = ingest(spelled(0, lambda text: text.lstrip("0")))[1]
    assert held["proposal"]["changes"] == ["Receipt: 762 is read as 000762; numbers are written as 000000"]


def test_numbers_that_no_rule_turns_into_the_known_ones_have_no_proposal(ingest: Any, run: Run) -> None:
    odd = spelled(0, lambda text: f"{'AB'[int(text) % 2]}{text}")
    ingest(odd)
    held = ingest(spelled(0, str.lower, odd))[1]
    assert (codes(held), held.get("proposal")) == ([NUMBERS], None)
    code, answer = run("accept", held["batch_id"])
    assert (code, answer["error"]) == (
        1,
        f"No new contract version is proposed for {held['file']}. Confirm or reject it.",
    )


def test_known_lines_with_other_line_numbers_hold_the_file(ingest: Any, run: Run) -> None:
    columns = {"sale_id": "Receipt", "date": "Day", "product_id": "Code", "line_key": "Units", "net_amount": "Total"}
    ingest(SALES[:2], columns=columns)
    code, held = ingest(spelled(4, lambda text: text + "0", SALES[:2]))
    assert (code, codes(held), net(run)) == (4, [PRODUCTS], sum(Decimal(row[5]) for row in SALES[:2]))
    assert "is in the ledger with another line number" in held["holds"][0]["message"]


def test_a_contract_can_keep_similar_sales(ingest: Any, run: Run) -> None:
    ingest(SALES, identity={"store": "S1", "similar_sales": "keep"})
    assert ingest(spelled(0, lambda text: text.lstrip("0")))[1]["rows"]["new"] == len(SALES)


def test_a_confirmed_file_counts_and_is_rebuilt(ingest: Any, run: Run) -> None:
    ingest(SALES)
    held = ingest(spelled(0, lambda text: text.lstrip("0")))[1]
    settled = run("confirm", held["batch_id"])[1]
    assert (settled["status"], settled["rows"]["new"], net(run)) == ("settled", len(SALES), 2 * TOTAL)
    for way in ("--check", "--from-originals"):
        assert run("rebuild", way)[1]["differences"] == []
