"""Daily conversion factors to the reporting currency, rows of the table `reporting_rates`."""

from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

FACTOR_TYPE = pa.decimal128(38, 9)
DAILY_RATES_SCHEMA = pa.schema([("sale_date", pa.date32()), ("currency", pa.string()), ("factor", FACTOR_TYPE)])
_ONE = 10**9
_EPOCH = date(1970, 1, 1)
IntColumn = npt.NDArray[np.int64]


def daily_rates(rates: pa.Table, reporting: str, until: date) -> pa.Table:
    """Return, for each day through `until` and each currency, units of `reporting` per unit of the currency.

    `rates` are rows of `fx_rates`. A rate applies until the next one; a currency starts with its own first rate, or
    that of the reporting currency if it is later. The euro has rate 1, and the reporting currency factor 1, from the
    first day of the table on. Factors are exact quotients, rounded half away from zero to nine decimals.
    """
    table = rates.sort_by([("currency", "ascending"), ("rate_date", "ascending")])
    day = table["rate_date"].cast(pa.int32()).to_numpy().astype(np.int64)
    last = (until - _EPOCH).days
    if day.size == 0 or int(day.min()) > last:
        return DAILY_RATES_SCHEMA.empty_table()
    first = int(day.min())
    per_euro = [*_billionths(table["per_euro"]), _ONE]
    codes: Any = table["currency"].combine_chunks().dictionary_encode()
    number = codes.indices.to_numpy()
    rows = {code: np.flatnonzero(number == index) for index, code in enumerate(codes.dictionary.to_pylist())}
    rate_rows = {code: _forward_fill(day, rows_of_currency, first, last) for code, rows_of_currency in rows.items()}
    rate_rows["EUR"] = np.full(last - first + 1, len(per_euro) - 1)
    target = rate_rows.get(reporting, np.full(last - first + 1, -1))
    parts = [
        _to_table(code, first, *_factors(per_euro, currency_rows, target))
        for code, currency_rows in sorted(rate_rows.items())
        if code != reporting
    ]
    own = _to_table(reporting, first, np.arange(last - first + 1), pa.array([1] * (last - first + 1), FACTOR_TYPE))
    return pa.concat_tables([*parts, own]).combine_chunks()


def _forward_fill(day: IntColumn, rows: IntColumn, first: int, last: int) -> IntColumn:
    """Forward-fill: for each day the row whose rate applies, -1 before the first. `rows` must ascend by day."""
    filled = np.full(last - first + 1, -1, dtype=np.int64)
    early = rows[day[rows] <= last]
    filled[day[early] - first] = early
    return np.maximum.accumulate(filled)


def _factors(per_euro: list[int], rate_rows: IntColumn, target: IntColumn) -> tuple[IntColumn, pa.Array]:
    """Return the days with a factor and the factors; each distinct pair of rates is divided once."""
    days = np.flatnonzero((rate_rows >= 0) & (target >= 0))
    source, into = rate_rows[days], target[days]
    new = np.flatnonzero(np.diff(source, prepend=-1) | np.diff(into, prepend=-1))
    pairs = zip(source[new].tolist(), into[new].tolist(), strict=True)
    quotients = [(2 * per_euro[t] * _ONE + per_euro[s]) // (2 * per_euro[s]) for s, t in pairs]
    data = b"".join(quotient.to_bytes(16, "little") for quotient in quotients)
    distinct: Any = pa.Array.from_buffers(FACTOR_TYPE, len(quotients), [None, pa.py_buffer(data)])
    return days, distinct.take(pa.array(np.repeat(np.arange(new.size), np.diff(new, append=days.size))))


def _to_table(code: str, first: int, days: IntColumn, factors: pa.Array) -> pa.Table:
    dates = pa.array((days + first).astype(np.int32)).cast(pa.date32())
    return pa.table([dates, pa.repeat(pa.scalar(code), len(factors)), factors], schema=DAILY_RATES_SCHEMA)


def _billionths(column: pa.ChunkedArray) -> list[int]:
    """Return a decimal column as integers in billionths, read from its 128-bit layout (low word first, unsigned)."""
    whole: Any = pa.concat_arrays(column.chunks)
    words = np.frombuffer(whole.buffers()[1], dtype="<u8").reshape(-1, 2)[whole.offset : whole.offset + len(whole)]
    return [(high << 64) + low for low, high in words.tolist()]
