"""Messages of tills: any message is at least one row, the other sales are counted, and what is staged stays."""

import io
import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tillstream.contracts.contract_files import shipped_contracts
from tillstream.model.contract import parse_contract
from tillstream.model.messages import decode_store_sale
from tillstream.pipeline.reading.sale_messages import iter_message_rows
from tillstream.pipeline.rows.row_batch import Issues, RowBatch
from tillstream.pipeline.staging.split_rows import Hasher, split_row_batch
from tillstream.pipeline.staging.store_sales_source import StoreSalesSource

UK = shipped_contracts()["UK"]


def sale(**other: Any) -> dict[str, Any]:
    return {
        "schema": "store-sale/1",
        "region": "UK",
        "store_id": "LON1",
        "number": "1",
        "sold_at": "2026-11-20T10:03:00+00:00",
        "currency": "GBP",
        "lines": [{"product_id": "P", "net_amount": "1"}],
    } | other


def line(**amounts: str) -> dict[str, Any]:
    return sale(lines=[amounts])


def kept(*messages: str) -> bytes:
    envelopes = ({"sequence": number, "message": text} for number, text in enumerate(messages, 1))
    return b"".join(json.dumps(envelope).encode() + b"\n" for envelope in envelopes)


def part(*messages: str) -> RowBatch:
    (only,) = StoreSalesSource(lambda: io.BytesIO(kept(*messages)), UK, date(2026, 11, 20)).row_batches()
    return only


IMPOSSIBLE = {
    "not JSON": "{nope",
    "nothing": "",
    "a list": "[]",
    "nested without end": "[" * 100_000,
    "a number of 5,000 digits": '{"version":' + "9" * 5_000 + "}",
    "half of a character": json.dumps(sale(number="\ud800")),
    "half of a character in extra": json.dumps(sale(lines=[{"net_amount": "1", "extra": {"a": "\udc00"}}])),
    "a version that no column holds": json.dumps(sale(version=10**20)),
    "a version as a float that no column holds": json.dumps(sale(version=1e300)),
    "the first day of the calendar, east": json.dumps(sale(sold_at="0001-01-01T00:00:00+14:00")),
    "the first day of the calendar, before its cutoff": json.dumps(sale(sold_at="0001-01-01T00:00:00Z")),
    "the last day of the calendar, west": json.dumps(sale(sold_at="9999-12-31T23:59:59-14:00")),
    "a second that clocks do not show": json.dumps(sale(sold_at="2016-12-31T23:59:60Z")),
    "an amount that no column holds": json.dumps(line(quantity="9" * 20, unit_price="9" * 20)),
    "half of a letter in a name of extra": json.dumps(sale(lines=[{"net_amount": "1", "extra": {"\ud800": 5}}])),
}


@pytest.mark.parametrize("text", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_a_message_that_is_no_sale_is_one_refused_row_and_its_neighbour_counts(text: str) -> None:
    staged = part(json.dumps(sale()), text)
    assert staged.table.num_rows == 1
    (refused,) = staged.rejected
    assert [problem["code"] for problem in refused.problems] == ["unreadable-message"]
    assert refused.raw == text
    assert json.dumps(refused.problems, ensure_ascii=False).encode()


@pytest.mark.parametrize("text", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_the_texts_of_a_micro_batch_are_numbered_as_its_rows(text: str) -> None:
    good = json.dumps(sale())
    assert list(iter_message_rows(io.BytesIO(kept(text, good)))) == [(1, text), (2, good)]


NAMES = ("region", "store_id", "number", "returns_sale_id", "salesperson_id", "customer_id")


@pytest.mark.parametrize("sign", ["\0", "\n", "\r", "\t", "\x7f", "\x85", "\u2028"])
@pytest.mark.parametrize("text", ["1{}2", "{}1", "1{}"])
@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_more_than_one_line_is_refused_with_its_field(name: str, text: str, sign: str) -> None:
    _, wrong = decode_store_sale(json.dumps(sale(**{name: text.format(sign)})))
    assert wrong == [f"{name}: contains a line break, a NUL or another control character"]


def test_a_line_of_a_sale_names_its_place_where_its_product_has_two_lines() -> None:
    message = sale(lines=[{"net_amount": "1"}, {"net_amount": "1", "line": "1\n", "product_id": "a\nb"}])
    assert [words.partition(":")[0] for words in decode_store_sale(json.dumps(message))[1]] == [
        "lines.1.line",
        "lines.1.product_id",
    ]


def test_names_of_any_letters_on_one_line_are_taken() -> None:
    assert decode_store_sale(json.dumps(sale(number="Bon № 7/12 – “α”", salesperson_id="")))[1] == []


@pytest.mark.parametrize("message", [sale(currency="GBP\n"), line(net_amount="1\n")])
def test_no_line_break_follows_a_currency_or_an_amount(message: dict[str, Any]) -> None:
    assert decode_store_sale(json.dumps(message))[1]


def test_the_greatest_amounts_keep_every_decimal() -> None:
    message = line(net_amount="9" * 20 + ".999999999", tax="0.000000002")
    row = part(json.dumps(message)).table.to_pylist()[0]
    assert row["net_amount"] == Decimal("9" * 20 + ".999999999")
    assert row["gross_amount"] == Decimal("1" + "0" * 20 + ".000000001")


def test_what_is_wrong_with_a_message_stays_short() -> None:
    _, wrong = decode_store_sale(json.dumps(sale(customer_name="x" * 50_000)))
    assert len(wrong) == 1
    assert wrong[0].startswith("customer_name: ")
    assert len(wrong[0]) < 400


FILE = Path(__file__).with_name("staged_store_sales.json")
RECEIVED = date(2026, 11, 20)
CASES: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))


def staged(contract: dict[str, Any], messages: list[str]) -> dict[str, Any]:
    """Accepted rows with their hashes, rejected rows and issues without their words, as JSON without nulls."""
    envelopes = ({"sequence": 1_000 + number, "message": text} for number, text in enumerate(messages))
    stored = b"".join(json.dumps(envelope).encode() + b"\n" for envelope in envelopes)
    (part,) = StoreSalesSource(lambda: io.BytesIO(stored), parse_contract(contract), RECEIVED).row_batches()
    judged = split_row_batch(part, Hasher())
    tables = {"accepted": judged.accepted, "rejected": judged.refused}
    rows = {name: [_row(row) for row in table.to_pylist()] if table else [] for name, table in tables.items()}
    return rows | {"issues": _issues(part.issues)}


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain(name, value) for name, value in row.items() if value is not None and name != "raw"}


def _plain(name: str, value: Any) -> Any:
    if name == "problems":
        return [[problem["code"], problem["column"]] for problem in json.loads(value)]
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date | datetime) else value


ADDED_SINCE = frozenset({"clock-ahead", "sold-long-ago"})
"""Warnings that earlier versions did not have; the messages here have no real time of receipt."""


def _issues(issues: Issues) -> list[list[Any]]:
    rows = (row for row in issues.table().to_pylist() if row["code"] not in ADDED_SINCE)
    return [[row["index"], row["code"], row["column"], row["value"]] for row in rows]


@pytest.mark.parametrize("case", CASES, ids=[case["contract"]["name"] for case in CASES])
def test_messages_are_staged_as_an_earlier_version_staged_them(
    case: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    outcome = staged(case["contract"], case["messages"])
    if request.config.getoption("--golden-write"):
        case["staged"] = outcome
        FILE.write_text(json.dumps(CASES, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert outcome == case["staged"]
