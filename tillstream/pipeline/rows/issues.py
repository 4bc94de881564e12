"""What the rules found, kept by columns until somebody asks for rows."""

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


def written(values: pa.Array) -> pa.Array:
    """Values as a person writes them: text as it is, decimals without the zeros that only their scale adds."""
    text = pc.cast(values, pa.string())
    if not pa.types.is_decimal(values.type):
        return text
    # Arrow writes decimals below 1E-6 with an exponent; they are rare enough to be written one by one.
    small = pc.fill_null(pc.match_substring(text, "E"), fill_value=False)
    if pc.any(small).as_py():
        plain = [None if value is None else f"{value:f}" for value in values.filter(small).to_pylist()]
        text = pc.replace_with_mask(text, small, pa.array(plain, pa.string()))
    return pc.replace_substring_regex(text, r"\.?0*$", "") if values.type.scale else text


@dataclass(frozen=True)
class Found:
    """One rule's finds in one column. rows: int64 (n,); values: n values of any type; detail: for all, or n texts."""

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
                pa.nulls(length, pa.string()) if values is None else written(values[:limit]),
                pa.repeat(pa.scalar(detail), length) if isinstance(detail, str) else detail[:limit],
            ],
            schema=SCHEMA,
        )


@dataclass(frozen=True)
class Summary:
    """How often a rule found something in a column, with the first row as an example."""

    code: str
    severity: Severity
    column: str | None
    count: int
    first: int
    value: str | None
    detail: str


@dataclass
class ProblemCount:
    """As it stands in a batch's account: the example is the value on the first line."""

    code: str
    severity: str
    column: str | None
    count: int
    first_line: int
    example: str | None


class Findings:
    """Append-only. Indexes point into the table that was normalised; a row may have any number of finds."""

    def __init__(self) -> None:
        self._found: list[Found] = []

    def add(
        self, rows: Rows, code: str, column: str | None, values: pa.Array | None = None, detail: str | pa.Array = ""
    ) -> None:
        """rows: int64 (n,) ascending; values and a detail per row: n of them. Raises `KeyError` for an unknown code."""
        CATALOGUE[code]
        if len(rows):
            self._found.append(Found(np.asarray(rows, np.int64), code, column, values, detail))

    def add_where(
        self,
        mask: npt.NDArray[np.bool_],
        code: str,
        column: str | None,
        values: pa.Array | None = None,
        detail: str | pa.Array = "",
    ) -> None:
        """As `add`, from a mask over all rows and values (and a detail per row) of all rows."""
        if not mask.any():
            return
        rows = np.flatnonzero(mask)
        chosen = None if values is None else values.take(pa.array(rows))
        self.add(rows, code, column, chosen, detail if isinstance(detail, str) else detail.take(pa.array(rows)))

    def only(self, keep: npt.NDArray[np.bool_]) -> "Findings":
        """The finds of the rows to keep, bool (n,), renumbered as a filtered table is."""
        kept = Findings()
        places = np.cumsum(keep) - 1
        for found in self._found:
            chosen = keep[found.rows]
            if chosen.any():
                mask = pa.array(chosen)
                values = None if found.values is None else found.values.filter(mask)
                detail = found.detail if isinstance(found.detail, str) else found.detail.filter(mask)
                kept._found.append(Found(places[found.rows[chosen]], found.code, found.column, values, detail))
        return kept

    def __iter__(self) -> Iterator[Found]:
        return iter(self._found)

    def __len__(self) -> int:
        return sum(len(found.rows) for found in self._found)

    def table(self, severity: Severity | None = None) -> pa.Table:
        """index int64, code, column, value, detail: one row per find, of one severity or of all, by index."""
        chosen = [found.table() for found in self._found if severity in {None, CATALOGUE[found.code].severity}]
        if not chosen:
            return SCHEMA.empty_table()
        table = pa.concat_tables(chosen)
        return table.take(pa.array(np.argsort(table.column("index").to_numpy(), kind="stable")))

    def where(self, length: int, columns: frozenset[str], severity: Severity = Severity.ERROR) -> npt.NDArray[np.bool_]:
        """bool (length,): rows with a find of this severity in one of the columns."""
        mask = np.zeros(length, np.bool_)
        for found in self._found:
            if found.column in columns and CATALOGUE[found.code].severity is severity:
                mask[found.rows] = True
        return mask

    def refused(self, length: int) -> npt.NDArray[np.bool_]:
        """bool (length,): rows with at least one error."""
        mask = np.zeros(length, np.bool_)
        for found in self._found:
            if CATALOGUE[found.code].severity is Severity.ERROR:
                mask[found.rows] = True
        return mask

    def summary(self) -> list[Summary]:
        """One entry per (code, column) in the order of the first find, its example being the lowest index."""
        counts: Counter[tuple[str, str | None]] = Counter()
        firsts: dict[tuple[str, str | None], Found] = {}
        for found in self._found:
            key = (found.code, found.column)
            counts[key] += len(found.rows)
            if key not in firsts or found.rows[0] < firsts[key].rows[0]:
                firsts[key] = found
        return [_summary(firsts[key], count) for key, count in counts.items()]


def _summary(found: Found, count: int) -> Summary:
    first = found.table(limit=1).to_pylist()[0]
    severity = CATALOGUE[found.code].severity
    return Summary(found.code, severity, found.column, count, first["index"], first["value"], first["detail"])
