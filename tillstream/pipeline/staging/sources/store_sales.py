"""Read a micro-batch of store sale messages as parts, with the same columns, rules and sale ids as files."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tillstream.domain.columns import STAGED, Kind
from tillstream.domain.contract.model import Contract
from tillstream.domain.store_sale import PRODUCT_PRECISION, decode
from tillstream.pipeline.rows.issues import Issues
from tillstream.pipeline.rows.row_batch import RejectedRow, RowBatch
from tillstream.pipeline.rows.schema import lines_schema
from tillstream.pipeline.rows.text_column import decoded
from tillstream.pipeline.validating.validate import validate

NINE = Decimal("1e-9")
BATCH_COLUMNS = frozenset({"row_number", "line_number", "fix_number", "accepted", "source", "received_seq"})
COLUMNS = [column for column in STAGED if column.name not in BATCH_COLUMNS]
AMOUNTS = [column.name for column in STAGED if column.kind is Kind.NUMERIC]
SALE_FIELDS = ("store_id", "currency", "salesperson_id", "customer_id", "customer_name", "returns_sale_id")
LINE_FIELDS = ("product_id", "product_name", "category")


@dataclass
class _Rows:
    values: list[dict[str, Any]] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    line_number: list[int] = field(default_factory=list)
    row_number: list[int] = field(default_factory=list)
    sequence: list[int] = field(default_factory=list)
    source: list[str] = field(default_factory=list)
    refused: list[RejectedRow] = field(default_factory=list)


def message_parts(open_original: Callable[[], BinaryIO], contract: Contract, received: date) -> Iterator[RowBatch]:
    """Yield one part: a row per line of each message; a message that is not a store sale is one rejected row."""
    rows = _Rows()
    with open_original() as stream:
        for number, text in enumerate(stream.read().decode().split("\n")[:-1], 1):
            envelope = json.loads(text)
            _add_message(rows, number, envelope["sequence"], envelope["message"], contract)
    table = _table(rows)
    findings = Issues()
    _require_line_numbers(table, contract, findings)
    validate(table, contract, findings, received_date=received)
    _reject_whole_sales(table, findings)
    yield RowBatch(
        table,
        np.array(rows.row_number, np.int64),
        np.array(rows.line_number, np.int64),
        findings,
        rows.raw.__getitem__,
        rows.refused,
        source=pa.array(rows.source, pa.string()),
        received_seq=pa.array(rows.sequence, pa.int64()),
    )


def _add_message(rows: _Rows, number: int, sequence: int, text: str, contract: Contract) -> None:
    sale, errors = decode(text)
    row = len(rows.values) + len(rows.refused) + 1
    if errors:
        problem = {"code": "unreadable-message", "column": None, "value": text[:200], "detail": "; ".join(errors)}
        rows.refused.append(RejectedRow(row, number, text, [problem]))
        return
    of_sale = _sale_columns(sale, contract)
    for offset, line in enumerate(sale["lines"]):
        rows.values.append(of_sale | _line_columns(line, contract))
        rows.raw.append(text)
        rows.row_number.append(row + offset)
        rows.line_number.append(number)
        rows.sequence.append(sequence)
        rows.source.append(sale.get("source", "till"))


def _sale_columns(sale: dict[str, Any], contract: Contract) -> dict[str, Any]:
    local = datetime.fromisoformat(sale["sold_at"])
    cutoff = timedelta(hours=contract.dates.cutoff.hour, minutes=contract.dates.cutoff.minute)
    number = contract.identity.id_prefix + sale["number"]
    region_wide = contract.identity.ids == "region-wide"
    return {name: sale.get(name) for name in SALE_FIELDS} | {
        "source_version": sale.get("version"),
        "region": contract.region,
        "sale_id": number if region_wide else f"{sale['store_id']}/{number}",
        "status": sale.get("status", "completed"),
        "sold_at": local.astimezone(UTC),
        "sale_date": (local - cutoff).date(),
        "channel": sale.get("channel") or contract.channel or None,
        "country": sale.get("country") or contract.country or None,
    }


def _line_columns(line: dict[str, Any], contract: Contract) -> dict[str, Any]:
    amounts = {name: Decimal(line[name]) for name in AMOUNTS if name in line}
    with localcontext(prec=PRODUCT_PRECISION):
        if "net_amount" not in amounts:
            total = amounts["quantity"] * amounts["unit_price"] - amounts.get("discount", Decimal(0))
            amounts["net_amount"] = total.quantize(NINE, ROUND_HALF_UP)
        if "gross_amount" not in amounts and "tax" in amounts:
            amounts["gross_amount"] = amounts["net_amount"] + amounts["tax"]
    extra = json.dumps(line["extra"], ensure_ascii=False, sort_keys=True) if line.get("extra") else None
    names = {name: line.get(name) for name in LINE_FIELDS}
    return names | amounts | {"extra": extra, "line_key": line.get("line") if contract.has_line_numbers else None}


def _table(rows: _Rows) -> pa.Table:
    schema = lines_schema(COLUMNS)
    return pa.table(
        [pa.array([row.get(name) for row in rows.values], schema.field(name).type) for name in schema.names],
        schema=schema,
    )


def _require_line_numbers(table: pa.Table, contract: Contract, findings: Issues) -> None:
    if contract.has_line_numbers:
        findings.add_where(table.column("line_key").is_null().to_numpy(), "missing-required", "line_key")


def _reject_whole_sales(table: pa.Table, findings: Issues) -> None:
    """Reject all lines of a sale if one of them has an error."""
    rejected = findings.rejected_mask(table.num_rows)
    if not rejected.any():
        return
    sales: npt.NDArray[np.object_] = decoded(table.column("sale_id")).to_numpy(zero_copy_only=False)
    findings.add_where(np.isin(sales, np.unique(sales[rejected])) & ~rejected, "sale-refused", None)
