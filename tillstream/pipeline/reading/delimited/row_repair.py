"""Repair of ragged records with a single possible reading. They are rare, so this runs record by record."""

from collections.abc import Mapping
from dataclasses import dataclass

from tillstream.pipeline.reading.delimited.header import Header
from tillstream.pipeline.reading.delimited.records import Layout
from tillstream.pipeline.reading.delimited.tokenizer import RecordSyntax, cells, unwrap


@dataclass(frozen=True)
class RepairedRecords:
    rows: dict[int, list[bytes]]
    """Record index → cells, padded to the header's width."""
    unwrapped: list[int]
    """Indices of records that were quoted as a whole."""
    syntax: RecordSyntax

    @classmethod
    def of(
        cls, data: bytes, layout: Layout, ragged: Mapping[int, int], header: Header, syntax: RecordSyntax
    ) -> "RepairedRecords":
        """Repair records that miss only unnamed cells or are quoted as a whole. ragged: record index → cell count."""
        repaired = cls({}, [], syntax)
        for index, count in ragged.items():
            if count not in (1, header.named_width):
                continue
            record = data[layout.starts[index] : layout.ends[index]]
            row = cells(record, syntax)
            if len(row) == 1 and (inside := unwrap(record, syntax)):
                row = inside
                repaired.unwrapped.append(index)
            if _complete(row, header):
                repaired.rows[index] = row + [b""] * (header.width - len(row))
        repaired.unwrapped[:] = [index for index in repaired.unwrapped if index in repaired.rows]
        return repaired

    def texts(self, record: bytes) -> list[str]:
        return [cell.decode().strip() for cell in cells(record, self.syntax)]


def _complete(row: list[bytes], header: Header) -> bool:
    """Whether no named cell is missing; a row without trailing delimiters must end with a non-empty named cell."""
    return len(row) == header.width > 1 or (len(row) == header.named_width < header.width and bool(row[-1].strip()))
