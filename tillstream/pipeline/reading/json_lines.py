"""Read JSON lines with msgspec into blocks of text cells that keep the digits of the source."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from tillstream.model.document_json import JsonObject
from tillstream.pipeline.reading.archives import ByteSource
from tillstream.pipeline.reading.file_signatures import UTF16_BOMS
from tillstream.pipeline.reading.read_options import ReadOptions, UnreadableFile, check_unpacked_size, line_too_long
from tillstream.pipeline.reading.typed_cells import check_column_count, typed_block
from tillstream.pipeline.reading.utf8_stream import Utf8Stream
from tillstream.pipeline.rows.row_batch import Block, UnreadableRow
from tillstream.pipeline.rows.text_columns import constant_column

UnreadableReason = tuple[str, str, str]
"""Code, value and detail of a `UnreadableRow`."""
_UNREADABLE_CODE = "unreadable-json"

_RAW_DECODER = msgspec.json.Decoder(dict[str, msgspec.Raw])

_CHUNK_BYTES = 4 << 20
"""Kept small because Python objects are many times larger than their text."""
_CHUNK_LINES = 1 << 14
_CHUNK_CELLS = 4 << 20
"""Kept small because each line gets a cell in every column, however short it is."""
_CELL_BYTES = 4
"""Memory of a cell, empty ones included."""
_ESCAPES = (b"\\u", b"\\/")
"""With which a key can be written in other ways than `quote_json` does."""


@dataclass
class DecodedLines:
    """Decoded lines: the objects, the line index of each, and errors by line index."""

    lines: list[bytes]
    objects: list[JsonObject]
    indices: list[int]
    errors: dict[int, UnreadableReason]
    blank: int

    def __post_init__(self) -> None:
        shapes = dict.fromkeys(map(tuple, self.objects))
        self.names = list(dict.fromkeys(chain.from_iterable(shapes)))
        self._columns: dict[str, Sequence[Any]] = {}
        if len(shapes) == 1:
            self._columns = dict(zip(self.names, zip(*map(dict.values, self.objects), strict=True), strict=True))

    def texts(self, name: str) -> pa.DictionaryArray:
        """(n,) texts of one column; empty if the key is missing or null."""
        values = self._columns.get(name) or [row.get(name) for row in self.objects]
        types = set(map(type, values)) - {type(None)}
        if types == {int}:
            try:
                numbers = pa.array(values, pa.int64()).dictionary_encode()
            except OverflowError:
                pass
            else:
                texts = pa.DictionaryArray.from_arrays(numbers.indices, numbers.dictionary.cast(pa.string()))
                return texts if not texts.null_count else texts.dictionary_decode().fill_null("").dictionary_encode()
        if not types <= {str}:
            values = [self._text(index, name, value) for index, value in enumerate(values)]
        return pa.array(values, pa.string()).fill_null("").dictionary_encode()

    def _text(self, index: int, name: str, value: Any) -> str | None:
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int):
            return str(value)
        # lists and objects keep the source text
        return bytes(_RAW_DECODER.decode(self.lines[self.indices[index]])[name]).decode()


def quote_json(text: str) -> bytes:
    """The text as JSON, with letters as they are."""
    return msgspec.json.encode(text)


class LineDecoder:
    def __init__(self, decimal: str) -> None:
        """decimal: separator that replaces the decimal point."""
        self._decoder = msgspec.json.Decoder(
            float_hook=str if decimal == "." else lambda text: text.replace(".", decimal)
        )

    def decode(self, lines: list[bytes]) -> DecodedLines:
        """Decode lines, given without line feeds."""
        non_blank = [index for index, line in enumerate(lines) if line and not line.isspace()]
        blank = len(lines) - len(non_blank)
        text = b"\n".join(lines)
        try:
            objects = self._decoder.decode_lines(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            objects = []
        all_objects = len(objects) == len(non_blank) and set(map(type, objects)) <= {dict}
        # each key precedes a colon, so equal counts mean that no key is repeated
        if all_objects and text.count(b'":') == sum(map(len, objects)):
            return DecodedLines(lines, objects, non_blank, {}, blank)
        return self._decode_each(lines, non_blank, blank)

    def _decode_each(self, lines: list[bytes], non_blank: list[int], blank: int) -> DecodedLines:
        objects: list[JsonObject] = []
        indices: list[int] = []
        errors: dict[int, UnreadableReason] = {}
        for index in non_blank:
            decoded = self._decode_line(lines[index])
            if isinstance(decoded, dict):
                objects.append(decoded)
                indices.append(index)
            else:
                errors[index] = decoded
        return DecodedLines(lines, objects, indices, errors, blank)

    def _decode_line(self, line: bytes) -> JsonObject | UnreadableReason:
        try:
            return self._object_of(line)
        except RecursionError:
            return _UNREADABLE_CODE, "", "its brackets are nested too deeply"

    def _object_of(self, line: bytes) -> JsonObject | UnreadableReason:
        try:
            value = self._decoder.decode(line)
        except UnicodeDecodeError:
            return "undecodable-text", "", "utf-8"
        except msgspec.DecodeError as error:
            return _UNREADABLE_CODE, "", str(error)
        if not isinstance(value, dict):
            return _UNREADABLE_CODE, "", "it contains a value instead of names and values in braces"
        if line.count(b'":') == len(value):
            return value
        names = [name for name, _ in json.loads(line, object_pairs_hook=list)]
        if len(names) == len(value):
            return value
        duplicate = next(name for name, count in Counter(names).items() if count > 1)
        return _UNREADABLE_CODE, "", f"“{duplicate}” occurs more than once"


class JsonLinesReader:
    def __init__(
        self, content: ByteSource, head: bytes, options: ReadOptions, find_names: Callable[[set[str]], list[str]]
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
        marks = [quote_json(name) for name in wanted]
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
        missing = constant_column("", cells.num_rows)
        # the names of other lines are added to those that remain, which are few where most lines are empty
        cells = pa.table({name: cells[name] if name in columns else missing for name in names})
        return replace(block, cells=cells, blank=blank, irregular=blank + len(rejected))
