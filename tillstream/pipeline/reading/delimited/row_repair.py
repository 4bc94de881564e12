"""Records with another number of cells that can only mean one row, one by one, for they are rare."""

from collections.abc import Mapping
from dataclasses import dataclass

from tillstream.pipeline.reading.delimited.header import Header
from tillstream.pipeline.reading.delimited.records import Layout
from tillstream.pipeline.reading.delimited.tokenizer import Rules, cells, unwrapped


@dataclass(frozen=True)
class Saved:
    rows: dict[int, list[bytes]]
    """Record → as many cells as the header's."""
    unwrapped: list[int]
    """Those that were quoted whole, as one cell."""
    rules: Rules

    @classmethod
    def of(cls, data: bytes, layout: Layout, ragged: Mapping[int, int], header: Header, rules: Rules) -> "Saved":
        """Those that lack only cells without a name, and those that are a whole row in quotes. ragged: their cells."""
        saved = cls({}, [], rules)
        for index, count in ragged.items():
            if count not in (1, header.named):
                continue
            record = data[layout.starts[index] : layout.ends[index]]
            found = cells(record, rules)
            if len(found) == 1 and (inside := unwrapped(record, rules)):
                found = inside
                saved.unwrapped.append(index)
            if _complete(found, header):
                saved.rows[index] = found + [b""] * (header.width - len(found))
        saved.unwrapped[:] = [index for index in saved.unwrapped if index in saved.rows]
        return saved

    def texts(self, record: bytes) -> list[str]:
        return [cell.decode().strip() for cell in cells(record, self.rules)]


def _complete(row: list[bytes], header: Header) -> bool:
    """Without the last delimiters, a row ends with a text of the last named column; else a cell may be missing."""
    return len(row) == header.width > 1 or (len(row) == header.named < header.width and bool(row[-1].strip()))
