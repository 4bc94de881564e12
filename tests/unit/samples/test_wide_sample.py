"""The wide file of the benchmark fits its contract, in the requested size and in constant memory."""

import csv
import tracemalloc
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tillstream.model.contract import parse_contract
from tillstream.samples.wide_file import BENCH_CONTRACT, write_wide_file


def test_a_wide_file_fits_its_contract_and_the_requested_size(tmp_path: Path) -> None:
    contract = parse_contract(BENCH_CONTRACT)
    write_wide_file(path := tmp_path / "wide.csv", 3001, columns=18)
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert len(rows) == 3001
    assert len(rows[0]) == 18
    assert set(contract.columns.values()) <= set(rows[0])
    assert len({(row["order_id"], row["line"]) for row in rows}) == 3001
    assert {row["status"] for row in rows} <= set(contract.status.words)
    for row in rows:
        assert len(row) == 18
        assert datetime.strptime(row["ordered_at"], contract.dates.formats[0]).year in {2023, 2024}  # noqa: DTZ007
        net = Decimal(row["quantity"]) * Decimal(row["unit_price"]) - Decimal(row["discount"])
        assert Decimal(row["net_amount"]) == net


def test_a_generated_file_can_start_at_later_sales(tmp_path: Path) -> None:
    write_wide_file(tmp_path / "a.csv", 300)
    write_wide_file(tmp_path / "b.csv", 300, first_row=300)
    write_wide_file(tmp_path / "c.csv", 300)
    first, second, again = ((tmp_path / f"{name}.csv").read_text() for name in "abc")
    assert first == again
    assert {line[:13] for line in first.splitlines()} & {line[:13] for line in second.splitlines()} == {"order_id,line"}


def test_a_wide_file_needs_fifteen_columns(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 15"):
        write_wide_file(tmp_path / "narrow.csv", 10, columns=14)


@pytest.mark.system
def test_a_larger_wide_file_takes_no_more_memory(tmp_path: Path) -> None:
    peaks = []
    for rows in (600_000, 1_800_000):
        tracemalloc.start()
        write_wide_file(tmp_path / "wide.csv", rows)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
