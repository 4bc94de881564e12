"""Typed Arrow columns as texts, exact, each distinct value written once."""

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
class Read:
    """texts: (n,), empty for NULL; undecodable: bool (n,), bytes that are no text."""

    texts: pa.DictionaryArray
    undecodable: npt.NDArray[np.bool_]


def texts_of(column: pa.Array, decimal: str) -> Read:
    fine = np.zeros(len(column), np.bool_)
    kind = column.type
    if pa.types.is_nested(kind):
        return Read(_encoded([_json(value) for value in column.to_pylist()]), fine)
    if pa.types.is_null(kind):
        return Read(_encoded([""] * len(column)), fine)
    encoded = column if pa.types.is_dictionary(kind) else column.dictionary_encode()
    words, bad = _words(encoded.dictionary, decimal)
    index = encoded.indices.cast(pa.int32())
    if index.null_count:
        words, index = pa.concat_arrays([words, pa.array([""])]), index.fill_null(len(words))
        bad = np.append(bad, False)
    return Read(pa.DictionaryArray.from_arrays(index, words), bad[index.to_numpy()] if bad.any() else fine)


def _words(values: pa.Array, decimal: str) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    kind = values.type
    fine = np.zeros(len(values), np.bool_)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return values.cast(pa.string()).fill_null(""), fine
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return values.cast(pa.string()).fill_null(""), fine
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return _decoded(values.to_pylist())
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        return pa.array(_nanoseconds(values)), fine
    return pa.array([_text(value, decimal) for value in _python(values)], pa.string()), fine


def _python(values: pa.Array) -> list[Any]:
    kind = values.type
    if pa.types.is_floating(kind):
        # numpy writes the shortest digits of the number's own width
        return [str(value) for value in values.to_numpy(zero_copy_only=False)]
    if kind in (pa.time64("ns"), pa.duration("ns")):
        values = pc.cast(values, pa.time64("us") if pa.types.is_time(kind) else pa.duration("us"), safe=False)
    found: list[Any] = values.to_pylist()
    return found


def _text(value: Any, decimal: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str | Decimal):  # of a floating number
        return _plain(value, decimal)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.isoformat()
    if isinstance(value, date | time | timedelta):
        return cell_text(value, decimal)
    return str(value)


def _plain(value: str | Decimal, decimal: str) -> str:
    """Without a power of ten and without idle zeros."""
    exact = Decimal(value)
    if not exact.is_finite():
        return str(value)
    text = f"{exact:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", decimal)


def _nanoseconds(values: pa.Array) -> list[str]:
    """As the microseconds, with what lies below them where it is not nothing."""
    rest = np.asarray(values.cast(pa.int64()).fill_null(0)) % 1000
    whole = pc.cast(values, pa.timestamp("us", values.type.tz), safe=False).to_pylist()
    found = []
    for moment, nanoseconds in zip(whole, rest.tolist(), strict=True):
        text = "" if moment is None else _text(moment, ".")
        if nanoseconds and moment is not None:
            clock, zone = moment.isoformat(timespec="microseconds")[:26], moment.isoformat("T", "microseconds")[26:]
            text = f"{clock}{nanoseconds:03}{zone}"
        found.append(text)
    return found


def _decoded(values: list[bytes | None]) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    texts = [(value or b"").decode("utf-8", "backslashreplace") for value in values]
    bad = [text.encode() != (value or b"") for text, value in zip(texts, values, strict=True)]
    return pa.array(texts, pa.string()), np.array(bad, np.bool_)


def _json(value: Any) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False, default=str)


def _encoded(texts: list[str]) -> pa.DictionaryArray:
    return pa.array(texts, pa.string()).dictionary_encode()
