"""Tables as streams of bytes, batch by batch: CSV, JSON lines and Parquet."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from tillstream.exports.cell_texts import guarded, plain_values, rounded_columns
from tillstream.exports.table import ExportTable, slices
from tillstream.model.text import guard_formulas
from tillstream.pipeline.reading.correction_file import BOM


def csv(table: ExportTable) -> Iterator[bytes]:
    """UTF-8 with a BOM, commas, decimal points, UTC timestamps; no formulas, no bidirectional control characters.

    Converted amounts are rounded to the minor unit of their currency.
    """
    from pyarrow import csv as arrow_csv

    yield (BOM + ",".join(f'"{guard_formulas(name)}"' for name in table.schema.names) + "\n").encode()
    options = arrow_csv.WriteOptions(include_header=False, quoting_style="needed")
    for batch in slices(table.printed):
        out = io.BytesIO()
        columns = rounded_columns(batch, table.digits)
        texts = pa.table([guarded(column) for column in columns], batch.schema.names)
        arrow_csv.write_csv(texts, out, options)
        yield out.getvalue()


def jsonl(table: ExportTable) -> Iterator[bytes]:
    """One JSON object per row; decimals are strings, which keep every digit."""
    for batch in slices(table.batches):
        plain = pa.table([plain_values(column) for column in batch.columns], batch.schema.names)
        rows = (json.dumps(row, ensure_ascii=False) for row in plain.to_pylist())
        yield "".join(f"{row}\n" for row in rows).encode()


def parquet(table: ExportTable) -> Iterator[bytes]:
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
