"""Export files: CSV and workbooks for spreadsheets, JSON lines and Parquet for programs. Workbooks are not streamed."""

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from flask import Response
from werkzeug.utils import secure_filename

from portal.exports import texts as messages
from tillstream.analytics.json_values import to_json
from tillstream.domain.errors import Rejected
from tillstream.domain.text import bidi
from tillstream.domain.text.formula_guard import guard
from tillstream.pipeline.reading.correction_file import BOM
from tillstream.pipeline.rows.guarded_text import guard_column
from tillstream.reports import workbook

BYTES = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MAX_NAME_LENGTH = 120
Batches = Iterable[pa.RecordBatch]


def respond(kind: str, what: str, filters: Mapping[str, Iterable[str]], batches: Batches) -> Response:
    """Response with a file named after its table and filters; `batches` must not be empty.

    Raises `Rejected` for an unknown format, and what reading the first batch raises.
    """
    if kind not in WRITERS:
        raise Rejected(messages.no_format(kind, WRITERS))
    rest = iter(batches)
    first = next(rest)
    response = Response(WRITERS[kind](first.schema, chain([first], rest)), mimetype=BYTES[kind].partition(";")[0])
    response.headers["Content-Type"] = BYTES[kind]
    response.headers.set("Content-Disposition", "attachment", filename=f"{name_of(what, filters)}.{kind}")
    return response


def name_of(what: str, filters: Mapping[str, Iterable[str]]) -> str:
    """A file name such as sales-by-country_from-2026-06-01_region-IN."""
    parts = [what, *(f"{name}-{'-'.join(values)}" for name, values in filters.items())]
    return secure_filename("_".join(parts))[:MAX_NAME_LENGTH].rstrip("-_.")


def csv(schema: pa.Schema, batches: Batches) -> Iterator[bytes]:
    """UTF-8 with a BOM, commas, decimal points, UTC timestamps; no formulas, no bidirectional control characters."""
    from pyarrow import csv as arrow_csv

    yield (BOM + ",".join(f'"{guard(name)}"' for name in schema.names) + "\n").encode()
    options = arrow_csv.WriteOptions(include_header=False, quoting_style="needed")
    for batch in batches:
        out = io.BytesIO()
        texts = pa.table([_guarded(column) for column in batch.columns], batch.schema.names)
        arrow_csv.write_csv(texts, out, options)
        yield out.getvalue()


def jsonl(schema: pa.Schema, batches: Batches) -> Iterator[bytes]:  # noqa: ARG001 - each line names its columns
    for batch in batches:
        rows = (json.dumps(to_json(row), ensure_ascii=False) for row in batch.to_pylist())
        yield "".join(f"{row}\n" for row in rows).encode()


def parquet(schema: pa.Schema, batches: Batches) -> Iterator[bytes]:
    from pyarrow import parquet as arrow_parquet

    out = _Drained()
    with arrow_parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)
            yield out.drained()
    yield out.drained()


def xlsx(schema: pa.Schema, batches: Batches) -> Iterator[bytes]:
    """A workbook with one sheet, made at once. Raises `Rejected` if there are too many rows for it."""
    rows = (row for batch in batches for row in zip(*(_cells(column) for column in batch.columns), strict=True))
    return iter([workbook.sheet(messages.SHEET, schema.names, rows)])


WRITERS: dict[str, Callable[[pa.Schema, Batches], Iterator[bytes]]] = {
    "csv": csv,
    "jsonl": jsonl,
    "parquet": parquet,
    "xlsx": xlsx,
}


def text_of(column: Any) -> Any:
    """A column as text for a CSV file: decimals without trailing zeros, times in UTC; null is an empty cell."""
    if pa.types.is_decimal(column.type):
        # Arrow writes zero as 0E-9, and other numbers with all nine decimals
        texts = pc.replace_substring_regex(pc.cast(column, pa.string()), r"(\.\d*?)0+$", r"\1")
        texts = pc.if_else(pc.equal(column, 0), "0", pc.replace_substring_regex(texts, r"\.$", ""))
        small = pc.fill_null(pc.match_substring(texts, "E"), False)
        if pc.any(small).as_py():
            exact = pa.array([None if value is None else to_json(value) for value in column.to_pylist()], pa.string())
            texts = pc.if_else(small, exact, texts)
        return texts
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column, "%Y-%m-%dT%H:%M:%SZ")
    return pc.cast(column, pa.string())


def _cells(column: Any) -> list[Any]:
    """Values of a column for a workbook: times as text in UTC, and texts without bidirectional control characters."""
    if pa.types.is_timestamp(column.type):
        column = text_of(column)
    elif pa.types.is_string(column.type):
        column = pc.replace_substring_regex(column, bidi.PATTERN, bidi.SHOWN)
    cells: list[Any] = column.to_pylist()
    return cells


def _guarded(column: Any) -> Any:
    """As `text_of`, with texts that a spreadsheet shows and does not run."""
    texts = text_of(column)
    if pa.types.is_primitive(column.type) or pa.types.is_decimal(column.type):
        return texts
    return guard_column(pc.replace_substring_regex(texts, bidi.PATTERN, bidi.SHOWN))


class _Drained(io.RawIOBase):
    """Write-only buffer that is emptied after each batch."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        self._written += len(self._parts[-1])
        return len(self._parts[-1])

    def tell(self) -> int:
        return self._written

    def drained(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)
