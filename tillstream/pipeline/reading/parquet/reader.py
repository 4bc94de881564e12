"""Read Parquet files batch by batch, with typed values as lossless text."""

from collections.abc import Iterator
from io import SEEK_END
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tillstream.domain.limits import LIMITS
from tillstream.pipeline.reading.errors import UnreadableFile, unreadable
from tillstream.pipeline.reading.limits import check_cell_size, check_unpacked_size
from tillstream.pipeline.reading.options import ReadOptions
from tillstream.pipeline.reading.parquet.values import to_texts
from tillstream.pipeline.reading.typed_block import cells_of, check_column_count, line_of, typed_block, unique_names
from tillstream.pipeline.rows.block import Block, UnreadableRow

_BATCH_ROWS, _BATCH_CELLS = 65_536, 4 << 20
_NESTED_BYTES = 4 * LIMITS.record_bytes
"""Largest cell of a nested type as Arrow has it, where a number takes 8 bytes and at least 3 as text."""
_READ_ERRORS = (pa.ArrowException, OSError, UnicodeDecodeError, OverflowError)


class ParquetReader:
    def __init__(self, stream: BinaryIO, options: ReadOptions) -> None:
        self._options = options
        try:
            file = pq.ParquetFile(stream)
            texts = [field.name for field in file.schema_arrow if pa.types.is_string(field.type)]
            self._file = pq.ParquetFile(stream, metadata=file.metadata, read_dictionary=texts, pre_buffer=False)
        except _READ_ERRORS as error:
            raise _damaged(error) from error
        metadata = file.metadata
        groups = sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
        # repeated values take no space in the file, but do as rows
        check_unpacked_size(
            max(groups, metadata.num_rows * metadata.num_columns), stream.seek(0, SEEK_END), options.limits
        )

    def header(self) -> list[str]:
        names = [name.strip() for name in self._file.schema_arrow.names]
        if not names:
            raise UnreadableFile("empty-file", "The file is empty. Export it again.")
        check_column_count(len(names), self._options.style.max_columns)
        called = [name or f"column {index + 1}" for index, name in enumerate(names)]
        return unique_names(called, self._options.required_headers, self._options.style)

    def cells(self, raw: str, names: list[str]) -> list[str]:  # noqa: ARG002 - cells are in header order
        return cells_of(raw, self._options.style.delimiter)

    def blocks(self) -> Iterator[Block]:
        """Yield blocks. Parquet rows have no lines, so line numbers equal row numbers."""
        names, before = self.header(), 0
        try:
            for batch in self._file.iter_batches(min(_BATCH_ROWS, _BATCH_CELLS // len(names))):
                yield self._block(names, batch.columns, before)
                before += batch.num_rows
        except _READ_ERRORS as error:
            raise _damaged(error) from error
        if not before:
            empty = self._file.schema_arrow.empty_table().combine_chunks()
            yield self._block(names, [pa.array([], field.type) for field in empty.schema], 0)

    def _block(self, names: list[str], columns: list[pa.Array], before: int) -> Block:
        for name, column in zip(names, columns, strict=True):
            _check_nested_cells(name, column)
        converted = [to_texts(column, self._options.decimal) for column in columns]
        texts, length = [item.texts for item in converted], len(columns[0])
        numbers = np.arange(before + 1, before + length + 1)
        undecodable = np.logical_or.reduce([item.undecodable for item in converted])

        def raw(index: int) -> str:
            return line_of([text[index].as_py() for text in texts], self._options.style.delimiter)

        accepted, ignore = np.flatnonzero(~undecodable), self._options.style.ignore
        if len(accepted) == length:
            return typed_block(names, texts, numbers, numbers, [], raw, ignore=ignore)
        rejected = [
            UnreadableRow(before + index + 1, before + index + 1, raw(index), "undecodable-text", "", "utf-8")
            for index in np.flatnonzero(undecodable).tolist()
        ]
        accepted_texts = [text.take(accepted) for text in texts]
        numbers = numbers[accepted]
        return typed_block(
            names, accepted_texts, numbers, numbers, rejected, lambda index: raw(int(accepted[index])), ignore=ignore
        )


def _check_nested_cells(name: str, column: pa.Array) -> None:
    """Raise `UnreadableFile` if a list or structure takes much more than its text may have: as Python objects it would
    take many times that."""
    if pa.types.is_nested(column.type) and column.nbytes > _NESTED_BYTES:
        for place in range(len(column)):
            check_cell_size(column.slice(place, 1).nbytes * LIMITS.record_bytes // _NESTED_BYTES, name)


def _damaged(error: Exception) -> UnreadableFile:
    return unreadable(f"The Parquet file is damaged or was cut off ({error}). Export it again.")
