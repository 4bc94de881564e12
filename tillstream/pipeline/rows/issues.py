"""Validation issues, stored column-wise and expanded to rows on demand."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.problems import CATALOGUE, Severity

Rows = npt.NDArray[np.int64]

SCHEMA = pa.schema(
    [
        ("index", pa.int64()),
        ("code", pa.string()),
        ("column", pa.string()),
        ("value", pa.string()),
        ("detail", pa.string()),
    ]
)


def format_values(values: pa.Array) -> pa.Array:
    """Format values for display: text unchanged, decimals without trailing zeros."""
    text = pc.cast(values, pa.string())
    if not pa.types.is_decimal(values.type):
        return text
    # Arrow formats decimals below 1E-6 with an exponent; they are rare enough to format one by one.
    small = pc.fill_null(pc.match_substring(text, "E"), fill_value=False)
    if pc.any(small).as_py():
        plain = [None if value is None else f"{value:f}" for value in values.filter(small).to_pylist()]
        text = pc.replace_with_mask(text, small, pa.array(plain, pa.string()))
    return pc.replace_substring_regex(text, r"\.?0*$", "") if values.type.scale else text


@dataclass(frozen=True)
class IssueGroup:
    """One rule's issues in one column. rows: int64 (n,); values: n values of any type; detail: one text or n texts."""

    rows: Rows
    code: str
    column: str | None
    values: pa.Array | None
    detail: str | pa.Array

    def table(self, limit: int | None = None) -> pa.Table:
        rows = self.rows[:limit]
        length = len(rows)
        values, detail = self.values, self.detail
        return pa.table(
            [
                pa.array(rows, pa.int64()),
                pa.repeat(pa.scalar(self.code), length),
                pa.repeat(pa.scalar(self.column, pa.string()), length),
                pa.nulls(length, pa.string()) if values is None else format_values(values[:limit]),
                pa.repeat(pa.scalar(detail), length) if isinstance(detail, str) else detail[:limit],
            ],
            schema=SCHEMA,
        )


@dataclass(frozen=True)
class IssueSummary:
    """Number of issues of a rule in a column, with the row of lowest index (`first`) as an example."""

    code: str
    severity: Severity
    column: str | None
    count: int
    first: int
    value: str | None
    detail: str


class Issues:
    """Append-only collection of issues. Row indices refer to the normalised table."""

    def __init__(self) -> None:
        self._groups: list[IssueGroup] = []

    def add(
        self, rows: Rows, code: str, column: str | None, values: pa.Array | None = None, detail: str | pa.Array = ""
    ) -> None:
        """Add issues of n rows. rows: int64 (n,), ascending; values, detail: n each, or one text as detail for all.

        Raises `KeyError` for an unknown code.
        """
        CATALOGUE[code]
        if len(rows):
            self._groups.append(IssueGroup(np.asarray(rows, np.int64), code, column, values, detail))

    def add_where(
        self,
        mask: npt.NDArray[np.bool_],
        code: str,
        column: str | None,
        values: pa.Array | None = None,
        detail: str | pa.Array = "",
    ) -> None:
        """Like `add`, with a mask over all rows; values and per-row details cover all rows too."""
        if not mask.any():
            return
        rows = np.flatnonzero(mask)
        selected = None if values is None else values.take(pa.array(rows))
        self.add(rows, code, column, selected, detail if isinstance(detail, str) else detail.take(pa.array(rows)))

    def filter(self, keep: npt.NDArray[np.bool_]) -> "Issues":
        """Issues of the rows where `keep`, bool (n,), is true, reindexed to the filtered table."""
        filtered = Issues()
        places = np.cumsum(keep) - 1
        for group in self._groups:
            selected = keep[group.rows]
            if selected.any():
                mask = pa.array(selected)
                values = None if group.values is None else group.values.filter(mask)
                detail = group.detail if isinstance(group.detail, str) else group.detail.filter(mask)
                filtered._groups.append(
                    IssueGroup(places[group.rows[selected]], group.code, group.column, values, detail)
                )
        return filtered

    def __iter__(self) -> Iterator[IssueGroup]:
        return iter(self._groups)

    def __len__(self) -> int:
        return sum(len(group.rows) for group in self._groups)

    def table(self, severity: Severity | None = None) -> pa.Table:
        """One row per issue, of one severity or all, sorted by index: index int64, code, column, value, detail."""
        selected = [group.table() for group in self._groups if severity in {None, CATALOGUE[group.code].severity}]
        if not selected:
            return SCHEMA.empty_table()
        table = pa.concat_tables(selected)
        return table.take(pa.array(np.argsort(table.column("index").to_numpy(), kind="stable")))

    def rows_with_issue(
        self, length: int, columns: frozenset[str], severity: Severity = Severity.ERROR
    ) -> npt.NDArray[np.bool_]:
        """bool (length,): rows with an issue of this severity in one of the columns."""
        mask = np.zeros(length, np.bool_)
        for group in self._groups:
            if group.column in columns and CATALOGUE[group.code].severity is severity:
                mask[group.rows] = True
        return mask

    def rejected_mask(self, length: int) -> npt.NDArray[np.bool_]:
        """bool (length,): rows with at least one error."""
        mask = np.zeros(length, np.bool_)
        for group in self._groups:
            if CATALOGUE[group.code].severity is Severity.ERROR:
                mask[group.rows] = True
        return mask

    def summary(self) -> list[IssueSummary]:
        """One entry per (code, column), in order of first occurrence; the example is the row with the lowest index."""
        counts: Counter[tuple[str, str | None]] = Counter()
        firsts: dict[tuple[str, str | None], IssueGroup] = {}
        for group in self._groups:
            key = (group.code, group.column)
            counts[key] += len(group.rows)
            if key not in firsts or group.rows[0] < firsts[key].rows[0]:
                firsts[key] = group
        return [_summary(firsts[key], count) for key, count in counts.items()]


def _summary(group: IssueGroup, count: int) -> IssueSummary:
    first = group.table(limit=1).to_pylist()[0]
    severity = CATALOGUE[group.code].severity
    return IssueSummary(group.code, severity, group.column, count, first["index"], first["value"], first["detail"])
