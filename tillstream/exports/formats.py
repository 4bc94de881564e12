"""The formats of exports, by the ending of a file."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tillstream.exports import pdf, streams, workbook
from tillstream.exports.table import ExportTable
from tillstream.model.errors import Rejected


@dataclass(frozen=True)
class ExportFormat:
    """suffix: ending of a file name. media_type: as in a `Content-Type`. chunks: the bytes of a table."""

    suffix: str
    media_type: str
    chunks: Callable[[ExportTable], Iterator[bytes]]


_ALL = (
    ExportFormat("csv", "text/csv; charset=utf-8", streams.csv),
    ExportFormat("jsonl", "application/x-ndjson", streams.jsonl),
    ExportFormat("parquet", "application/vnd.apache.parquet", streams.parquet),
    ExportFormat("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", workbook.chunks),
    ExportFormat("pdf", "application/pdf", pdf.chunks),
)
FORMATS: Mapping[str, ExportFormat] = {one.suffix: one for one in _ALL}
LABELS = {"csv": "CSV", "xlsx": "Excel", "pdf": "PDF", "parquet": "Parquet", "jsonl": "JSON lines"}
"""Format → its name in menus, in their order."""


def format_of(suffix: str) -> ExportFormat:
    """The format of a suffix without its dot. Raises `Rejected`."""
    if suffix not in FORMATS:
        raise Rejected(f"There is no format {suffix}. Use one of: {', '.join(FORMATS)}.")
    return FORMATS[suffix]
