"""The contract of a file by its folder and name, whether the file is complete, and words that leave out its rows."""

import re

import pytest

from tillstream.model.contract_patterns import cell_of_word, ignored_cell_pattern, word_of_cell
from tillstream.model.file_names import contract_from_folder, contract_from_name, is_ignored_file, without_dates

NAMES = ("IN", "UK", "USA", "online-retail-uk", "online-retail", "shop")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("IN.csv", "IN"),
        ("UK_2026-11.csv", "UK"),
        ("UK-2026-11.csv.gz", "UK"),
        ("uk 2026.xlsx", "UK"),
        ("usa.CSV", "USA"),
        ("online-retail-uk_june.csv", "online-retail-uk"),
        ("online-retail_june.csv", "online-retail"),
        ("in/UK.csv", "UK"),
        ("2026/november/UK.csv", "UK"),
    ],
)
def test_the_start_of_a_name_is_that_of_a_contract(path: str, name: str) -> None:
    assert contract_from_name(path, NAMES) == name


@pytest.mark.parametrize(
    "path", ["INDIA.csv", "sales.csv", "sales_UK.csv", "UK2026.csv", "", "FR/sales.csv", "UK/sales.csv"]
)
def test_a_name_that_only_resembles_a_contract_does_not_match(path: str) -> None:
    assert contract_from_name(path, NAMES) is None


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("IN/anything.csv", "IN"),
        ("in/UK.csv", "IN"),
        ("UK/2026/sales.csv", "UK"),
        ("UK.csv", None),
        ("FR/UK.csv", None),
    ],
)
def test_a_folder_is_that_of_a_contract(path: str, name: str | None) -> None:
    assert contract_from_folder(path, NAMES) == name


def test_capitals_decide_only_between_names_that_differ_in_nothing_else() -> None:
    assert contract_from_name("shop.csv", ("Shop", "shop")) == "shop"
    assert contract_from_name("Shop.csv", ("Shop", "shop")) == "Shop"


@pytest.mark.parametrize(
    "name", ["a.csv.part", "a.TMP", "~$book.xlsx", ".a.csv", "IN/.hidden", "a.csv~", "a.crdownload", "Thumbs.db", "IN/"]
)
def test_temporary_and_hidden_names_are_no_files_yet(name: str) -> None:
    assert is_ignored_file(name)


@pytest.mark.parametrize("name", ["a.csv", "IN/a.csv", "partners.csv", "a.part.csv", "no-ending"])
def test_other_names_are_files(name: str) -> None:
    assert not is_ignored_file(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("umsatz_20261122", "umsatz"),
        ("umsatz-2026-11-22", "umsatz"),
        ("2026-11 Umsatz Filiale 3", "Umsatz Filiale 3"),
        ("Export.22.11.2026", "Export"),
        ("sales_2026-11-01_2026-11-30_web", "sales_web"),
        ("orders_export_1", "orders_export_1"),
        ("till_2026112299", "till_2026112299"),
        ("20261122", "20261122"),
        ("売上_20261122", "売上_20261122"),
    ],
)
def test_a_name_for_later_files_has_no_dates(name: str, expected: str) -> None:
    assert without_dates(name) == expected


@pytest.mark.parametrize(
    ("word", "cell", "matches"),
    [
        ("Total *", "total North", True),
        ("* Total", "North", False),
        ("", "", True),
        ("*", "North", True),
        (r"\*", "*", True),
        (r"\*", "North", False),
        (r"Tip\* *", "Tip* for Ann", True),
        (r"Tip\* *", "Tip for Ann", False),
        (r"C:\Total", r"C:\total", True),
    ],
)
def test_an_asterisk_is_any_text_unless_a_backslash_is_before_it(word: str, cell: str, matches: bool) -> None:
    assert bool(re.match(ignored_cell_pattern([word]), cell, re.IGNORECASE)) == matches


@pytest.mark.parametrize("cell", ["*", "Total", "5* lamp *", ""])
def test_the_word_of_a_cell_is_only_that_cell(cell: str) -> None:
    word = word_of_cell(cell)
    assert cell_of_word(word) == cell
    assert re.match(ignored_cell_pattern([word]), cell)
    assert not re.match(ignored_cell_pattern([word]), f"{cell}x")
