"""Read Parquet files batch by batch, with typed values as exact text."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import SEEK_END
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tillstream.model.limits import LIMITS
from tillstream.pipeline.reading.read_options import (
    ReadOptions,
    UnreadableFile,
    check_cell_size,
    check_unpacked_size,
    unreadable,
)
from tillstream.pipeline.reading.typed_cells import (
    cell_text,
    check_column_count,
    encode_column,
    join_cells,
    split_line,
    typed_block,
    unique_names,
)
from tillstream.pipeline.rows.row_batch import Block, UnreadableRow

_BATCH_ROWS, _BATCH_CELLS = 65_536, 4 << 20
_NESTED_BYTES = 4 * LIMITS.record_bytes
"""Largest cell of a nested type as Arrow has it, where a number takes 8 bytes and at least 3 as text."""
_READ_ERRORS = (pa.ArrowException, OSError, UnicodeDecodeError, OverflowError)


@dataclass(frozen=True)
class ColumnTexts:
    """texts: (n,), empty for NULL; undecodable: bool (n,), binary values that are not UTF-8."""

    texts: pa.DictionaryArray
    undecodable: npt.NDArray[np.bool_]


def to_texts(column: pa.Array, decimal: str) -> ColumnTexts:
    none_bad = np.zeros(len(column), np.bool_)
    type_ = column.type
    if pa.types.is_nested(type_):
        return ColumnTexts(encode_column([_json_text(value) for value in column.to_pylist()]), none_bad)
    if pa.types.is_null(type_):
        return ColumnTexts(encode_column([""] * len(column)), none_bad)
    encoded = column if pa.types.is_dictionary(type_) else column.dictionary_encode()
    texts, bad = _value_texts(encoded.dictionary, decimal)
    index = encoded.indices.cast(pa.int32())
    if index.null_count:
        texts, index = pa.concat_arrays([texts, pa.array([""])]), index.fill_null(len(texts))
        bad = np.append(bad, False)
    return ColumnTexts(pa.DictionaryArray.from_arrays(index, texts), bad[index.to_numpy()] if bad.any() else none_bad)


def _value_texts(values: pa.Array, decimal: str) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    type_ = values.type
    none_bad = np.zeros(len(values), np.bool_)
    if pa.types.is_string(type_) or pa.types.is_large_string(type_) or pa.types.is_string_view(type_):
        return values.cast(pa.string()).fill_null(""), none_bad
    if pa.types.is_integer(type_) or pa.types.is_boolean(type_):
        return values.cast(pa.string()).fill_null(""), none_bad
    if pa.types.is_binary(type_) or pa.types.is_large_binary(type_) or pa.types.is_fixed_size_binary(type_):
        return _decode_binary(values.to_pylist())
    if pa.types.is_timestamp(type_) and type_.unit == "ns":
        return pa.array(_nanosecond_texts(values)), none_bad
    return pa.array([_text(value, decimal) for value in _to_python(values)], pa.string()), none_bad


def _to_python(values: pa.Array) -> list[Any]:
    type_ = values.type
    if pa.types.is_floating(type_):
        # numpy formats the shortest digits for the float's own width
        return [str(value) for value in values.to_numpy(zero_copy_only=False)]
    if type_ in (pa.time64("ns"), pa.duration("ns")):
        values = pc.cast(values, pa.time64("us") if pa.types.is_time(type_) else pa.duration("us"), safe=False)
    result: list[Any] = values.to_pylist()
    return result


def _text(value: Any, decimal: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str | Decimal):  # str: a float formatted by numpy
        return _decimal_text(value, decimal)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.isoformat()
    if isinstance(value, date | time | timedelta):
        return cell_text(value, decimal)
    return str(value)


def _decimal_text(value: str | Decimal, decimal: str) -> str:
    """Format without an exponent and without trailing zeros."""
    exact = Decimal(value)
    if not exact.is_finite():
        return str(value)
    text = f"{exact:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", decimal)


def _nanosecond_texts(values: pa.Array) -> list[str]:
    """Format timestamps; add nanosecond digits only if they are not zero."""
    nanosecond_digits = np.asarray(values.cast(pa.int64()).fill_null(0)) % 1000
    microseconds = pc.cast(values, pa.timestamp("us", values.type.tz), safe=False).to_pylist()
    texts = []
    for value, extra in zip(microseconds, nanosecond_digits.tolist(), strict=True):
        text = "" if value is None else _text(value, ".")
        if extra and value is not None:
            clock, zone = value.isoformat(timespec="microseconds")[:26], value.isoformat("T", "microseconds")[26:]
            text = f"{clock}{extra:03}{zone}"
        texts.append(text)
    return texts


def _decode_binary(values: list[bytes | None]) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    texts = [(value or b"").decode("utf-8", "backslashreplace") for value in values]
    bad = [text.encode() != (value or b"") for text, value in zip(texts, values, strict=True)]
    return pa.array(texts, pa.string()), np.array(bad, np.bool_)


def _json_text(value: Any) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False, default=str)


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
        return split_line(raw, self._options.style.delimiter)

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
            return join_cells([text[index].as_py() for text in texts], self._options.style.delimiter)

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
