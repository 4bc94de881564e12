"""Receipts: counts, problems and amounts of a batch, and its rejected rows, settled or staged.

Rejected rows of a batch that is not settled are read from staging: none, if its files have expired or are damaged.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from functools import cache, cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict, cast

import sql
from sql.limits import NO_DAY, limited, where
from tillstream.contracts.registry import contract_version
from tillstream.model.batch import Batch, BatchKind, BatchState, IssueCount, StagingReport
from tillstream.model.contract import Contract
from tillstream.model.errors import NotFound
from tillstream.model.events import STAGING
from tillstream.model.people import NOT_YOUR_STORE
from tillstream.model.problems import CATALOGUE, Severity
from tillstream.pipeline.staging import expiry
from tillstream.ports import Ports
from tillstream.ports.warehouse import QueryParams, Row, Warehouse, WarehouseQuery
from tillstream.records import batch_records

if TYPE_CHECKING:  # pages without rows do not import pyarrow
    import pyarrow as pa

OF_EARLIER = "batch_lacking_lines"
"""It reads also the batches that the ledger had before."""
QUERY_NAMES = ("batch_receipt", "batch_amounts", "batch_problems", "batch_refusals", "identical_lines", OF_EARLIER)
_ROWS = {
    "batches": "received_date = @received_date",
    "refusals": "received_date = @received_date",
    "sightings": "sale_date IN UNNEST(@days)",
    "sale_versions": "sale_date IN UNNEST(@days)",
}

UNSETTLED = frozenset({BatchState.STAGED, BatchState.HELD, BatchState.REJECTED, BatchState.CANCELLED})
REJECTED_COLUMNS = ("row_number", "line_number", "fix_number", "refused_by", "raw", "problems")
DIFFERS_FROM_TILL = "differs-from-till"
_QUERIES = ("batch_receipt", "batch_amounts", "batch_problems")


class ExplainedProblem(TypedDict):
    """A problem of a row. column, value and detail: missing where it has none."""

    code: str
    column: NotRequired[str | None]
    value: NotRequired[str | None]
    detail: NotRequired[str]
    message: str
    remedy: str
    severity: str


class RowToFix(TypedDict):
    """A rejected row. fix_number: of the correction that has it, or 0. raw: None if it is only in the original."""

    row_number: int
    line_number: int
    fix_number: int
    refused_by: str
    raw: str | None
    problems: list[ExplainedProblem]


class ReceiptRows(TypedDict):
    """Rows by outcome; they balance: read is the sum of the others. Null: not known before the batch is settled."""

    read: int
    new: int | None
    corrected: int | None
    duplicate: int | None
    quarantined: int
    blank: int
    ignored: int


class ReceiptProblem(TypedDict):
    """How often a problem occurs in a column. Null: the problem has no column, or no line."""

    code: str
    severity: str
    column: str | None
    count: int
    first_line: int | None
    example: str | None


class ReceiptAmounts(TypedDict):
    """Sums of the accepted rows of one currency."""

    currency: str
    net: Decimal | None
    gross: Decimal | None


class ImportedBefore(TypedDict):
    """Lines of one currency that the ledger has already. revenue: of those that are not cancelled."""

    currency: str
    lines: int
    revenue: Decimal


class ReceiptProposal(TypedDict):
    """The contract version that would read a held file, and what it changes."""

    contract: str
    version: int
    changes: list[str]


class Receipt(TypedDict):
    """What happened to the rows of a batch."""

    batch_id: NotRequired[str]
    """Missing in previews, which store no batch."""
    status: str
    """The state of the batch, or `dry-run`."""
    region: str
    contract: str
    contract_version: int
    file: str
    holds: list[dict[str, str]]
    """Code and message of each hold."""
    rows: ReceiptRows
    problems: list[ReceiptProblem]
    amounts: list[ReceiptAmounts]
    removed: int
    """Lines that the batch removed because it states a scope completely."""
    error: str
    proposal: NotRequired[ReceiptProposal]
    imported_before: NotRequired[list[ImportedBefore]]
    """Of a dry run: what the file would not count again."""


@cache
def query_text(name: str) -> str:
    """The text of sql/ledger/`name`, limited to the days of a batch: @received_date DATE, @days ARRAY<DATE>; for
    `OF_EARLIER`, to the days on which any batch with lines of these days was received: @receipt_days ARRAY<DATE>."""
    earlier = {"batches": "received_date IN UNNEST(@receipt_days)"} if name == OF_EARLIER else {}
    return limited(sql.text(f"ledger/{name}"), where(_ROWS | earlier))


class BatchQueries:
    """upload: a batch that is not a correction. Its corrections have its day of receipt."""

    def __init__(self, warehouse: Warehouse, upload: Batch) -> None:
        self._warehouse, self._upload = warehouse, upload

    def run(self, name: str, **params: Any) -> list[Row]:
        """Run sql/ledger/`name`, one of `QUERY_NAMES`. params: its parameters except the batch and the days."""
        values: QueryParams = {"batch_id": self._upload.batch_id, "days": self._days}
        if name == OF_EARLIER:
            values["days"] = _with_days_between(self._days)
            received = self._warehouse.query(sql.text("ledger/received_for_days"), {"days": values["days"]})
            values["receipt_days"] = received.column("received_date").to_pylist() or [NO_DAY]
        else:
            values["received_date"] = self._upload.received_date
        rows: list[Row] = self._warehouse.query(query_text(name), {**values, **params}).to_pylist()
        return rows

    @cached_property
    def _days(self) -> list[date]:
        values = {"batch_id": self._upload.batch_id, "received_date": self._upload.received_date}
        rows = self._warehouse.query(sql.text("ledger/days_of_batch"), values)
        return rows.column("sale_date").to_pylist() or [NO_DAY]  # of a batch without accepted rows


def _with_days_between(days: Sequence[date]) -> list[date]:
    """All days from the first to the last one, unless fewer than half of them are among these."""
    first, last = min(days), max(days)
    between = (last - first).days + 1
    return [first + timedelta(number) for number in range(between)] if between < 2 * len(days) else list(days)


def staged_rejected_rows(ports: Ports, upload: Batch, code: str | None, limit: int | None, offset: int) -> list[Row]:
    """Rejected rows in file order, `problems` as JSON text, as in the ledger."""
    import pyarrow as pa
    import pyarrow.compute as pc

    tables = list(
        _tables(ports, upload, upload.staged.refused if upload.staged else (), [*REJECTED_COLUMNS, "outcome"])
    )
    if not tables:
        return []
    rows = pa.concat_tables(tables)
    rows = (
        rows.filter(pc.equal(rows["outcome"], pa.scalar("quarantined"))).sort_by("row_number").select(REJECTED_COLUMNS)
    )
    if code:
        rows = rows.filter(
            pa.array([json.loads(text.as_py())[0]["code"] == code for text in rows["problems"]], pa.bool_())
        )
    page: list[Row] = rows.slice(offset, limit).to_pylist()
    return page


def staged_store_days(ports: Ports, upload: Batch) -> set[tuple[str | None, date]]:
    """Stores and days in the staged rows of a batch that is not settled, as far as the rows are readable."""
    import pyarrow as pa

    store_days: set[tuple[str | None, date]] = set()
    names = upload.staged.objects if upload.staged else ()
    for table in _tables(ports, upload, names, ["store_id", "sale_date"]):
        distinct = pa.TableGroupBy(table, ["store_id", "sale_date"]).aggregate([])
        store_days |= {(row["store_id"], row["sale_date"]) for row in distinct.to_pylist() if row["sale_date"]}
    return store_days


def _tables(ports: Ports, upload: Batch, names: Iterable[str], columns: Sequence[str]) -> "Iterator[pa.Table]":
    import pyarrow.parquet as pq

    if not upload.staged or not expiry.is_whole(ports.objects, upload.staged):
        return
    for name in names:
        with suppress(NotFound), ports.objects.open(STAGING, name) as stream:
            yield pq.read_table(stream, columns=list(columns))


def batch_receipt(ports: Ports, batch: str) -> Receipt:
    """The receipt of a batch. Raises `NotFound`."""
    upload = batch_records.get_batch(ports, batch)
    queries = BatchQueries(ports.warehouse, upload)
    batch_query, amounts_query, problems_query = _QUERIES
    rows = queries.run(batch_query)
    amounts = _staged_amounts(upload, rows)
    if amounts is None:
        amounts = queries.run(amounts_query)
    composed = compose_receipt(upload, rows, amounts, queries.run(problems_query))
    if upload.is_file and rows and rows[0]["rows_duplicate"] + rows[0]["rows_corrected"]:
        lacking = queries.run("batch_lacking_lines")
        # as many lines can be those of its rows to fix, whose keys cannot be read; fixed rows are not lacking
        composed["problems"] += [_lacking_lines(row) for row in lacking if row["lines"] > rows[0]["rows_quarantined"]]
    return {"batch_id": batch, **composed}


def _staged_amounts(upload: Batch, rows: list[Row]) -> list[Row] | None:
    """Amounts that staging summed, which saves a query; None if the ledger did not accept exactly the same rows."""
    if not rows:
        return []
    staged = upload.staged
    if staged is None or staged.amounts is None:
        return None
    if rows[0]["fixes"] or rows[0]["rows_quarantined"] != staged.rows_refused:
        return None
    return [
        {"currency": sums.currency, "net": sums.net and Decimal(sums.net), "gross": sums.gross and Decimal(sums.gross)}
        for sums in staged.amounts
    ]


def receipt_queries(batch: str) -> list[WarehouseQuery]:
    """The queries of a receipt for a preview: batch, amounts, problems by code, as `compose_receipt` takes their
    answers."""
    return [WarehouseQuery(sql.text(f"ledger/{name}"), {"batch_id": batch}) for name in _QUERIES]


def imported_before_query(batch: str) -> WarehouseQuery:
    """The query of the lines of a batch that a preview finds in the ledger already."""
    return WarehouseQuery(sql.text("ledger/batch_imported_before"), {"batch_id": batch})


def compose_receipt(upload: Batch, rows: list[Row], amounts: list[Row], refused: list[Row]) -> Receipt:
    """The receipt from the results of `receipt_queries`; `rows` is empty before the batch is settled."""
    counts = rows[0] if rows else _not_settled(upload)
    staged = upload.staged.problems if upload.staged else ()
    warnings = [_staged_problem(problem) for problem in staged if not rows or problem.severity != Severity.ERROR]
    receipt: Receipt = {
        "status": upload.state.value,
        "region": upload.region,
        "contract": upload.contract,
        "contract_version": upload.contract_version,
        "file": upload.file,
        "holds": [hold.to_json() for hold in upload.holds] if not rows else [],
        "rows": ReceiptRows(
            read=counts["rows_read"],
            new=counts["rows_new"],
            corrected=counts["rows_corrected"],
            duplicate=counts["rows_duplicate"],
            quarantined=counts["rows_quarantined"],
            blank=counts["rows_blank"],
            ignored=counts["rows_ignored"],
        ),
        "problems": [*warnings, *(_problem(row) for row in refused), *_ledger_warnings(counts)],
        "amounts": [ReceiptAmounts(currency=row["currency"], net=row["net"], gross=row["gross"]) for row in amounts],
        "removed": counts["removed"],
        "error": upload.error,
    }
    if upload.proposed and upload.state is BatchState.HELD:
        contract, changes = upload.proposed.contract, list(upload.proposed.changes)
        receipt["proposal"] = {"contract": contract["name"], "version": contract["version"], "changes": changes}
    return receipt


def _not_settled(upload: Batch) -> Row:
    staged = upload.staged or StagingReport()
    return {
        "rows_read": staged.rows_read,
        "rows_new": None,
        "rows_corrected": None,
        "rows_duplicate": None,
        "rows_quarantined": staged.rows_refused,
        "rows_blank": staged.rows_blank,
        "rows_ignored": staged.rows_ignored + staged.rows_discarded,
        "removed": 0,
        "superseded": 0,
        "repeated_lines": 0,
    }


def _staged_problem(problem: IssueCount) -> ReceiptProblem:
    return ReceiptProblem(
        code=problem.code,
        severity=problem.severity,
        column=problem.column,
        count=problem.count,
        first_line=problem.first_line,
        example=None if problem.code == NOT_YOUR_STORE else problem.example,
    )


def _problem(row: Row) -> ReceiptProblem:
    return ReceiptProblem(
        code=row["code"],
        column=row["column"],
        count=row["count"],
        first_line=row["first_line"],
        example=None if row["code"] == NOT_YOUR_STORE else row["example"],
        severity=CATALOGUE[row["code"]].severity.value,
    )


def _ledger_warnings(counts: Row) -> list[ReceiptProblem]:
    return [
        {
            "code": code,
            "severity": "warning",
            "column": None,
            "count": counts[name],
            "first_line": None,
            "example": None,
        }
        for code, name in (("superseded", "superseded"), ("repeated-line", "repeated_lines"))
        if counts[name]
    ]


def _lacking_lines(row: Row) -> ReceiptProblem:
    return {
        "code": "lacks-known-lines",
        "severity": "warning",
        "column": None,
        "count": row["lines"],
        "first_line": None,
        "example": f"{row['sale_id']} of {row['sale_date']}",
    }


def rejected_rows(
    ports: Ports, batch: str, *, code: str | None = None, limit: int | None = None, offset: int = 0
) -> list[RowToFix]:
    upload = batch_records.get_batch(ports, batch)
    if upload.state in UNSETTLED:
        rows = staged_rejected_rows(ports, upload, code, limit, offset)
    else:
        rows = quarantined_rows(ports, upload, code=code, limit=limit, offset=offset)
    names = batch_headers(ports, upload)
    for row in rows:
        row["problems"] = [with_message(problem, names) for problem in json.loads(row["problems"])]
    return cast("list[RowToFix]", rows)


def quarantined_rows(
    ports: Ports, upload: Batch, *, code: str | None = None, limit: int | None = None, offset: int = 0
) -> list[Row]:
    """As `rejected_rows`, for a batch in the ledger, with `problems` as stored JSON text."""
    queries = BatchQueries(ports.warehouse, upload)
    return queries.run("batch_refusals", code=code or "", limit=limit or 1 << 40, offset=offset)


def batch_headers(ports: Ports, upload: Batch) -> dict[str, str]:
    """Column → header in the file; empty for messages."""
    if upload.kind is BatchKind.STORE_SALES or not upload.contract:
        return {}
    return contract_headers(contract_version(ports.documents, upload.contract, upload.contract_version))


def contract_headers(contract: Contract) -> dict[str, str]:
    """Column → header in the files of a contract."""
    columns = contract.columns
    dates = {name: columns["date"] for name in ("sale_date", "sold_at") if "date" in columns}
    return dates | dict(columns)


def with_message(problem: Mapping[str, Any], header_names: Mapping[str, str]) -> ExplainedProblem:
    """The problem with message, remedy and severity. header_names: column → header, used in the message.

    The message names no store that the sender of the row may not see.
    """
    problem_type = CATALOGUE[problem["code"]]
    column = problem.get("column")
    name = header_names.get(column, column) if column else None
    message = problem_type.format_message(name, problem.get("value"), _detail(problem))
    words = {"message": message, "remedy": problem_type.advice(), "severity": problem_type.severity.value}
    return cast("ExplainedProblem", {**problem, **words})


def _detail(problem: Mapping[str, Any]) -> str:
    """What a message states about other rows: of a line of another store only that it is one."""
    detail = problem.get("detail") or ""
    is_of_other_store = any(part.startswith("store_id ") for part in detail.split("; "))
    return "another store" if problem["code"] == DIFFERS_FROM_TILL and is_of_other_store else detail


def repeated_lines(ports: Ports, upload: Batch, most: int = 100) -> list[list[int]]:
    """Line numbers of identical lines, grouped and in file order; at most `most` lines."""
    rows = BatchQueries(ports.warehouse, upload).run("identical_lines", limit=most)
    groups = groupby(rows, key=lambda row: row["first_line"])
    return [lines for _, group in groups if len(lines := [row["line_number"] for row in group]) > 1]
