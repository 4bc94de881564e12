"""The formats of exports, by the ending of a file; CSV, JSON lines and Parquet as streams of bytes."""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from tillstream.delivery import pdf_table, workbook
from tillstream.delivery.export_table import ExportTable, batch_slices, guarded_column, plain_values, rounded_columns
from tillstream.model.errors import Rejected
from tillstream.model.safe_text import guard_formulas
from tillstream.pipeline.reading.correction_file import BOM

FORMAT_LABELS = {"csv": "CSV", "xlsx": "Excel", "pdf": "PDF", "parquet": "Parquet", "jsonl": "JSON lines"}
"""Format → its name in menus, in their order."""


def csv_chunks(table: ExportTable) -> Iterator[bytes]:
    """UTF-8 with a BOM, commas, decimal points, UTC timestamps; no formulas, no bidirectional control characters.

    Converted amounts are rounded to the minor unit of their currency.
    """
    from pyarrow import csv as arrow_csv

    yield (BOM + ",".join(f'"{guard_formulas(name)}"' for name in table.schema.names) + "\n").encode()
    options = arrow_csv.WriteOptions(include_header=False, quoting_style="needed")
    for batch in batch_slices(table.printed):
        out = io.BytesIO()
        columns = rounded_columns(batch, table.digits)
        texts = pa.table([guarded_column(column) for column in columns], batch.schema.names)
        arrow_csv.write_csv(texts, out, options)
        yield out.getvalue()


def jsonl_chunks(table: ExportTable) -> Iterator[bytes]:
    """One JSON object per row; decimals are strings, which keep every digit."""
    for batch in batch_slices(table.batches):
        plain = pa.table([plain_values(column) for column in batch.columns], batch.schema.names)
        rows = (json.dumps(row, ensure_ascii=False) for row in plain.to_pylist())
        yield "".join(f"{row}\n" for row in rows).encode()


def parquet_chunks(table: ExportTable) -> Iterator[bytes]:
    """Parquet with the types of the warehouse."""
    from pyarrow import parquet as arrow_parquet

    out = _Drained()
    with arrow_parquet.ParquetWriter(out, table.schema, compression="zstd") as writer:
        for batch in table.batches:
            writer.write_batch(batch)
            yield out.drained()
    yield out.drained()


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


@dataclass(frozen=True)
class ExportFormat:
    """suffix: ending of a file name. media_type: as in a `Content-Type`. chunks: the bytes of a table."""

    suffix: str
    media_type: str
    chunks: Callable[[ExportTable], Iterator[bytes]]


_ALL = (
    ExportFormat("csv", "text/csv; charset=utf-8", csv_chunks),
    ExportFormat("jsonl", "application/x-ndjson", jsonl_chunks),
    ExportFormat("parquet", "application/vnd.apache.parquet", parquet_chunks),
    ExportFormat("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", workbook.workbook_chunks),
    ExportFormat("pdf", "application/pdf", pdf_table.pdf_chunks),
)
FORMATS: Mapping[str, ExportFormat] = {one.suffix: one for one in _ALL}


def export_format(suffix: str) -> ExportFormat:
    """The format of a suffix without its dot. Raises `Rejected`."""
    if suffix not in FORMATS:
        raise Rejected(f"There is no format {suffix}. Use one of: {', '.join(FORMATS)}.")
    return FORMATS[suffix]
