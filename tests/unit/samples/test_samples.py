"""The sample files: the same bytes each time, in the format of their contracts, with the totals they claim."""

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tillstream.contracts.contract_files import shipped_contracts
from tillstream.model.contract import Contract
from tillstream.samples.monthly_sales import scale_letters
from tillstream.samples.regions import ALL_REGIONS
from tillstream.samples.sample_files import (
    DEMO_NAMES,
    FileFacts,
    SampleFacts,
    expected_facts,
    files_of_regions,
    write_samples,
)

UNTIL, SMALL = date(2025, 10, 31), 0.05
Row, Key = dict[str, str], tuple[str, str, str]


def bytes_of(
    until: date = UNTIL, scale: float = SMALL, seed: int = 7, regions: Sequence[str] = DEMO_NAMES, days: int = 0
) -> dict[str, bytes]:
    contents = {}
    for one in files_of_regions(until=until, scale=scale, seed=seed, regions=regions, days=days):
        out = io.BytesIO()
        one.write(out)
        contents[one.name] = out.getvalue()
    return contents


@dataclass
class PlainImporter:
    """Reads files of one contract cell by cell, as slowly and plainly as can be, to judge the generator."""

    contract: Contract
    current: dict[Key, Row] = field(default_factory=dict)

    def take(self, data: bytes) -> FileFacts:
        style, facts = self.contract.file, FileFacts()
        lines = data.decode(style.encoding).splitlines()
        header, counts, keyed = lines[0].split(style.delimiter), Counter[tuple[str, str]](), []
        for line in lines[1:]:
            facts.read += 1
            cells = next(csv.reader([line], delimiter=style.delimiter), [])
            row = dict(zip(header, cells, strict=False))
            if not cells:
                facts.blank += 1
            elif fault := self.fault(line, cells, header, row):
                facts.quarantined += 1
                facts.refused[fault] += 1
            else:
                facts.net += self.net(row)
                keyed.append((row, self.cell(row, "store_id") + "/" + self.cell(row, "sale_id")))
        # n-th among equal products of a sale, by content
        for row, sale in sorted(keyed, key=lambda one: tuple(sorted(one[0].items()))):
            product = self.cell(row, "product_id")
            counts[sale, product] += 1
            n = counts[sale, product]
            line_key = self.cell(row, "line_key") if self.contract.has_line_numbers else f"{product}#{n}"
            self.place((sale, line_key, ""), row, facts)
        return facts

    def place(self, key: Key, row: Row, facts: FileFacts) -> None:
        content = {name: cell for name, cell in row.items() if name != self.contract.columns.get("source_version")}
        outcome = "new" if key not in self.current else "duplicate" if self.current[key] == content else "corrected"
        setattr(facts, outcome, getattr(facts, outcome) + 1)
        self.current[key] = content

    def cell(self, row: Row, column: str) -> str:
        return row[self.contract.columns[column]]

    def amount(self, row: Row, column: str) -> Decimal:
        style, text = self.contract.numbers, self.cell(row, column)
        for sign in (*style.currency_signs, style.thousands or " ", "\u202f", " "):
            text = text.replace(sign, "")
        return Decimal(text.replace(style.decimal, "."))

    def net(self, row: Row) -> Decimal:
        computed = self.amount(row, "quantity") * self.amount(row, "unit_price") - self.amount(row, "discount")
        net = self.amount(row, "net_amount") if "net_amount" in self.contract.columns else computed
        assert net == computed
        assert self.amount(row, "gross_amount") == net + self.amount(row, "tax")
        return net

    def status(self, row: Row) -> str:
        rule, word = self.contract.status, self.cell(row, "status")
        if word:
            return rule.words[word]
        if any(self.cell(row, "sale_id").startswith(prefix) for prefix in rule.prefixes):
            return "returned"
        if rule.negative_quantity and self.amount(row, "quantity") < 0:
            return rule.negative_quantity
        assert rule.default is not None
        return rule.default

    def sale_date(self, row: Row) -> date:
        return datetime.strptime(self.cell(row, "date"), self.contract.dates.formats[0]).date()  # noqa: DTZ007

    def fault(self, line: str, cells: list[str], header: list[str], row: Row) -> str:
        if line.count('"') % 2:
            return "unclosed-quote"
        if len(cells) != len(header):
            return "ragged-row"
        if not self.cell(row, "sale_id") or not self.cell(row, "date"):
            return "missing-required"
        try:
            self.sale_date(row)
        except ValueError:
            return "not-a-date"
        if not self.cell(row, "quantity").lstrip("-").isdigit():
            return "not-a-number"
        word = self.cell(row, "status")
        return "word-not-allowed" if word and word not in self.contract.status.words else ""


