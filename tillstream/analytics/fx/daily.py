"""The daily rates into the reporting currency, rows of the table `reporting_rates`."""

from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

FACTOR = pa.decimal128(38, 9)
SCHEMA = pa.schema([("sale_date", pa.date32()), ("currency", pa.string()), ("factor", FACTOR)])
_ONE = 10**9
_EPOCH = date(1970, 1, 1)
Ints = npt.NDArray[np.int64]


def daily(rates: pa.Table, reporting: str, until: date) -> pa.Table:
    """For every day up to `until` (included) and every currency: units of `reporting` for one unit of the currency.

    `rates` are rows of `fx_rates`. A rate holds until the next one; a currency begins with its own first rate, or that
    of the reporting currency where it is later. The euro has rate 1, and the reporting currency factor 1, from the
    first day of the table on. Factors are exact quotients, rounded half away from zero to nine decimals.
    """
    table = rates.sort_by([("currency", "ascending"), ("rate_date", "ascending")])
    day = table["rate_date"].cast(pa.int32()).to_numpy().astype(np.int64)
    last = (until - _EPOCH).days
    if day.size == 0 or int(day.min()) > last:
        return SCHEMA.empty_table()
    first = int(day.min())
    per_euro = [*_nanos(table["per_euro"]), _ONE]
    codes: Any = table["currency"].combine_chunks().dictionary_encode()
    number = codes.indices.to_numpy()
    rows = {code: np.flatnonzero(number == index) for index, code in enumerate(codes.dictionary.to_pylist())}
    holding = {code: _filled(day, which, first, last) for code, which in rows.items()}
    holding["EUR"] = np.full(last - first + 1, len(per_euro) - 1)
    target = holding.get(reporting, np.full(last - first + 1, -1))
    parts = [
        _part(code, first, *_factors(per_euro, held, target))
        for code, held in sorted(holding.items())
        if code != reporting
    ]
    own = _part(reporting, first, np.arange(last - first + 1), pa.array([1] * (last - first + 1), FACTOR))
    return pa.concat_tables([*parts, own]).combine_chunks()


def _filled(day: Ints, which: Ints, first: int, last: int) -> Ints:
    """For each day the row whose rate holds, -1 before the first; rows of one currency ascend with their days."""
    held = np.full(last - first + 1, -1, dtype=np.int64)
    early = which[day[which] <= last]
    held[day[early] - first] = early
    return np.maximum.accumulate(held)


def _factors(per_euro: list[int], held: Ints, target: Ints) -> tuple[Ints, pa.Array]:
    """The days that have a factor, and the factors: each distinct pair of rates is divided once."""
    there = np.flatnonzero((held >= 0) & (target >= 0))
    source, into = held[there], target[there]
    new = np.flatnonzero(np.diff(source, prepend=-1) | np.diff(into, prepend=-1))
    pairs = zip(source[new].tolist(), into[new].tolist(), strict=True)
    quotients = [(2 * per_euro[t] * _ONE + per_euro[s]) // (2 * per_euro[s]) for s, t in pairs]
    data = b"".join(quotient.to_bytes(16, "little") for quotient in quotients)
    distinct: Any = pa.Array.from_buffers(FACTOR, len(quotients), [None, pa.py_buffer(data)])
    return there, distinct.take(pa.array(np.repeat(np.arange(new.size), np.diff(new, append=there.size))))


def _part(code: str, first: int, days: Ints, factors: pa.Array) -> pa.Table:
    dates = pa.array((days + first).astype(np.int32)).cast(pa.date32())
    return pa.table([dates, pa.repeat(pa.scalar(code), len(factors)), factors], schema=SCHEMA)


def _nanos(column: pa.ChunkedArray) -> list[int]:
    """Billionths, read from the 128-bit layout of decimals: low word first, both words whole."""
    whole: Any = pa.concat_arrays(column.chunks)
    words = np.frombuffer(whole.buffers()[1], dtype="<u8").reshape(-1, 2)[whole.offset : whole.offset + len(whole)]
    return [(high << 64) + low for low, high in words.tolist()]
