"""Parquet files, batch by batch, their typed values as texts that lose nothing."""

from collections.abc import Iterator
from io import SEEK_END
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tillstream.pipeline.reading.errors import UnreadableFile, refused
from tillstream.pipeline.reading.limits import bounded
from tillstream.pipeline.reading.options import Manner
from tillstream.pipeline.reading.parquet.values import texts_of
from tillstream.pipeline.reading.typed_block import cells_of, line_of, named_once, not_too_wide, typed_block
from tillstream.pipeline.rows.block import Block, Refused

_ROWS = 65_536
_BROKEN = (pa.ArrowException, OSError, UnicodeDecodeError, OverflowError)


class ParquetReader:
    def __init__(self, stream: BinaryIO, how: Manner) -> None:
        self._how = how
        try:
            file = pq.ParquetFile(stream)
            texts = [field.name for field in file.schema_arrow if pa.types.is_string(field.type)]
            self._file = pq.ParquetFile(stream, metadata=file.metadata, read_dictionary=texts, pre_buffer=False)
        except _BROKEN as error:
            raise _damaged(error) from error
        told = file.metadata
        groups = sum(told.row_group(number).total_byte_size for number in range(told.num_row_groups))
        # a value that is repeated takes no room in the file, but as a row it does
        bounded(max(groups, told.num_rows * told.num_columns), stream.seek(0, SEEK_END), how.limits)

    def header(self) -> list[str]:
        names = [name.strip() for name in self._file.schema_arrow.names]
        if not names:
            raise UnreadableFile("empty-file", "There is nothing in the file. Export it again.")
        not_too_wide(len(names), self._how.style.max_columns)
        return named_once([name or f"column {place + 1}" for place, name in enumerate(names)], self._how.needed)

    def cells(self, raw: str, names: list[str]) -> list[str]:  # noqa: ARG002 - they stand in order
        return cells_of(raw, self._how.style.delimiter)

    def blocks(self) -> Iterator[Block]:
        """Rows have no lines; their numbers stand for them."""
        names, before = self.header(), 0
        try:
            for batch in self._file.iter_batches(_ROWS):
                yield self._block(names, batch.columns, before)
                before += batch.num_rows
        except _BROKEN as error:
            raise _damaged(error) from error
        if not before:
            empty = self._file.schema_arrow.empty_table().combine_chunks()
            yield self._block(names, [pa.array([], field.type) for field in empty.schema], 0)

    def _block(self, names: list[str], columns: list[pa.Array], before: int) -> Block:
        read = [texts_of(column, self._how.decimal) for column in columns]
        texts, length = [one.texts for one in read], len(columns[0])
        numbers = np.arange(before + 1, before + length + 1)
        bad = np.logical_or.reduce([one.undecodable for one in read])

        def raw(index: int) -> str:
            return line_of([text[index].as_py() for text in texts], self._how.style.delimiter)

        kept, words = np.flatnonzero(~bad), self._how.style.ignore
        if len(kept) == length:
            return typed_block(names, texts, numbers, numbers, [], raw, words=words)
        found = [
            Refused(before + index + 1, before + index + 1, raw(index), "undecodable-text", "", "utf-8")
            for index in np.flatnonzero(bad).tolist()
        ]
        taken = [text.take(kept) for text in texts]
        numbers = numbers[kept]
        return typed_block(names, taken, numbers, numbers, found, lambda index: raw(int(kept[index])), words=words)


def _damaged(error: Exception) -> UnreadableFile:
    return refused(f"The Parquet file is damaged or was cut off ({error}). Export it again.")
