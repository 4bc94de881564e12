"""The rows of a sheet as blocks: where its header is, and which rows cannot be taken as they are."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

import numpy as np
import pyarrow as pa

from tillstream.domain.contract.sections import FileStyle
from tillstream.pipeline.reading.errors import UnreadableFile
from tillstream.pipeline.reading.options import Manner
from tillstream.pipeline.reading.skipped_rows import is_ignored
from tillstream.pipeline.reading.typed_block import cells_of, line_of, named_once, not_too_wide, typed_block
from tillstream.pipeline.reading.workbooks.cell_text import cell_text, column_texts
from tillstream.pipeline.reading.workbooks.sheet import Row, Rows, named
from tillstream.pipeline.rows.block import Block, Ints, Refused

_ROWS = 20_000
_ABOVE = 1_000
"""The header is looked for in so many rows."""


@dataclass(frozen=True)
class _Header:
    names: list[str]
    told: list[str]
    """As the sheet has them, so that the header is known again."""
    places: list[int]
    """Of the columns, as some are empty and have no name."""


class SheetReader:
    def __init__(self, sheet: Rows, how: Manner) -> None:
        self._sheet, self._how = sheet, how

    def header(self) -> list[str]:
        return self._begun()[0].names

    def cells(self, raw: str, names: list[str]) -> list[str]:  # noqa: ARG002 - they stand in order
        return cells_of(raw, self._how.style.delimiter)

    def blocks(self) -> Iterator[Block]:
        """Rows are counted after the header, lines are the sheet's own row numbers."""
        header, above, rows = self._begun()
        given = False
        while several := list(islice(rows, _ROWS)):
            yield self._block(several, header, above)
            given = True
        if not given:
            yield self._block([], header, above)

    def _begun(self) -> tuple[_Header, int, Iterator[Row]]:
        """The header, its row's number, and the rows after it."""
        rows, style = iter(self._sheet), self._how.style
        if style.header:
            return _header([], [], style, set()), 0, rows
        top = list(islice(rows, _ABOVE))
        place = self._place(top)
        head = list(islice(chain(top[place + 1 :], rows), _ROWS))
        header = _header(self._texts(top[place]), head, style, set(self._how.needed))
        return header, top[place].number, chain(head, rows)

    def _place(self, top: list[Row]) -> int:
        """Of the first row with all that is needed, else of the first with anything, or what looks like a header."""
        needed = set(self._how.needed)
        texts = [self._texts(row) for row in top]
        for place, names in enumerate(texts):
            if needed and needed <= set(names):
                return place
        found = next((place for place, names in enumerate(texts) if any(names)), None)
        if found is not None and not needed:
            found = _likely(top, texts, found)
        if found is None:
            raise UnreadableFile("empty-file", f"There is nothing in the sheet “{self._sheet.sheet}”. Export it again.")
        others = [name for name in self._sheet.sheets if name != self._sheet.sheet]
        if needed and not needed & set(texts[found]) and others and not self._how.style.sheet:
            raise UnreadableFile(
                "missing-columns",
                f"The first sheet, “{self._sheet.sheet}”, has none of the columns of the contract. The workbook "
                f"also has {named(others)}: name the right one in the contract (file.sheet), or save it by itself.",
            )
        return found

    def _texts(self, row: Row) -> list[str]:
        return [cell_text(cell, self._how.decimal).strip() for cell in row.cells]

    def _block(self, rows: list[Row], header: _Header, above: int) -> Block:
        width = max([len(row.cells) for row in rows] + [max(header.places) + 1])
        cells = [
            row.cells if len(row.cells) == width else [*row.cells, *[""] * (width - len(row.cells))] for row in rows
        ]
        columns = list(zip(*cells, strict=True)) or [()] * width
        texts = [column_texts(columns[place], self._how.decimal) for place in header.places]
        numbers = np.array([row.number for row in rows], np.int64)
        why = self._strangers(columns, header) | _lacking(rows, header)
        refused: list[Refused] = []

        def raw(index: int) -> str:
            return line_of([text[index].as_py() for text in texts], self._how.style.delimiter)

        ignored = {index for index in why if is_ignored(self._texts(rows[index]), self._how.style.ignore)}
        for index in sorted(set(why) - ignored):
            whole = line_of([cell_text(cell, self._how.decimal) for cell in cells[index]], self._how.style.delimiter)
            number = rows[index].number
            line = raw(index) if why[index][0] == "formula-without-value" else whole.rstrip(self._how.style.delimiter)
            refused.append(Refused(number - above, number, line, *why[index]))
        if not why:
            return self._of(header, texts, numbers, above, refused, raw)
        kept = np.setdiff1d(np.arange(len(rows)), list(why))
        taken = [text.take(kept) for text in texts]
        block = self._of(header, taken, numbers[kept], above, refused, lambda index: raw(int(kept[index])))
        return replace(block, ignored=block.ignored + len(ignored))

    def _of(
        self,
        header: _Header,
        texts: list[pa.DictionaryArray],
        numbers: Ints,
        above: int,
        refused: list[Refused],
        raw: Callable[[int], str],
    ) -> Block:
        words = self._how.style.ignore
        return typed_block(header.names, texts, numbers - above, numbers, refused, raw, header.told, words)

    def _strangers(self, columns: Sequence[tuple[object, ...]], header: _Header) -> dict[int, tuple[str, str, str]]:
        """Rows with a cell where the header has none: it may have been pushed aside."""
        known = set(header.places)
        found: dict[int, tuple[str, str, str]] = {}
        for place, column in enumerate(columns):
            if place in known or set(column) <= {""}:
                continue
            # the number of cells up to the last one, as a ragged row of text has it
            cells = {index for index, cell in enumerate(column) if cell != "" and str(cell).strip()}
            found |= dict.fromkeys(cells, ("ragged-row", str(place + 1), str(len(header.names))))
        return found


def _lacking(rows: list[Row], header: _Header) -> dict[int, tuple[str, str, str]]:
    found: dict[int, tuple[str, str, str]] = {}
    for index, row in enumerate(rows):
        if row.lacking:
            names = [header.names[header.places.index(place)] for place in row.lacking if place in header.places]
            if names:
                found[index] = ("formula-without-value", "", ", ".join(names))
    return found


def _likely(top: list[Row], texts: list[list[str]], first: int) -> int:
    """Where nobody knows the columns: the first row of nearly as many cells as any, if all of them are texts."""
    filled = [sum(map(bool, names)) for names in texts]
    for place, row in enumerate(top):
        if filled[place] * 4 >= max(filled) * 3:
            return place if all(isinstance(cell, str) for cell in row.cells) else first
    return first


def _header(names: list[str], head: list[Row], style: FileStyle, needed: set[str]) -> _Header:
    """Columns without a name are columns where they hold something, called by their place."""
    if style.header:
        return _Header(list(style.header), [], list(range(len(style.header))))
    last = max(place for place, name in enumerate(names) if name)
    places = [
        place
        for place, name in enumerate(names[: last + 1])
        if name or any(place < len(row.cells) and row.cells[place] != "" for row in head)
    ]
    told = [names[place] for place in places]
    found = named_once([name or f"column {place + 1}" for name, place in zip(told, places, strict=True)], needed)
    not_too_wide(len(found), style.max_columns)
    return _Header(found, told, places)
