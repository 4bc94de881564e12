"""Records the sales of files that a till writes into a folder: JSON (one sale or a list) and JSON Lines."""

import json
import time
from pathlib import Path
from typing import Any

from tillstream_till.errors import ConflictingSale, InvalidSale
from tillstream_till.folder import sync_folder
from tillstream_till.reports import FileReport
from tillstream_till.till import Till

JSON, JSON_LINES = {".json"}, {".jsonl", ".ndjson"}
RECORDED, REFUSED = "recorded", "refused"
QUIET_SECONDS = 2.0
"""A file that changed more recently may still be written."""


def record_files(till: Till, folder: Path, quiet: float = QUIET_SECONDS) -> list[FileReport]:
    """Record the complete files of a folder, oldest first, and move each to `recorded` or `refused`.

    A file with a sale that cannot be recorded moves to `refused`, next to a list of its problems; its other sales are
    recorded. If that is interrupted, the file is read again, and repeated sales change nothing. Raises `CannotStore`,
    `Busy`; then the file stays.
    """
    return [_record_file(till, path) for path in _complete_files(folder, quiet)]


def _complete_files(folder: Path, quiet: float) -> list[Path]:
    latest = time.time() - quiet
    paths = [path for path in folder.iterdir() if path.suffix.lower() in JSON | JSON_LINES and path.name[0] != "."]
    ages = sorted((path.stat().st_mtime_ns, path.name, path) for path in paths if path.is_file())
    return [path for modified, _, path in ages if modified / 1e9 <= latest]


def _record_file(till: Till, path: Path) -> FileReport:
    report = FileReport(path.name)
    for place, sale in _sales(path, report.problems):
        try:
            receipt = till.record(sale)
        except (InvalidSale, ConflictingSale) as error:
            report.problems.append(f"{place}: {error}")
        else:
            report.repeated += receipt.repeated
            report.recorded += not receipt.repeated
            report.warnings += [f"{place}: {warning}" for warning in receipt.warnings]
    _move(path, report.problems)
    return report


def _sales(path: Path, problems: list[str]) -> list[tuple[str, Any]]:
    """Return the sales of a file, each with its place; what is not JSON is added to the problems."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problems.append(f"file: not UTF-8: {error}")
        return []
    if path.suffix.lower() in JSON:
        content = _decoded(text, "file", problems)
        values = [value for _, value in content]
        sales = values[0] if values and isinstance(values[0], list) else values
        return [(f"sale {number}", sale) for number, sale in enumerate(sales, 1)]
    lines = [(f"line {number}", line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    return [sale for place, line in lines for sale in _decoded(line, place, problems)]


def _decoded(text: str, place: str, problems: list[str]) -> list[tuple[str, Any]]:
    try:
        return [(place, json.loads(text))]
    except (ValueError, RecursionError) as error:
        problems.append(f"{place}: not JSON: {error}")
        return []


def _move(path: Path, problems: list[str]) -> None:
    folder = path.parent / (REFUSED if problems else RECORDED)
    folder.mkdir(exist_ok=True)
    target, number = folder / path.name, 1
    while target.exists():
        number += 1
        target = folder / f"{path.stem}-{number}{path.suffix}"
    if problems:
        target.with_name(target.name + ".problems.txt").write_text("\n".join(problems) + "\n", encoding="utf-8")
    path.replace(target)
    sync_folder(folder)
