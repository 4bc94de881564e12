"""The contract of a file by its folder and name, and whether the file is complete."""

import pytest

from tillstream.domain.file_names import contract_from_path, is_ignored

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
        ("IN/anything.csv", "IN"),
        ("in/UK.csv", "IN"),
        ("2026/november/UK.csv", "UK"),
        ("UK/2026/sales.csv", "UK"),
    ],
)
def test_a_folder_or_the_start_of_a_name_determines_the_contract(path: str, name: str) -> None:
    assert contract_from_path(path, NAMES) == name


@pytest.mark.parametrize("path", ["INDIA.csv", "sales.csv", "sales_UK.csv", "UK2026.csv", "", "FR/sales.csv"])
def test_a_name_that_only_resembles_a_contract_does_not_match(path: str) -> None:
    assert contract_from_path(path, NAMES) is None


def test_capitals_decide_only_between_names_that_differ_in_nothing_else() -> None:
    assert contract_from_path("shop.csv", ("Shop", "shop")) == "shop"
    assert contract_from_path("Shop.csv", ("Shop", "shop")) == "Shop"


@pytest.mark.parametrize(
    "name", ["a.csv.part", "a.TMP", "~$book.xlsx", ".a.csv", "IN/.hidden", "a.csv~", "a.crdownload", "Thumbs.db", "IN/"]
)
def test_temporary_and_hidden_names_are_no_files_yet(name: str) -> None:
    assert is_ignored(name)


@pytest.mark.parametrize("name", ["a.csv", "IN/a.csv", "partners.csv", "a.part.csv", "no-ending"])
def test_other_names_are_files(name: str) -> None:
    assert not is_ignored(name)
