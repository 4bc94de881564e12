"""The account of a batch: its receipt, and the rows that were refused."""

import json
from collections.abc import Mapping
from decimal import Decimal
from itertools import groupby
from typing import Any

import sql
from tillstream.batches import records
from tillstream.contracts.registry import contract_version
from tillstream.domain.batch import State, Upload
from tillstream.domain.contract.model import Contract
from tillstream.domain.problems import CATALOGUE, Severity
from tillstream.ports import Ports
from tillstream.ports.warehouse import Question
from tillstream.receipts import quarantine

COUNTS = {
    "read": "rows_read",
    "new": "rows_new",
    "corrected": "rows_corrected",
    "duplicate": "rows_duplicate",
    "quarantined": "rows_quarantined",
    "blank": "rows_blank",
    "ignored": "rows_ignored",
}


def receipt(ports: Ports, batch: str) -> dict[str, Any]:
    """The JSON receipt of the design. Raises `NotFound`.

    `rows` balance: read = new + corrected + duplicate + quarantined + blank + ignored. Before a batch is settled
    the rows that will enter are not told apart yet: new, corrected and duplicate are then null.
    """
    upload = records.get(ports, batch)
    of_batch, of_amounts, of_problems = questions(batch)
    rows = _asked(ports, of_batch)
    amounts = _staged_amounts(upload, rows)
    if amounts is None:
        amounts = _asked(ports, of_amounts)
    return {"batch_id": batch} | compose(upload, rows, amounts, _asked(ports, of_problems))


def _asked(ports: Ports, question: Question) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = ports.warehouse.query(question.sql, question.params).to_pylist()
    return answer


def _staged_amounts(upload: Upload, rows: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
    """What stage summed up, so that no row is read again; None where the ledger took other rows than stage gave."""
    if not rows:
        return []
    told = upload.staged
    if "amounts" not in told or rows[0]["fixes"] or rows[0]["rows_quarantined"] != told["rows_refused"]:
        return None
    return [row | {name: row[name] and Decimal(row[name]) for name in ("net", "gross")} for row in told["amounts"]]


def questions(batch: str) -> list[Question]:
    """What must be asked of the warehouse for a receipt: its row, its amounts, its problems by code."""
    names = ("ledger/batch_receipt", "ledger/batch_amounts", "ledger/batch_problems")
    return [Question(sql.text(name), {"batch_id": batch}) for name in names]


def compose(
    upload: Upload, rows: list[dict[str, Any]], amounts: list[dict[str, Any]], refused: list[dict[str, Any]]
) -> dict[str, Any]:
    counted = rows[0] if rows else _not_settled(upload)
    staged = upload.staged.get("problems", [])
    warnings = [problem for problem in staged if not rows or problem["severity"] != Severity.ERROR]
    return {
        "status": upload.state.value,
        "region": upload.region,
        "contract": upload.contract,
        "contract_version": upload.contract_version,
        "file": upload.file,
        "holds": [{"code": hold.code, "message": hold.message} for hold in upload.holds] if not rows else [],
        "rows": {name: counted[column] for name, column in COUNTS.items()},
        "problems": [*warnings, *(_problem(row) for row in refused), *_ledger_warnings(counted)],
        "amounts": [{name: row[name] for name in ("currency", "net", "gross")} for row in amounts],
        "removed": counted["removed"],
        "error": upload.error,
    } | _proposal(upload)


def _proposal(upload: Upload) -> dict[str, Any]:
    """The next version of the contract that would read a held file, where one is proposed."""
    if not upload.proposed or upload.state is not State.HELD:
        return {}
    contract = upload.proposed["contract"]
    said = {"contract": contract["name"], "version": contract["version"], "changes": upload.proposed["changes"]}
    return {"proposal": said}


def _not_settled(upload: Upload) -> dict[str, Any]:
    staged = upload.staged
    return {
        "rows_read": staged.get("rows_read", 0),
        "rows_new": None,
        "rows_corrected": None,
        "rows_duplicate": None,
        "rows_quarantined": staged.get("rows_refused", 0),
        "rows_blank": staged.get("rows_blank", 0),
        "rows_ignored": staged.get("rows_ignored", 0),
        "removed": 0,
        "superseded": 0,
        "repeated_lines": 0,
    }


def _problem(row: dict[str, Any]) -> dict[str, Any]:
    severity = CATALOGUE[row["code"]].severity.value
    return {name: row[name] for name in ("code", "column", "count", "first_line", "example")} | {"severity": severity}


def _ledger_warnings(counted: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "code": code,
            "severity": "warning",
            "column": None,
            "count": counted[name],
            "first_line": None,
            "example": None,
        }
        for code, name in (("superseded", "superseded"), ("repeated-line", "repeated_lines"))
        if counted[name]
    ]


