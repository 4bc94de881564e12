"""Amounts by series and day from a query, read in batches: memory is that of numbers and not of text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import sql
from tillstream.forecasting.models.panel import Floats, Ints
from tillstream.ports.warehouse import Warehouse


@dataclass(frozen=True)
class Cells:
    """One amount per row: its series, the number of its day since 1970, and its value."""

    keys: list[tuple[str, ...]]
    """What each series is of, in the order of the key columns; empty text for NULL."""
    series: Ints
    days: Ints
    values: Floats


def read(
    warehouse: Warehouse,
    query: str,
    columns: Sequence[str],
    value: str,
    params: Mapping[str, Any],
    regions: Sequence[str],
) -> Cells:
    """Run a query of sql/forecasts and keep the rows of the regions."""
    numbers: dict[tuple[str, ...], int] = {}
    parts: list[tuple[Ints, Ints, Floats]] = []
    for batch in warehouse.stream(sql.text(f"forecasts/{query}"), params):
        table = pa.Table.from_batches([batch])
        table = table.filter(pc.is_in(table.column("region"), pa.array(regions, pa.string())))
        if table.num_rows:
            days = table.column("sale_date").cast(pa.int32()).to_numpy().astype(np.int64)
            values = table.column(value).cast(pa.float64()).fill_null(0.0).to_numpy()
            parts.append((_series(table, columns, numbers), days, values))
    if not parts:
        return Cells([], np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0))
    series, days, values = (np.concatenate(each) for each in zip(*parts, strict=True))
    return Cells(list(numbers), series, days, values)


def _series(table: pa.Table, columns: Sequence[str], numbers: dict[tuple[str, ...], int]) -> Ints:
    """Number of the series of each row; new series are added to `numbers`."""
    encoded = [table.column(each).combine_chunks().fill_null("").dictionary_encode() for each in columns]
    codes = tuple(each.indices.to_numpy() for each in encoded)
    sizes = tuple(len(each.dictionary) for each in encoded)
    combined, of_row = np.unique(np.ravel_multi_index(codes, sizes), return_inverse=True)
    texts = [each.dictionary.to_pylist() for each in encoded]
    codes_of_keys = []
    for row in np.column_stack(np.unravel_index(combined, sizes)):
        key = tuple(text[code] for text, code in zip(texts, row, strict=True))
        codes_of_keys.append(numbers.setdefault(key, len(numbers)))
    return np.array(codes_of_keys, dtype=np.int64)[of_row]
