"""The formats of exports, each declared once; what writes a file loads when it is written."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from tillstream.model.errors import Rejected

if TYPE_CHECKING:
    from tillstream.delivery.export_table import ExportTable

_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class ExportFormat:
    """suffix: ending of a file name. label: in menus. media_type: as in a `Content-Type`. writer: module of this
    package and its function that yields the bytes. rows_at_once: rows that are written while a person waits; None: all.
    is_exact: whether amounts have all digits, and values can be arrays and structures."""

    suffix: str
    label: str
    media_type: str
    writer: str
    rows_at_once: int | None = None
    is_exact: bool = False

    def chunks(self, table: "ExportTable") -> Iterator[bytes]:
        """The bytes of a table. Raises `Rejected` for one that the format has no place for."""
        module, _, name = self.writer.partition(":")
        write: Callable[[ExportTable], Iterator[bytes]] = getattr(import_module(f"{__package__}.{module}"), name)
        return write(table)


_ALL = (
    ExportFormat("csv", "CSV", "text/csv; charset=utf-8", "export_table:csv_chunks", 200_000),
    ExportFormat("xlsx", "Excel", _WORKBOOK, "workbook:workbook_chunks", 20_000),
    ExportFormat("pdf", "PDF", "application/pdf", "pdf_table:pdf_chunks"),
    ExportFormat(
        "parquet", "Parquet", "application/vnd.apache.parquet", "export_table:parquet_chunks", 200_000, is_exact=True
    ),
    ExportFormat("jsonl", "JSON lines", "application/x-ndjson", "export_table:jsonl_chunks", 200_000, is_exact=True),
)
FORMATS: Mapping[str, ExportFormat] = {one.suffix: one for one in _ALL}
"""By suffix, in the order of menus."""


def export_format(suffix: str) -> ExportFormat:
    """The format of a suffix without its dot. Raises `Rejected`."""
    if suffix not in FORMATS:
        raise Rejected(f"There is no format {suffix}. Use one of: {', '.join(FORMATS)}.")
    return FORMATS[suffix]
