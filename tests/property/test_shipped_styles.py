"""A file written in any shipped contract's style reads back equal, from the bytes to the current lines."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from app_factory import build
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from examples import examples, one_in
from tillstream.app import App
from tillstream.contracts import contract_files
from tillstream.intake import inbox
from tillstream.model.contract import Contract
from tillstream.pipeline.normalising.date_formats import format_datetime
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import stage
from tillstream.receipts import receipt as receipts
from tillstream.settings import Settings

LETTERS = "abcäöüßéñÅÇøABC123 -&売上語नमस्ते"
TEXTS = ("customer_id", "customer_name", "salesperson_id", "product_id", "product_name", "category", "country")
NUMBERS = ("quantity", "unit_price", "discount", "tax", "net_amount", "gross_amount", "unit_cost")
QUERY = "SELECT * FROM current_lines WHERE region = @region ORDER BY sale_id"


@dataclass(frozen=True)
class Written:
    """A file and its expected lines, by the value of the column `Further`."""

    data: bytes
    lines: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    built = build(Settings(home=Path(tmp_path_factory.mktemp("styles")), threads=1))
    yield built
    built.close()


def _letters(encoding: str) -> str:
    return "".join(letter for letter in LETTERS if letter.encode(encoding, "ignore"))


def _text(rng: Random, letters: str) -> str:
    return "".join(rng.choices(letters, k=rng.randint(1, 8))).strip() or "x"


def _number(value: Decimal, contract: Contract) -> str:
    style = contract.numbers
    whole, _, decimals = format(abs(value), ",f").partition(".")
    return "-" * (value < 0) + whole.replace(",", style.thousands) + (style.decimal + decimals if decimals else "")


def _same(contract: Contract, name: str, other: str) -> bool:
    return contract.columns[name] == contract.columns[other]


def _write(contract: Contract, rng: Random, count: int) -> Written:
    style, header = contract.file, list(dict.fromkeys(contract.columns.values()))
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=style.delimiter)
    writer.writerow([*header, "Further"])
    letters = _letters(style.encoding)
    lines: dict[str, dict[str, Any]] = {}
    # Each on a day of its own: some sources name a sale by its day.
    for number, after in enumerate(rng.sample(range(700), count), 1):
        day = date(2022, 1, 1) + timedelta(days=after)
        at = datetime.combine(day, time(rng.randint(10, 20), rng.randint(0, 59)))
        expected: dict[str, Any] = {name: _text(rng, letters) for name in TEXTS if name in contract.columns}
        expected |= {name: Decimal(rng.randint(1, 900_000)) / 100 for name in NUMBERS if name in contract.columns}
        if "quantity" in expected:
            expected["quantity"] = Decimal(rng.randint(1, 900))
        # Two columns may share one header.
        expected |= {name: expected[other] for name in expected for other in expected if _same(contract, name, other)}
        cells: dict[str, str] = {
            name: _number(value, contract) if isinstance(value, Decimal) else value for name, value in expected.items()
        }
        dates = contract.dates
        cells |= {
            "sale_id": str(10_000 + number),
            "date": format_datetime(at, rng.choice(dates.formats), dates.language),
        }
        if "time" in contract.columns:
            cells["time"] = format_datetime(at, rng.choice(dates.time_formats), dates.language)
        if contract.status.words:
            cells["status"], expected["status"] = rng.choice(list(contract.status.words.items()))
        if "store_id" in contract.columns:
            cells["store_id"] = expected["store_id"] = rng.choice(contract.stores or ("7", "8"))
        if "channel" in contract.columns:
            meanings = contract.values.get("channel") or {word: word for word in contract.allowed["channel"]}
            cells["channel"], expected["channel"] = rng.choice(list(meanings.items()))
        if "line_key" in contract.columns:
            cells["line_key"] = expected["line_key"] = "7"
        row = {header: cells.get(name, "") for name, header in contract.columns.items()}
        writer.writerow([*row.values(), f"{number} {letters[3]}"])
        expected["sale_date"], expected["extra"] = day, f'{{"Further":"{number} {letters[3]}"}}'
        if "net_amount" not in contract.columns:
            expected["net_amount"] = expected["quantity"] * expected["unit_price"] - expected.get("discount", 0)
        lines[expected["extra"]] = expected
    return Written(out.getvalue().encode(style.encoding), lines)


@settings(max_examples=examples(12), suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("name", one_in(3, sorted(contract_files.shipped_contracts())))
@given(seed=st.integers(0, 1 << 30))
def test_a_file_in_a_shipped_contracts_style_reads_back_equal(app: App, name: str, seed: int) -> None:
    rng = Random(seed)
    contract = app.contracts.pin(name)
    written = _write(contract, rng, rng.randint(1, 12))
    upload = inbox.receive_file(app.ports, contract, "file.csv", io.BytesIO(written.data), "clerk")
    stage.stage(app.ports, upload.batch_id)
    settle.settle_all(app.ports, app.contracts)
    receipt = receipts.batch_receipt(app.ports, upload.batch_id)
    rows = app.ports.warehouse.query(QUERY, {"region": contract.region}).to_pylist()
    rows_by_extra = {row["extra"]: row for row in rows}
    app.ports.warehouse.settle(_undo(upload.batch_id))
    assert receipt["rows"]["new"] == receipt["rows"]["read"] == len(written.lines)
    assert sum(amount["net"] for amount in receipt["amounts"]) == sum(
        line["net_amount"] for line in written.lines.values()
    )
    for extra, line in written.lines.items():
        assert {column: rows_by_extra[extra][column] for column in line} == line


def _undo(batch: str) -> Any:
    from tillstream.ports.warehouse import Settlement

    return Settlement(undo=[batch])