@pytest.fixture(scope="module")
def small() -> dict[str, bytes]:
    return bytes_of()


@pytest.fixture(scope="module")
def facts() -> dict[str, SampleFacts]:
    return expected_facts(until=UNTIL, scale=SMALL)


def test_the_same_arguments_give_the_same_bytes(small: dict[str, bytes], tmp_path: Path) -> None:
    assert bytes_of() == small
    written = write_samples(tmp_path / "new", until=UNTIL, scale=SMALL)
    assert {path.name: path.read_bytes() for _, path in written} == small


def test_the_bytes_are_those_of_every_other_machine(small: dict[str, bytes]) -> None:
    others = bytes_of(regions=["DE", "FR", "JP", "BR"])
    digests = [hashlib.sha256(b"".join(sample.values())).hexdigest()[:16] for sample in (small, others)]
    assert digests == ["92ef5d662e2b5979", "62638ca5f7e4a827"]


def test_japanese_amounts_are_whole_yen_and_brazilian_ones_are_written_as_people_do() -> None:
    contents = bytes_of(regions=["JP", "BR"])
    japan = next(data for name, data in contents.items() if name.startswith("JP")).decode("cp932")
    brazil = next(data for name, data in contents.items() if name.startswith("BR")).decode("utf-8")
    rows = [row for row in csv.reader(japan.splitlines()[1:]) if len(row) == 19]
    facts = expected_facts(until=UNTIL, scale=SMALL, regions=["JP"])["JP"]
    assert all(amount.removeprefix("-").isdigit() for row in rows for amount in (*row[13:17], row[18]))
    assert facts.gross == facts.gross.to_integral_value()
    assert "R$ 1." in brazil
    assert "-R$ " in brazil


@pytest.mark.parametrize("change", [{"seed": 8}, {"until": date(2025, 9, 30)}, {"scale": 0.06}])
def test_other_arguments_give_other_bytes(change: dict[str, int], small: dict[str, bytes]) -> None:
    other = bytes_of(**({"until": UNTIL, "scale": SMALL, "seed": 7} | change))  # type: ignore[arg-type]
    assert not set(other.values()) & set(small.values())


def test_another_scale_gives_other_sales_and_file_names(small: dict[str, bytes]) -> None:
    def numbers(contents: dict[str, bytes]) -> dict[str, set[bytes]]:
        columns = {"IN": (b",", 0), "UK": (b",", 0), "USA": (b"\t", 1)}
        values: dict[str, set[bytes]] = {region: set() for region in columns}
        for name, data in contents.items():
            delimiter, place = columns[name.partition("_")[0]]
            rows = (line.split(delimiter) for line in data.splitlines()[1:])
            values[name.partition("_")[0]] |= {cells[place] for cells in rows if len(cells) > place and cells[place]}
        return values

    other = bytes_of(scale=0.5)
    assert not set(other) & set(small)
    mine, others = numbers(small), numbers(other)
    assert all(len(mine[region]) > 300 and not mine[region] & others[region] for region in mine)
    assert next(iter(files_of_regions(until=UNTIL))).name == "IN_sales_2023-11_to_2025-09.csv"
    assert "IN_sales_2023-11_to_2025-09_cc.csv" in small
    marks = [scale_letters(scale) for scale in (0.05, 0.5, 5, 50, 1.5, 15, 0.15, 2, 20, 1, 0.025)]
    assert len(set(marks)) == len(marks)


