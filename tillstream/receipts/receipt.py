"""Receipts: counts, problems and amounts of a batch, and its rejected rows."""

import json
from collections.abc import Mapping
from decimal import Decimal
from itertools import groupby
from typing import Any

import sql
from tillstream.batches import records
from tillstream.contracts.registry import contract_version
from tillstream.domain.batch.record import Batch, BatchKind, State
from tillstream.domain.batch.staging_report import IssueCount, StagingReport
from tillstream.domain.contract.model import Contract
from tillstream.domain.problems import CATALOGUE, Severity
from tillstream.domain.write_scope import NOT_YOUR_STORE
from tillstream.ports import Ports
from tillstream.ports.warehouse import WarehouseQuery
from tillstream.receipts import staged_rejections
from tillstream.receipts.batch_queries import BatchQueries
from tillstream.receipts.receipt_types import Receipt, ReceiptAmounts, ReceiptProblem, ReceiptRows

DIFFERS_FROM_TILL = "differs-from-till"
_QUERIES = ("batch_receipt", "batch_amounts", "batch_problems")


def receipt(ports: Ports, batch: str) -> Receipt:
    """The receipt of a batch. Raises `NotFound`."""
    upload = records.get(ports, batch)
    queries = BatchQueries(ports.warehouse, upload)
    batch_query, amounts_query, problems_query = _QUERIES
    rows = queries.run(batch_query)
    amounts = _staged_amounts(upload, rows)
    if amounts is None:
        amounts = queries.run(amounts_query)
    composed = compose(upload, rows, amounts, queries.run(problems_query))
    if upload.is_file and rows and rows[0]["rows_duplicate"] + rows[0]["rows_corrected"]:
        lacking = queries.run("batch_lacking_lines")
        # as many lines can be those of its rows to fix, whose keys cannot be read; fixed rows are not lacking
        composed["problems"] += [_lacking_lines(row) for row in lacking if row["lines"] > rows[0]["rows_quarantined"]]
    return {"batch_id": batch, **composed}


def _staged_amounts(upload: Batch, rows: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
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
    """The queries of a receipt for a preview: batch, amounts, problems by code, as `compose` takes their answers."""
    return [WarehouseQuery(sql.text(f"ledger/{name}"), {"batch_id": batch}) for name in _QUERIES]


def imported_before_query(batch: str) -> WarehouseQuery:
    """The query of the lines of a batch that a preview finds in the ledger already."""
    return WarehouseQuery(sql.text("ledger/batch_imported_before"), {"batch_id": batch})


def compose(
    upload: Batch, rows: list[dict[str, Any]], amounts: list[dict[str, Any]], refused: list[dict[str, Any]]
) -> Receipt:
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
    if upload.proposed and upload.state is State.HELD:
        contract, changes = upload.proposed.contract, list(upload.proposed.changes)
        receipt["proposal"] = {"contract": contract["name"], "version": contract["version"], "changes": changes}
    return receipt


def _not_settled(upload: Batch) -> dict[str, Any]:
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


def _problem(row: dict[str, Any]) -> ReceiptProblem:
    return ReceiptProblem(
        code=row["code"],
        column=row["column"],
        count=row["count"],
        first_line=row["first_line"],
        example=None if row["code"] == NOT_YOUR_STORE else row["example"],
        severity=CATALOGUE[row["code"]].severity.value,
    )


def _ledger_warnings(counts: dict[str, Any]) -> list[ReceiptProblem]:
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


def _lacking_lines(row: dict[str, Any]) -> ReceiptProblem:
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
) -> list[dict[str, Any]]:
    """Rejected rows of a batch: row_number, line_number, raw, outcome and problems with their messages."""
    upload = records.get(ports, batch)
    if upload.state in staged_rejections.UNSETTLED:
        rows = staged_rejections.rejected_rows(ports, upload, code, limit, offset)
    else:
        rows = quarantined_rows(ports, upload, code=code, limit=limit, offset=offset)
    names = batch_headers(ports, upload)
    return [
        row | {"problems": [with_message(problem, names) for problem in json.loads(row["problems"])]} for row in rows
    ]


def quarantined_rows(
    ports: Ports, upload: Batch, *, code: str | None = None, limit: int | None = None, offset: int = 0
) -> list[dict[str, Any]]:
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


def with_message(problem: dict[str, Any], header_names: Mapping[str, str]) -> dict[str, Any]:
    """The problem with message, remedy and severity. header_names: column → header, used in the message.

    The message names no store that the sender of the row may not see.
    """
    problem_type = CATALOGUE[problem["code"]]
    column = problem.get("column")
    name = header_names.get(column, column) if column else None
    message = problem_type.format_message(name, problem.get("value"), _detail(problem))
    return problem | {"message": message, "remedy": problem_type.advice(), "severity": problem_type.severity.value}


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
