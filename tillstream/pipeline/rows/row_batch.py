"""Rows between the stages: blocks of text cells from the readers, then batches of typed rows with their issues."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TypedDict, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.model.problems import CATALOGUE, Severity
from tillstream.pipeline.rows.text_columns import Ints, Mask

RowNumbers = npt.NDArray[np.int64]

ISSUE_SCHEMA = pa.schema(
    [
        ("index", pa.int64()),
        ("code", pa.string()),
        ("column", pa.string()),
        ("value", pa.string()),
        ("detail", pa.string()),
    ]
)

NOT_A_SALE = "not-a-sale"
"""Issue of rows that are ignored because of their status."""
Item = TypeVar("Item")


@dataclass(frozen=True)
class UnreadableRow:
    """A row that could not be parsed into cells."""

    row_number: int
    """1-based, counted from the row after the header; includes blank and ignored rows."""
    line_number: int
    """1-based physical line (in a workbook: sheet row) on which the row starts."""
    raw: str
    """Source text without the line ending; undecodable bytes are backslash-escaped."""
    code: str
    """Problem code, such as ragged-row, unclosed-quote or undecodable-text."""
    value: str
    detail: str


@dataclass(frozen=True)
class Block:
    """A batch of rows; `cells`, `row_number` and `line_number` have the same length."""

    cells: pa.Table
    """Columns of type `TEXT`, named by the header; untrimmed, without nulls."""
    row_number: Ints
    line_number: Ints
    unreadable: list[UnreadableRow]
    blank: int
    """Number of rows without any text; these are in neither `cells` nor `unreadable`."""
    raw: Callable[[int], str] = field(repr=False)
    """Source text of row i of `cells`, without the line ending."""
    ignored: int = 0
    """Number of non-sale rows, such as repeated headers and totals; these are not in `cells` either."""
    truncation: str = ""
    """In the last block: why the file looks truncated, as text; empty if it does not."""
    letters: str = ""
    """In the last block of a file in another encoding than UTF-8: `utf-8` if its bytes are valid UTF-8 with letters
    beyond ASCII, `other` if it has other letters beyond ASCII."""
    warnings: dict[str, Ints] = field(default_factory=dict)
    """Warning code → affected rows of `cells`."""
    irregular: int = 0
    """Number of rows without a sale that were read one by one, which takes long: blank ones, and the `unreadable` ones
    unless it is 0."""
    headers: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    """Row numbers of the rows that repeat the header; `ignored` counts them."""

    @property
    def rows(self) -> int:
        """Rows of the file that this block covers, including blank, ignored and unreadable ones."""
        return int(self.cells.num_rows) + len(self.unreadable) + self.blank + self.ignored


def ignore_rows(block: Block, ignored: Mask) -> Block:
    """The block without rows that are not sales, which are counted. ignored: bool (n,)."""
    kept = np.flatnonzero(~ignored)
    return replace(
        block,
        cells=block.cells.filter(pa.array(~ignored)).combine_chunks(),
        row_number=block.row_number[kept],
        line_number=block.line_number[kept],
        raw=lambda index: block.raw(int(kept[index])),
        ignored=block.ignored + int(np.count_nonzero(ignored)),
        warnings={code: np.searchsorted(kept, rows[~ignored[rows]]) for code, rows in block.warnings.items()},
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

    rows: RowNumbers
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
            schema=ISSUE_SCHEMA,
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
        self,
        rows: RowNumbers,
        code: str,
        column: str | None,
        values: pa.Array | None = None,
        detail: str | pa.Array = "",
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
            return ISSUE_SCHEMA.empty_table()
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


class RejectionProblem(TypedDict):
    """One problem of a row. The ledger stores the problems of a rejected row as a JSON list of these."""

    code: str
    column: str | None
    value: str | None
    detail: str


@dataclass(frozen=True)
class RejectedRow:
    """A row kept out of the ledger: quarantined by a rule, or ignored because a user discarded it or because its status
    means that it is not a sale."""

    row_number: int
    line_number: int
    raw: str
    problems: list[RejectionProblem]
    outcome: str = "quarantined"
    refused_by: str = "validation"


@dataclass
class RowBatch:
    """Normalised and validated rows of a source. All arrays have one entry per row of `table`."""

    table: pa.Table
    row_number: npt.NDArray[np.int64]
    line_number: npt.NDArray[np.int64]
    issues: Issues
    raw: Callable[[int], str]
    """Source text of row i of `table`."""
    rejected: list[RejectedRow] = field(default_factory=list)
    """Rows that are not in `table`: they could not be parsed into cells, or are ignored."""
    blank: int = 0
    accepted: npt.NDArray[np.bool_] | None = None
    """Rows that a user accepted in spite of an error; None: no row."""
    source: pa.Array | str = "file"
    received_seq: pa.Array | None = None
    """Publish time of each row's message; None if rows have the place of their batch."""
    fix_number: int = 0
    """Number of the correction; 0 for original rows."""
    ignored: int = 0
    """Number of non-sale rows, such as repeated headers and totals."""
    letters: str = ""
    """In the last batch: whether the file is UTF-8 although its contract has another encoding; see `Block.letters`."""
    truncation: str = ""
    """In the last batch: why the file looks truncated, as text."""

    @property
    def rows_read(self) -> int:
        """Rows of the source that this batch covers, including blank, ignored, and rejected ones."""
        return int(self.table.num_rows) + len(self.rejected) + self.blank + self.ignored


def drop_rows(batch: RowBatch, rows: frozenset[int]) -> RowBatch:
    """Drop rows that a correction replaces. rows: row numbers."""
    if not rows:
        return batch
    keep = ~np.isin(batch.row_number, np.fromiter(rows, np.int64))
    rejected = [row for row in batch.rejected if row.row_number not in rows]
    return replace(_filtered_batch(batch, keep), rejected=rejected)


def set_aside_ignored(batch: RowBatch) -> RowBatch:
    """Move rows that are not sales from `table` to `rejected`, with the outcome `ignored` and no other problem."""
    ignored: dict[int, RejectedRow] = {}
    for issue in batch.issues:
        if issue.code == NOT_A_SALE:
            for problem in issue.table().to_pylist():
                index = problem.pop("index")
                numbers = int(batch.row_number[index]), int(batch.line_number[index])
                ignored[index] = RejectedRow(*numbers, batch.raw(index), [problem], "ignored", "contract")
    if not ignored:
        return batch
    keep = np.ones(batch.table.num_rows, np.bool_)
    keep[list(ignored)] = False
    return replace(_filtered_batch(batch, keep), rejected=[*batch.rejected, *ignored.values()])


def _filtered_batch(batch: RowBatch, keep: npt.NDArray[np.bool_]) -> RowBatch:
    """Keep these rows of `table`, bool (n,)."""
    indices, raw = np.flatnonzero(keep), batch.raw
    return replace(
        batch,
        table=batch.table.filter(pa.array(keep)),
        row_number=batch.row_number[keep],
        line_number=batch.line_number[keep],
        issues=batch.issues.filter(keep),
        raw=lambda index: raw(int(indices[index])),
        accepted=None if batch.accepted is None else batch.accepted[keep],
        received_seq=None if batch.received_seq is None else batch.received_seq.filter(pa.array(keep)),
    )


def prefetch(items: Iterator[Item]) -> Iterator[Item]:
    """Yield the same items, computing the next one in a thread while the current one is consumed."""
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(next, items, None)
        while (item := following.result()) is not None:
            following = pool.submit(next, items, None)
            yield item
