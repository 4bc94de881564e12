"""Read JSON lines into blocks of text cells that keep the digits of the source."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa

from tillstream.pipeline.reading.errors import UnreadableFile
from tillstream.pipeline.reading.jsonlines.decoder import DecodedLines, LineDecoder, quoted
from tillstream.pipeline.reading.limits import check_unpacked_size, line_too_long
from tillstream.pipeline.reading.options import ReadOptions
from tillstream.pipeline.reading.sniffing import UTF16_BOMS
from tillstream.pipeline.reading.streams.decode import Utf8Stream
from tillstream.pipeline.reading.streams.gzip import Bytes
from tillstream.pipeline.reading.typed_block import check_column_count, typed_block
from tillstream.pipeline.rows.block import Block, UnreadableRow
from tillstream.pipeline.rows.text_column import constant

_CHUNK_BYTES = 4 << 20
"""Kept small because Python objects are many times larger than their text."""
_CHUNK_LINES = 1 << 14
_CHUNK_CELLS = 4 << 20
"""Kept small because each line gets a cell in every column, however short it is."""
_CELL_BYTES = 4
"""Memory of a cell, empty ones included."""
_ESCAPES = (b"\\u", b"\\/")
"""With which a key can be written in other ways than `quoted` does."""


class JsonLinesReader:
    def __init__(
        self, content: Bytes, head: bytes, options: ReadOptions, find_names: Callable[[set[str]], list[str]]
    ) -> None:
        """find_names: `names_near` of the file, read again from the start."""
        self._options, self._find_names = options, find_names
        self._text = Utf8Stream(content, "utf-16" if head.startswith(UTF16_BOMS) else "utf-8")
        self._decoder = LineDecoder(options.decimal)
        self._bytes, self._columns = 0, 0
        """Bytes of text that were read, and columns of the block before."""

    def header(self) -> list[str]:
        """All keys of all lines; reads the whole file."""
        return self.names_near(set())

    def names_near(self, wanted: set[str]) -> list[str]:
        """All keys of the parts of the file that may contain one of the wanted keys; decodes no others. Without any,
        all keys."""
        names: dict[str, None] = {}
        for _, decoded in self._chunks(wanted):
            names |= dict.fromkeys(decoded.names)
            check_column_count(len(names), self._options.style.max_columns)
        return list(names)

    def cells(self, raw: str, names: list[str]) -> list[str]:
        decoded = self._decoder.decode([raw.encode("utf-8", "backslashreplace")])
        if not decoded.objects:
            return []
        return [decoded.texts(name)[0].as_py() for name in names]

    def blocks(self) -> Iterator[Block]:
        """Yield blocks. Columns are the keys of the first lines and the required ones; a later key becomes a column of
        the block in which it first occurs and of all later blocks."""
        names: dict[str, None] = {}
        started, line, cells = False, 0, 0
        for size, decoded in self._chunks():
            if not started:
                names = dict.fromkeys(decoded.names)
                missing = set(self._options.required_headers) - set(names)
                if missing:
                    names |= dict.fromkeys(name for name in self._find_names(missing) if name in missing)
            names |= dict.fromkeys(decoded.names)
            self._columns = len(names)
            check_column_count(self._columns, self._options.style.max_columns)
            cells += len(decoded.objects) * len(names)
            check_unpacked_size(_CELL_BYTES * cells, self._bytes, self._options.limits)
            yield self._block(list(names), decoded, line)
            started, line = True, line + size
        if not started:
            raise UnreadableFile("empty-file", "The file is empty. Export it again.")

    def _chunks(self, wanted: Iterable[str] = ()) -> Iterator[tuple[int, DecodedLines]]:
        """Yield (line count, decoded lines) per chunk. wanted: keys, of which a chunk must contain one, if any are."""
        marks = [quoted(name) for name in wanted]
        marks += _ESCAPES if marks else ()
        data, size, final, before = b"", min(_CHUNK_BYTES, self._options.block_bytes), False, 0
        limit = self._options.limits.record_bytes
        while not final:
            chunk = self._text.read(size)
            data, final, self._bytes = data + chunk, not chunk, self._bytes + len(chunk)
            end = len(data) if final else data.rfind(b"\n") + 1
            if marks and end and not any(mark in data for mark in marks):
                before, data = before + data.count(b"\n", 0, end), data[end:]
                continue
            lines = data[:end].removesuffix(b"\n").split(b"\n") if end else []
            data = data[end:]
            too_long = next((index for index, line in enumerate([*lines, data]) if len(line) > limit), None)
            if too_long is not None:
                raise line_too_long(before + too_long + 1, limit)
            for start in range(0, len(lines), _CHUNK_LINES):
                yield from self._decoded(lines[start : start + _CHUNK_LINES])
            before += len(lines)

    def _decoded(self, lines: list[bytes]) -> Iterator[tuple[int, DecodedLines]]:
        """Yield (line count, decoded lines) of at most `_CHUNK_CELLS` cells."""
        if len(lines) == 1 or self._columns * len(lines) <= _CHUNK_CELLS:
            decoded = self._decoder.decode(lines)
            if len(lines) == 1 or len(decoded.names) * len(lines) <= _CHUNK_CELLS:
                yield len(lines), decoded
                return
        middle = len(lines) // 2
        yield from self._decoded(lines[:middle])
        yield from self._decoded(lines[middle:])

    def _block(self, names: list[str], decoded: DecodedLines, before: int) -> Block:
        columns = {name: decoded.texts(name) for name in decoded.names}
        numbers = np.array(decoded.indices, np.int64) + before + 1
        rejected = [
            UnreadableRow(
                before + index + 1, before + index + 1, self._text.display_text(decoded.lines[index]).strip(), *reason
            )
            for index, reason in decoded.errors.items()
        ]
        block = typed_block(
            list(columns),
            list(columns.values()),
            numbers,
            numbers,
            rejected,
            lambda index: self._text.display_text(decoded.lines[decoded.indices[index]]).strip(),
            ignore=self._options.style.ignore,
        )
        cells, blank = block.cells, block.blank + decoded.blank
        missing = constant("", cells.num_rows)
        # the names of other lines are added to those that remain, which are few where most lines are empty
        cells = pa.table({name: cells[name] if name in columns else missing for name in names})
        return replace(block, cells=cells, blank=blank, irregular=blank + len(rejected))
