"""Contracts: those that ship are sound, and a mistake in a custom one is reported with its position."""

import csv
import gzip
from pathlib import Path
from typing import Any

import pytest

from tillstream.contracts.contract_files import (
    check_sale_ids,
    load_contract_folder,
    parse_contract_yaml,
    shipped_contracts,
)
from tillstream.model.contract import Contract
from tillstream.model.errors import Rejected
from tillstream.samples.regions import ALL_REGIONS

GOOD = """\
name: shop
region: Shop
currency: EUR
columns: {sale_id: No, date: Day, net_amount: Total}
identity: {ids: region-wide}
"""
REAL = {
    "classic-models": "classic-models/sales_data_sample.csv",
    "online-retail-in": "online-retail/IN.csv",
    "online-retail-usa": "online-retail/USA.csv",
    "online-retail-uk": "online-retail/UK.csv.gz",
    "superstore-eu": "superstore-eu/superstore-semicolon-decimal-comma.csv",
    "supermarket": "supermarket/supermarket_sales.csv",
    "japan": "japan/uriage_cp932.csv",
    "walmart-weekly": "weekly/walmart-45-stores.csv",
    "bakery-de": "daily/bakery-de-umsatz.csv",
}


def test_the_contracts_of_the_samples_and_of_the_public_files_ship() -> None:
    assert set(shipped_contracts()) == {*ALL_REGIONS, *REAL}


def test_contracts_of_one_region_agree_on_how_sales_are_named() -> None:
    check_sale_ids(shipped_contracts().values())


def test_the_samples_cover_both_line_key_rules_and_both_sale_id_rules() -> None:
    samples = [shipped_contracts()[name] for name in ("IN", "UK", "USA")]
    assert {one.has_line_numbers for one in samples} == {True, False}
    assert {one.identity.ids for one in samples} == {"per-store", "region-wide"}


@pytest.mark.shared
@pytest.mark.parametrize("name", sorted(REAL))
def test_every_mapped_header_is_in_the_real_file(name: str, shared_data: Path) -> None:
    contract, path = shipped_contracts()[name], shared_data / REAL[name]
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    text = data.decode(contract.file.encoding).removeprefix("\ufeff")
    rows = csv.DictReader(text.splitlines(keepends=True), delimiter=contract.file.delimiter)
    assert set(contract.columns.values()) <= set(rows.fieldnames or ())
    if "status" in contract.columns:
        assert {row[contract.columns["status"]] for row in rows} <= set(contract.status.words)


@pytest.mark.shared
def test_classic_models_reads_its_letters_in_the_code_page_of_dos(shared_data: Path) -> None:
    text = (
        (shared_data / REAL["classic-models"]).read_bytes().decode(shipped_contracts()["classic-models"].file.encoding)
    )
    assert "Berguvsvägen" in text
    assert "Martín" in text


def test_words_that_yaml_would_turn_into_other_things_stay_text() -> None:
    contract = parse_contract_yaml(
        GOOD + "country: NO\nproducts: [0123, 1_000, on]\ndates: {cutoff: 10:30}\n", "shop.yaml"
    )
    assert contract.country == "NO"
    assert contract.products == ("0123", "1_000", "on")
    assert (contract.dates.cutoff.hour, contract.dates.cutoff.minute) == (10, 30)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("net_amount: Total", "net_amount: Total, colour: Colour", "colour: colour is not a column of a sale line"),
        ("date: Day, ", "", "date must be mapped"),
        ("sale_id: No, ", "", "sale_id must be mapped"),
        ("net_amount: Total", "quantity: Qty", "map net_amount, or both quantity and unit_price"),
        ("currency: EUR\n", "", "set the file's currency"),
        ("currency: EUR", "currency: euro", "currency"),
        ("identity: {ids: region-wide}\n", "", "map columns.store_id, set identity.store"),
        ("name: shop", "name: my shop", "name"),
        ("region: Shop\n", "", "line 1, column 1: region: is required"),
        ("", "dates: {time_zone: Europe/Londn}\n", "dates.time_zone: unknown time zone 'Europe/Londn'"),
        ("", "dates: {formats: ['%d/%m']}\n", "has no year"),
        ("", "dates: {formats: []}\n", "at least one date format"),
        ("", "file: {encoding: utf-9}\n", "file.encoding: unknown encoding 'utf-9'"),
        ("", "file: {delimiter: ':'}\n", "file.delimiter"),
        ("", "numbers: {decimal: ',', thousands: ','}\n", "decimal and thousands must be different"),
        ("", "numbers: {decimal: ';'}\n", "numbers.decimal"),
        ("", "status: {words: {Paid: paid}}\n", "status.words.Paid"),
        ("net_amount: Total", "net_amount: Total, status: State", "status.words: map each word"),
        ("", "ranges: {category: {minimum: 0}}\n", "ranges.category: only these columns can have a range"),
        ("", "expected: [colour]\n", "line 6, column 12: expected.0: colour is not a column"),
        ("", "colour: red\n", "line 6, column 1: colour: unknown field"),
        ("", "refused_threshold: 20\n", "refused_threshold"),
    ],
)
def test_a_mistake_is_refused_in_words_that_name_it(old: str, new: str, message: str) -> None:
    text = GOOD.replace(old, new) if old else GOOD + new
    assert text != GOOD
    with pytest.raises(Rejected) as refusal:
        parse_contract_yaml(text, "shop.yaml")
    assert str(refusal.value).startswith("shop.yaml is not a valid contract")
    assert message in str(refusal.value)


