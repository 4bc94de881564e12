"""What the product makes of the input of a case, in the words of `expected.json`."""

import json
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from tillstream.model.contract import parse_contract
from tillstream.model.contract_sections import FileStyle
from tillstream.model.errors import Rejected
from tillstream.model.problems import CATALOGUE, Severity
from tillstream.pipeline.reading.open_reader import read_blocks
from tillstream.pipeline.reading.read_options import ReadOptions
from tillstream.pipeline.rows.row_batch import RowBatch
from tillstream.pipeline.staging.file_source import RegionalFileSource


@dataclass
class Outcome:
    header: list[str] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    refused: list[list[Any]] = field(default_factory=list)
    warnings: list[list[Any]] = field(default_factory=list)
    blank: int = 0
    ignored: int = 0
    cut: str = ""
    doubt: str = ""
    """Evidence that day and month are swapped."""
    error: str = ""
    words: str = ""
    """All messages about the file and its rejected rows."""

    def limited_to(self, expected: dict[str, Any]) -> dict[str, Any]:
        """Only the fields and columns that `expected` contains."""
        names = list(expected["rows"][0]) if expected.get("rows") else []
        result = asdict(self) | {
            "count": len(self.rows),
            "rows": [{name: row.get(name) for name in names} for row in self.rows],
            "words": [words for words in expected["words"] if words in self.words],
        }
        for name in ("cut", "doubt"):
            if expected[name] and expected[name] in result[name]:
                result[name] = expected[name]
        return {name: result[name] for name in expected}


def outcome(folder: Path, expected: dict[str, Any]) -> Outcome:
    (source,) = folder.glob("input.*")
    result = Outcome()
    try:
        if (folder / "contract.yaml").exists():
            _judged(folder, source, expected, result)
        else:
            _read(source, FileStyle.model_validate(expected.get("style", {})), result)
    except Rejected as error:
        result.error, result.words = error.code or "rejected", str(error)
    return result


def _read(source: Path, style: FileStyle, outcome: Outcome) -> None:
    for block in read_blocks(partial(source.open, "rb"), ReadOptions(style)):
        outcome.header = block.cells.column_names
        numbers = zip(block.row_number.tolist(), block.line_number.tolist(), strict=True)
        rows = zip(block.cells.to_pylist(), numbers, strict=True)
        outcome.rows += [{"row": row, "line": line} | cells for cells, (row, line) in rows]
        outcome.blank, outcome.ignored = outcome.blank + block.blank, outcome.ignored + block.ignored
        outcome.cut = block.truncation or outcome.cut
        for code, flagged in block.warnings.items():
            outcome.warnings += [[int(block.row_number[index]), code, None] for index in flagged]
        for row in block.unreadable:
            outcome.refused.append([row.row_number, row.line_number, row.code])
            outcome.words += CATALOGUE[row.code].format_message(None, row.value, row.detail) + "\n"


def _judged(folder: Path, source: Path, expected: dict[str, Any], outcome: Outcome) -> None:
    contract = parse_contract(yaml.safe_load((folder / "contract.yaml").read_text("utf-8")))
    received = date.fromisoformat(expected.get("received", "2026-06-01"))
    file = RegionalFileSource(partial(source.open, "rb"), contract, received)
    for row_batch in file.row_batches():
        _add_row_batch(row_batch, outcome)
    outcome.doubt = file.date_doubt.words if file.date_doubt else ""
    outcome.refused.sort()
    outcome.warnings.sort(key=lambda row: (row[0], row[1], row[2] or ""))


def _add_row_batch(row_batch: RowBatch, outcome: Outcome) -> None:
    outcome.blank, outcome.ignored = outcome.blank + row_batch.blank, outcome.ignored + row_batch.ignored
    outcome.cut = row_batch.truncation or outcome.cut
    outcome.ignored += sum(row.outcome == "ignored" for row in row_batch.rejected)
    for row in row_batch.rejected:
        if row.outcome == "ignored":
            continue
        for problem in row.problems:
            outcome.refused.append([row.row_number, row.line_number, problem["code"]])
            outcome.words += _says(problem)
    for find in row_batch.issues.table().to_pylist():
        row_number, line = int(row_batch.row_number[find["index"]]), int(row_batch.line_number[find["index"]])
        if CATALOGUE[find["code"]].severity is Severity.ERROR:
            outcome.refused.append([row_number, line, find["code"]])
        else:
            outcome.warnings.append([row_number, find["code"], find["column"]])
        outcome.words += _says(find)
    refused = row_batch.issues.rejected_mask(row_batch.table.num_rows)
    for index, row in enumerate(row_batch.table.to_pylist()):
        if not refused[index]:
            numbers = {"row": int(row_batch.row_number[index]), "line": int(row_batch.line_number[index])}
            outcome.rows.append({name: _plain(name, value) for name, value in row.items()} | numbers)


def _says(problem: dict[str, Any]) -> str:
    return CATALOGUE[problem["code"]].format_message(problem["column"], problem["value"], problem["detail"]) + "\n"


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return json.loads(value) if name == "extra" and value else value
