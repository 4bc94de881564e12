"""Convert typed Arrow columns to exact text, formatting each distinct value once."""

import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.pipeline.reading.workbooks.cell_text import cell_text


@dataclass(frozen=True)
class ColumnTexts:
    """texts: (n,), empty for NULL; undecodable: bool (n,), binary values that are not UTF-8."""

    texts: pa.DictionaryArray
    undecodable: npt.NDArray[np.bool_]


def to_texts(column: pa.Array, decimal: str) -> ColumnTexts:
    none_bad = np.zeros(len(column), np.bool_)
    type_ = column.type
    if pa.types.is_nested(type_):
        return ColumnTexts(_dictionary_array([_json_text(value) for value in column.to_pylist()]), none_bad)
    if pa.types.is_null(type_):
        return ColumnTexts(_dictionary_array([""] * len(column)), none_bad)
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


def _dictionary_array(texts: list[str]) -> pa.DictionaryArray:
    return pa.array(texts, pa.string()).dictionary_encode()
