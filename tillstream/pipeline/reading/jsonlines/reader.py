"""JSON lines, one object a line, as blocks of text cells that keep the digits of the source."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from tillstream.pipeline.reading.errors import UnreadableFile, refused
from tillstream.pipeline.reading.jsonlines.decoder import Decoder, Rows
from tillstream.pipeline.reading.options import Manner
from tillstream.pipeline.reading.sniffing import WIDE
from tillstream.pipeline.reading.streams.decode import Text
from tillstream.pipeline.reading.streams.gzip import Bytes
from tillstream.pipeline.reading.typed_block import not_too_wide, typed_block
from tillstream.pipeline.rows.block import Block, Refused
from tillstream.pipeline.rows.text_column import constant

_LONGEST = 16 << 20
_PIECE = 4 << 20
"""Objects of Python are many times as large as their text."""


class JsonLinesReader:
    def __init__(self, content: Bytes, head: bytes, how: Manner, all_names: Callable[[], list[str]]) -> None:
        """all_names: of the whole file, read from its beginning once more."""
        self._how, self._all_names = how, all_names
        self._text = Text(content, "utf-16" if head.startswith(WIDE) else "utf-8")
        self._decoder = Decoder(how.decimal)

    def header(self) -> list[str]:
        """Every name that any line has; the whole file is read for it."""
        names: dict[str, None] = {}
        for _, rows in self._pieces():
            names |= dict.fromkeys(rows.names)
        return list(names)

    def cells(self, raw: str, names: list[str]) -> list[str]:
        rows = self._decoder.rows([raw.encode("utf-8", "backslashreplace")])
        if not rows.objects:
            return []
        return [rows.texts(name)[0].as_py() for name in names]

    def blocks(self) -> Iterator[Block]:
        """The columns are the names of the first lines and those that are needed; later names become columns of the
        blocks in which they come, and of all later ones."""
        names: dict[str, None] = {}
        started, line = False, 0
        for size, rows in self._pieces():
            if not started:
                names = dict.fromkeys(rows.names)
                missing = set(self._how.needed) - set(names)
                if missing:
                    names |= dict.fromkeys(name for name in self._all_names() if name in missing)
            names |= dict.fromkeys(rows.names)
            not_too_wide(len(names), self._how.style.max_columns)
            yield self._block(list(names), rows, line)
            started, line = True, line + size
        if not started:
            raise UnreadableFile("empty-file", "There is nothing in the file. Export it again.")

    def _pieces(self) -> Iterator[tuple[int, Rows]]:
        """Some lines, as many as told, and their objects."""
        data, size, final = b"", min(_PIECE, self._how.block_bytes), False
        while not final:
            more = self._text.read(size)
            data, final = data + more, not more
            end = len(data) if final else data.rfind(b"\n") + 1
            if not end and len(data) > _LONGEST:
                raise refused(f"A line is longer than {_LONGEST:,} bytes; no row is, so its line ends are missing.")
            if end:
                lines = data[:end].removesuffix(b"\n").split(b"\n")
                data = data[end:]
                yield len(lines), self._decoder.rows(lines)

    def _block(self, names: list[str], rows: Rows, before: int) -> Block:
        length = len(rows.objects)
        columns = [rows.texts(name) if name in rows.names else constant("", length) for name in names]
        numbers = np.array(rows.places, np.int64) + before + 1
        found = [
            Refused(before + place + 1, before + place + 1, self._text.spelled(rows.lines[place]).strip(), *why)
            for place, why in rows.wrong.items()
        ]
        block = typed_block(
            names,
            columns,
            numbers,
            numbers,
            found,
            lambda index: self._text.spelled(rows.lines[rows.places[index]]).strip(),
            words=self._how.style.ignore,
        )
        return replace(block, blank=block.blank + rows.blank)
