"""Read JSON lines into blocks of text cells that keep the digits of the source."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from tillstream.pipeline.reading.errors import UnreadableFile
from tillstream.pipeline.reading.jsonlines.decoder import DecodedLines, LineDecoder
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
"""Kept small because each line gets a cell in every column, however short it is."""
_CELL_BYTES = 4
"""Memory of a cell, empty ones included."""


class JsonLinesReader:
    def __init__(
        self, content: Bytes, head: bytes, options: ReadOptions, read_all_names: Callable[[], list[str]]
    ) -> None:
        """read_all_names: reads the file again from the start and returns all keys."""
        self._options, self._read_all_names = options, read_all_names
        self._text = Utf8Stream(content, "utf-16" if head.startswith(UTF16_BOMS) else "utf-8")
        self._decoder = LineDecoder(options.decimal)
        self._bytes = 0
        """Bytes of text that were read."""

    def header(self) -> list[str]:
        """All keys of all lines; reads the whole file."""
        names: dict[str, None] = {}
        for _, decoded in self._chunks():
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
                    names |= dict.fromkeys(name for name in self._read_all_names() if name in missing)
            names |= dict.fromkeys(decoded.names)
            check_column_count(len(names), self._options.style.max_columns)
            cells += len(decoded.objects) * len(names)
            check_unpacked_size(_CELL_BYTES * cells, self._bytes, self._options.limits)
            yield self._block(list(names), decoded, line)
            started, line = True, line + size
        if not started:
            raise UnreadableFile("empty-file", "The file is empty. Export it again.")

    def _chunks(self) -> Iterator[tuple[int, DecodedLines]]:
        """Yield (line count, decoded lines) per chunk."""
        data, size, final, before = b"", min(_CHUNK_BYTES, self._options.block_bytes), False, 0
        limit = self._options.limits.record_bytes
        while not final:
            chunk = self._text.read(size)
            data, final, self._bytes = data + chunk, not chunk, self._bytes + len(chunk)
            end = len(data) if final else data.rfind(b"\n") + 1
            lines = data[:end].removesuffix(b"\n").split(b"\n") if end else []
            data = data[end:]
            too_long = next((index for index, line in enumerate([*lines, data]) if len(line) > limit), None)
            if too_long is not None:
                raise line_too_long(before + too_long + 1, limit)
            for start in range(0, len(lines), _CHUNK_LINES):
                part = lines[start : start + _CHUNK_LINES]
                yield len(part), self._decoder.decode(part)
            before += len(lines)

    def _block(self, names: list[str], decoded: DecodedLines, before: int) -> Block:
        length = len(decoded.objects)
        columns = [decoded.texts(name) if name in decoded.names else constant("", length) for name in names]
        numbers = np.array(decoded.indices, np.int64) + before + 1
        rejected = [
            UnreadableRow(
                before + index + 1, before + index + 1, self._text.display_text(decoded.lines[index]).strip(), *reason
            )
            for index, reason in decoded.errors.items()
        ]
        block = typed_block(
            names,
            columns,
            numbers,
            numbers,
            rejected,
            lambda index: self._text.display_text(decoded.lines[decoded.indices[index]]).strip(),
            ignore=self._options.style.ignore,
        )
        blank = block.blank + decoded.blank
        return replace(block, blank=blank, irregular=blank + len(rejected))
