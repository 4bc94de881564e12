"""The rows of a statement: what a result cannot contain, and values without a place in a cell."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tillstream.analytics.json_values import to_json
from tillstream.model.errors import Rejected

_EPOCH = date(1970, 1, 1).toordinal()
_DAYS = date.min.toordinal() - _EPOCH, date.max.toordinal() - _EPOCH
_PER_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}


def check(rows: pa.Table) -> None:
    """Raise `Rejected` for what BigQuery has in no result, or files have no place for: two columns of one name, an
    interval, and a day before the year 1 or after the year 9999."""
    counted = Counter(name.lower() for name in rows.schema.names)
    if repeated := next((name for name in rows.schema.names if counted[name.lower()] > 1), None):
        raise Rejected(f"Two columns have the name {repeated}. Name one of them with AS, or leave it out with EXCEPT.")
    for name, column in zip(rows.schema.names, rows.columns, strict=True):
        for values in _flattened(column):
            if pa.types.is_interval(values.type):
                raise Rejected(f"Column {name} is an interval, which cannot be shown. Use DATE_DIFF for a number.")
            if not _has_days_of_the_calendar(values):
                raise Rejected(f"Column {name} has a day before the year 1 or after the year 9999. Leave it out.")


def flat(rows: pa.Table) -> pa.Table:
    """The rows with arrays and structures as JSON texts, for cells that contain one value."""
    for number, field in enumerate(rows.schema):
        if pa.types.is_nested(field.type):
            values = [None if one is None else _json(one) for one in rows.column(number).to_pylist()]
            rows = rows.set_column(number, field.name, pa.array(values, pa.string()))
    return rows


def _json(value: Any) -> str:
    return json.dumps(to_json(value), ensure_ascii=False)


def _flattened(column: Any) -> Iterator[Any]:
    """A column, or the values in its arrays and structures."""
    if pa.types.is_list(column.type):
        yield from _flattened(pc.list_flatten(column))
    elif pa.types.is_struct(column.type):
        for number in range(column.type.num_fields):
            yield from _flattened(pc.struct_field(column, [number]))
    else:
        yield column


def _has_days_of_the_calendar(column: Any) -> bool:
    if pa.types.is_date32(column.type):
        numbers, first, last = column.cast(pa.int32()), *_DAYS
    elif pa.types.is_timestamp(column.type):
        per_day = _PER_DAY[column.type.unit]
        numbers, first, last = column.cast(pa.int64()), _DAYS[0] * per_day, (_DAYS[1] + 1) * per_day - 1
    else:
        return True
    extremes = pc.min_max(numbers).as_py()
    return extremes["min"] is None or bool(first <= extremes["min"] and extremes["max"] <= last)
