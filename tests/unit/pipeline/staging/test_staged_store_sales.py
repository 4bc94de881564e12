"""What store sales are staged as stays: hashes and ids of older homes must find the same sales again.

`staged_store_sales.json` has, for each contract, messages and the rows that an earlier version staged from them. After
a change that is meant: `pytest FILE --golden-write`, and read what changed.
"""

import io
import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tillstream.model.contract import parse_contract
from tillstream.pipeline.rows.row_batch import Issues
from tillstream.pipeline.staging.split_rows import Hasher, split_row_batch
from tillstream.pipeline.staging.store_sales_source import StoreSalesSource

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
