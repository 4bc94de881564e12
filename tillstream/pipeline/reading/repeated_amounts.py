"""Amounts of a whole order that a file repeats on each line of the order: they count once."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.contract.sections import FileStyle
from tillstream.pipeline.reading.typed_block import line_of
from tillstream.pipeline.rows.block import Block
from tillstream.pipeline.rows.text_column import decoded, encoded, to_bool_array
from tillstream.pipeline.rows.types import Mask

_NOTHING = "0"


class RepeatedAmounts:
    """Replaces an amount by 0 if the row above, of the same order, has the same one; across blocks."""

    def __init__(self, style: FileStyle) -> None:
        self._style = style
        self._above: dict[str, str] = {}
        """Header → the value that the last row of the previous blocks has."""

    def block(self, block: Block) -> Block:
        within = self._style.once_within
        if not block.cells.num_rows or within not in block.cells.column_names:
            return block
        orders = pc.utf8_trim_whitespace(decoded(block.cells.column(within)))
        is_continued = self._is_as_above(within, orders) & to_bool_array(pc.not_equal(orders, ""))
        cells, changed = block.cells, np.zeros(block.cells.num_rows, np.bool_)
        for name in self._style.once:
            if name not in cells.column_names:
                continue
            texts = decoded(cells.column(name))
            repeated = is_continued & self._is_as_above(name, texts) & to_bool_array(pc.not_equal(texts, ""))
            values = pc.if_else(pa.array(repeated), pa.scalar(_NOTHING, texts.type), texts)
            cells = cells.set_column(cells.column_names.index(name), name, encoded(values))
            changed |= repeated

        def raw(index: int) -> str:
            """The text of a row, as the file would write it."""
            if not changed[index]:
                return block.raw(index)
            values = [cells.column(name)[index].as_py() for name in cells.column_names]
            return line_of(values, self._style.delimiter, self._style.quote or '"')

        return replace(block, cells=cells, raw=raw)

    def _is_as_above(self, name: str, texts: pa.Array) -> Mask:
        """bool (n,): rows with the same text as the row above."""
        codes = texts.dictionary_encode().indices.to_numpy()
        same = np.empty(len(texts), np.bool_)
        same[1:] = codes[1:] == codes[:-1]
        same[0] = texts[0].as_py() == self._above.get(name)
        self._above[name] = texts[-1].as_py()
        return same