def refused(
    ports: Ports, batch: str, *, code: str | None = None, limit: int | None = None, offset: int = 0
) -> list[dict[str, Any]]:
    """The rows that wait for a person: row_number, line_number, raw, outcome and problems in words."""
    upload = records.get(ports, batch)
    if upload.state in quarantine.BEFORE_THE_LEDGER:
        rows = quarantine.refused(ports, upload, code, limit, offset)
    else:
        rows = in_quarantine(ports, batch, code=code, limit=limit, offset=offset)
    named = headers(ports, upload)
    return [row | {"problems": [in_words(problem, named) for problem in json.loads(row["problems"])]} for row in rows]


def in_quarantine(
    ports: Ports, batch: str, *, code: str | None = None, limit: int | None = None, offset: int = 0
) -> list[dict[str, Any]]:
    """As `refused` of a batch in the ledger, with `problems` as the JSON text that is kept of them."""
    params = {"batch_id": batch, "code": code or "", "limit": limit or 1 << 40, "offset": offset}
    rows: list[dict[str, Any]] = ports.warehouse.query(sql.text("ledger/batch_refusals"), params).to_pylist()
    return rows


def headers(ports: Ports, upload: Upload) -> dict[str, str]:
    """column → the header that the file gives it: the words of whoever wrote the file. Messages have none."""
    if upload.kind == "messages" or not upload.contract:
        return {}
    return headers_of(contract_version(ports.documents, upload.contract, upload.contract_version))


def headers_of(contract: Contract) -> dict[str, str]:
    columns = contract.columns
    dated = {name: columns["date"] for name in ("sale_date", "sold_at") if "date" in columns}
    return dated | dict(columns)


def in_words(problem: dict[str, Any], named: Mapping[str, str]) -> dict[str, Any]:
    known = CATALOGUE[problem["code"]]
    column = problem.get("column")
    name = named.get(column, column) if column else None
    message = known.says(name, problem.get("value"), problem.get("detail") or "")
    return problem | {"message": message, "remedy": known.remedy, "severity": known.severity.value}


ALIKE = """
SELECT line_number, first_line
FROM (
  SELECT
    sightings.line_number,
    MIN(sightings.line_number) OVER (PARTITION BY sale_versions.sale, sightings.content) AS first_line,
    COUNT(*) OVER (PARTITION BY sale_versions.sale, sightings.content) AS alike
  FROM sale_versions
  INNER JOIN (
    SELECT sightings.*
    FROM sightings
    INNER JOIN batches ON batches.batch_no = sightings.batch_no
    WHERE batches.batch_id = @batch_id AND sightings.outcome <> 'quarantined'
  ) AS sightings ON sightings.key = sale_versions.key AND sightings.content = sale_versions.content
) AS told
WHERE alike > 1
ORDER BY first_line, line_number
LIMIT @most
"""


def repeated_lines(ports: Ports, batch: str, most: int = 100) -> list[list[int]]:
    """Line numbers of the file, those of identical lines together, the first of the file first; at most so many."""
    rows = ports.warehouse.query(ALIKE, {"batch_id": batch, "most": most}).to_pylist()
    groups = groupby(rows, key=lambda row: row["first_line"])
    return [lines for _, group in groups if len(lines := [row["line_number"] for row in group]) > 1]