def test_every_header_holds_what_its_contract_maps(small: dict[str, bytes]) -> None:
    contents = small | bytes_of(regions=sorted(set(ALL_REGIONS) - set(DEMO_NAMES)))
    for one in files_of_regions(until=UNTIL, scale=SMALL, regions=tuple(ALL_REGIONS)):
        contract = shipped_contracts()[one.contract]
        header = contents[one.name].decode(contract.file.encoding).splitlines()[0].split(contract.file.delimiter)
        assert set(contract.columns.values()) <= set(header)
        assert len(set(header)) == len(header)


@pytest.mark.parametrize("region", sorted(ALL_REGIONS))
@pytest.mark.parametrize(
    ("until", "scale", "days"),
    [(UNTIL, SMALL, 0), (date(2024, 2, 1), 0.02, 7), (date(2025, 3, 17), 0.002, 0), (date(2025, 3, 17), 0.02, 7)],
)
def test_a_plain_reading_of_the_files_finds_every_fact(region: str, until: date, scale: float, days: int) -> None:
    claimed = expected_facts(until=until, scale=scale, regions=[region], days=days)[region]
    data = bytes_of(until, scale, regions=[region], days=days)
    importer = PlainImporter(shipped_contracts()[region])
    assert {name: importer.take(data[name]) for name in claimed.files} == claimed.files

    rows = list(importer.current.values())
    by_status = Counter(importer.status(row) for row in rows)
    active = [row for row in rows if importer.status(row) != "cancelled"]
    revenue = sum((importer.net(row) for row in active), Decimal(0))
    assert (len(rows), by_status["cancelled"], by_status["pending"], by_status["returned"]) == (
        claimed.lines,
        claimed.cancelled_lines,
        claimed.pending_lines,
        claimed.returned_lines,
    )
    assert revenue == claimed.revenue
    assert sum(claimed.revenue_by_category.values()) == revenue
    assert sum(importer.net(row) for row in rows) == claimed.net
    assert sum(importer.amount(row, "gross_amount") for row in active) == claimed.gross
    assert sum(importer.amount(row, "quantity") for row in active) == claimed.units
    assert len({importer.cell(row, "customer_id") for row in active} - {""}) == claimed.customers
    orders = {key[0] for key, row in importer.current.items() if importer.status(row) in {"completed", "pending"}}
    assert len(orders) == claimed.orders
    days = [importer.sale_date(row) for row in rows]
    assert (min(days), max(days)) == (claimed.first_sale_date, claimed.last_sale_date)
    stores = {importer.cell(row, "store_id") for row in rows}
    assert stores <= set(importer.contract.stores)


def test_nothing_closes_the_unclosed_quote(small: dict[str, bytes]) -> None:
    broken = 0
    for data in small.values():
        for number, line in enumerate(lines := data.splitlines()):
            if line.count(b'"') % 2:
                broken += 1
                assert not any(b'"' in later for later in lines[number + 1 :])
    assert broken == 3


def test_at_scale_1_there_are_about_200_000_lines_and_two_dirty_ones_in_a_thousand() -> None:
    regions = expected_facts(until=UNTIL)
    lines = sum(one.lines for one in regions.values())
    assert 190_000 < lines < 210_000
    assert 0.001 < sum(one.refused for one in regions.values()) / lines < 0.003
    for one in regions.values():
        assert 0.01 < one.returned_lines / one.lines < 0.03
        assert 0.01 < one.cancelled_lines / one.lines < 0.03
        assert one.duplicates > 300
        assert one.corrected > 40
        assert set().union(*(file.refused for file in one.files.values())) == {
            "missing-required",
            "not-a-date",
            "not-a-number",
            "ragged-row",
            "unclosed-quote",
            "word-not-allowed",
        }


def test_december_outsells_february_and_few_customers_buy_much(small: dict[str, bytes]) -> None:
    history = next(data for name, data in small.items() if name.startswith("USA_sales_2023"))
    rows = [line.split("\t") for line in history.decode().splitlines()[1:]]
    months = Counter(row[1][:4] for row in rows)
    assert months["2412"] > 1.4 * months["2502"]
    customers = Counter(row[6] for row in rows if row[6])
    tenth = [count for _, count in customers.most_common(len(customers) // 10)]
    assert sum(tenth) > 0.2 * customers.total()
    assert {"é", "ú", "ñ"} & set(history.decode())
