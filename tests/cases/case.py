"""What the product makes of the input of a case, in the words of `expected.json`."""

import json
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from tillstream.domain.contract.model import parse
from tillstream.domain.contract.sections import FileStyle
from tillstream.domain.errors import Rejected
from tillstream.domain.problems import CATALOGUE, Severity
from tillstream.pipeline.reading.open_reader import ReadOptions, read_blocks
from tillstream.pipeline.rows.row_batch import RowBatch
from tillstream.pipeline.staging.sources.file import FileSource


@dataclass
class Outcome:
    header: list[str] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    refused: list[list[Any]] = field(default_factory=list)
    warnings: list[list[Any]] = field(default_factory=list)
    blank: int = 0
    ignored: int = 0
    cut: str = ""
    error: str = ""
    words: str = ""
    """Everything that was said about the file and its refused rows."""

    def as_asked(self, expected: dict[str, Any]) -> dict[str, Any]:
        """Only the parts and columns that `expected` tells."""
        names = list(expected["rows"][0]) if expected.get("rows") else []
        told = asdict(self) | {
            "count": len(self.rows),
            "rows": [{name: row.get(name) for name in names} for row in self.rows],
            "words": [words for words in expected["words"] if words in self.words],
        }
        if expected["cut"] and expected["cut"] in self.cut:
            told["cut"] = expected["cut"]
        return {name: told[name] for name in expected}


def outcome(folder: Path, expected: dict[str, Any]) -> Outcome:
    (source,) = folder.glob("input.*")
    found = Outcome()
    try:
        if (folder / "contract.yaml").exists():
            _judged(folder, source, expected, found)
        else:
            _read(source, FileStyle.model_validate(expected.get("style", {})), found)
    except Rejected as error:
        found.error, found.words = getattr(error, "code", "rejected"), str(error)
    return found


def _read(source: Path, style: FileStyle, found: Outcome) -> None:
    for block in read_blocks(partial(source.open, "rb"), ReadOptions(style)):
        found.header = block.cells.column_names
        numbers = zip(block.row_number.tolist(), block.line_number.tolist(), strict=True)
        rows = zip(block.cells.to_pylist(), numbers, strict=True)
        found.rows += [{"row": row, "line": line} | cells for cells, (row, line) in rows]
        found.blank, found.ignored = found.blank + block.blank, found.ignored + block.ignored
        found.cut = block.truncation or found.cut
        for code, flagged in block.warnings.items():
            found.warnings += [[int(block.row_number[index]), code, None] for index in flagged]
        for row in block.unreadable:
            found.refused.append([row.row_number, row.line_number, row.code])
            found.words += CATALOGUE[row.code].format_message(None, row.value, row.detail) + "\n"


def _judged(folder: Path, source: Path, expected: dict[str, Any], found: Outcome) -> None:
    contract = parse(yaml.safe_load((folder / "contract.yaml").read_text("utf-8")))
    received = date.fromisoformat(expected.get("received", "2026-06-01"))
    for part in FileSource(partial(source.open, "rb"), contract, received).row_batches():
        _add_part(part, found)
    found.refused.sort()
    found.warnings.sort(key=lambda row: (row[0], row[1], row[2] or ""))


def _add_part(part: RowBatch, found: Outcome) -> None:
    found.blank, found.ignored = found.blank + part.blank, found.ignored + part.ignored
    found.cut = part.truncation or found.cut
    for row in part.rejected:
        for problem in row.problems:
            found.refused.append([row.row_number, row.line_number, problem["code"]])
            found.words += _says(problem)
    for find in part.issues.table().to_pylist():
        row_number, line = int(part.row_number[find["index"]]), int(part.line_number[find["index"]])
        if CATALOGUE[find["code"]].severity is Severity.ERROR:
            found.refused.append([row_number, line, find["code"]])
        else:
            found.warnings.append([row_number, find["code"], find["column"]])
        found.words += _says(find)
    refused = part.issues.rejected_mask(part.table.num_rows)
    for index, row in enumerate(part.table.to_pylist()):
        if not refused[index]:
            numbers = {"row": int(part.row_number[index]), "line": int(part.line_number[index])}
            found.rows.append({name: _plain(name, value) for name, value in row.items()} | numbers)


def _says(problem: dict[str, Any]) -> str:
    return CATALOGUE[problem["code"]].format_message(problem["column"], problem["value"], problem["detail"]) + "\n"


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return json.loads(value) if name == "extra" and value else value