def test_every_mistake_is_named_with_its_line_and_column_from_top_to_bottom() -> None:
    text = """\
name: shop
region: Shop
curency: EUR
file:
  delimitr: ";"
numbers: {decimal: ",", thousands: ","}
delimiter: ";"
stores: S1
status: {words: {Paid: compleed}}
dates: {formats: ["%d.%m.%Y", "%d.%m."]}
version: first
"""
    with pytest.raises(Rejected) as refusal:
        parse_contract_yaml(text, "shop.yaml")
    assert str(refusal.value).splitlines() == [
        "shop.yaml is not a valid contract:",
        "  line 1, column 1: columns: is required",
        "  line 3, column 1: curency: unknown field. Did you mean currency?",
        "  line 5, column 3: file.delimitr: unknown field. Did you mean delimiter?",
        "  line 6, column 10: numbers: decimal and thousands must be different signs",
        "  line 7, column 1: delimiter: unknown field. It belongs in the section file: file.delimiter.",
        "  line 8, column 9: stores: must be a list",
        "  line 9, column 24: status.words.Paid: must be 'completed', 'pending', 'cancelled', 'returned' or "
        "'ignore', not 'compleed'. Did you mean completed?",
        "  line 10, column 18: dates.formats: the format '%d.%m.' has no year (%Y or %y)",
        "  line 11, column 10: version: must be a valid integer, unable to parse string as an integer",
    ]


def test_rules_over_several_fields_name_the_path_of_their_field() -> None:
    text = """\
name: shop
region: Shop
currency: EUR
columns:
  sale_id: No
  date: Day
  net_amont: Total
identity: {ids: region-wide}
expected:
  - category
  - categry
ranges:
  quantity: {minimum: 0}
  category: {minimum: 0}
"""
    with pytest.raises(Rejected) as refusal:
        parse_contract_yaml(text, "shop.yaml")
    assert [line.partition(": ")[0].strip() for line in str(refusal.value).splitlines()[1:]] == [
        "line 4, column 1",
        "line 7, column 3",
        "line 11, column 5",
        "line 14, column 3",
    ]
    assert "columns.net_amont: net_amont is not a column of a sale line. Did you mean net_amount?" in str(refusal.value)
    assert "expected.1: categry is not a column of a sale line. Did you mean category?" in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: shop\nregion: [Shop\ncurrency: EUR\n", "shop.yaml, line 3, column 9"),
        ("name: shop\n\tregion: Shop\n", "shop.yaml, line 2, column 1"),
        ("name: shop\nregion: A\nregion: B\n", "shop.yaml, line 3, column 1"),
        ("just words", "not a contract"),
        ("", "not a contract"),
        (b"name: \xff\xfe", "not YAML text in UTF-8"),
        ("[" * 300_000, "shop.yaml, line 1 has more than 20 levels"),
        ("- " * 300_000, "shop.yaml, line 1 has more than 20 levels"),
    ],
)
def test_broken_yaml_is_refused_with_its_line_and_column(text: str | bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(Rejected) as refusal:
        load_contract_folder(tmp_path)
    assert message in str(refusal.value)


def test_a_folder_gives_its_contracts_by_name_and_other_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(GOOD)
    (tmp_path / "kiosk.yml").write_text(GOOD.replace("shop", "kiosk"))
    (tmp_path / "notes.txt").write_text("not: [a contract")
    assert set(load_contract_folder(tmp_path)) == {"kiosk", "shop"}


def test_no_folder_means_no_contracts_of_ones_own(tmp_path: Path) -> None:
    assert load_contract_folder(tmp_path / "absent") == {}


def test_a_file_must_be_called_like_its_contract(tmp_path: Path) -> None:
    (tmp_path / "store.yaml").write_text(GOOD)
    with pytest.raises(Rejected, match=r"store\.yaml: the contract is named shop"):
        load_contract_folder(tmp_path)


def test_one_name_in_two_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(GOOD)
    (tmp_path / "shop.yml").write_text(GOOD)
    with pytest.raises(Rejected, match=r"shop\.yml: the contract shop is already defined in shop\.yaml"):
        load_contract_folder(tmp_path)


@pytest.mark.parametrize(
    ("change", "fine"),
    [
        ({"identity": {"ids": "per-store", "store": "S1"}}, False),
        ({"columns": {"sale_id": "No", "date": "Day", "net_amount": "Total", "line_key": "Line"}}, False),
        ({"identity": {"ids": "per-store", "store": "S1", "id_prefix": "X-"}}, True),
        ({"region": "Other", "identity": {"ids": "per-store", "store": "S1"}}, True),
    ],
)
def test_two_rules_of_identity_in_one_region_need_a_prefix(change: dict[str, Any], fine: bool) -> None:
    shop = parse_contract_yaml(GOOD, "shop.yaml")
    other = Contract.model_validate(shop.model_dump() | {"name": "other"} | change)
    if fine:
        check_sale_ids([shop, other])
    else:
        with pytest.raises(Rejected, match="shop and other both belong to the region Shop"):
            check_sale_ids([shop, other])
