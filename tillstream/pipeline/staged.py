"""What stage writes: accepted and refused rows as Parquet in the staging bucket, and the batch's account of itself."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from tillstream.domain.columns import STAGED
from tillstream.domain.events import STAGING
from tillstream.domain.problems import CATALOGUE, Severity
from tillstream.domain.tables import REFUSED
from tillstream.pipeline.findings import Findings
from tillstream.pipeline.hashes import HASHED, Hasher
from tillstream.pipeline.schema import arrow_schema, lines_schema
from tillstream.pipeline.text import constant, encoded, plain
from tillstream.ports import ObjectStore
from tillstream.ports.object_store import ObjectWriter

ACCEPTABLE = frozenset({"out-of-range", "conflicting-contents", "differs-from-till"})
"""Refusals that a person may overrule with `_accept=yes`: the row can be read, only a rule speaks against it."""

UNLIKE = frozenset({"row_number", "line_number", *HASHED.names})
"""Columns of which no two rows have the same value, so that looking for equal ones is lost time."""


@dataclass(frozen=True)
class RefusedRow:
    """A row that does not enter the ledger: quarantined by a rule, or ignored because a person discarded it."""

    row_number: int
    line_number: int
    raw: str
    problems: list[dict[str, Any]]
    outcome: str = "quarantined"
    refused_by: str = "validation"


@dataclass
class Part:
    """Some rows of a source, normalised and judged. All arrays have one entry per row of `table`."""

    table: pa.Table
    row_number: npt.NDArray[np.int64]
    line_number: npt.NDArray[np.int64]
    findings: Findings
    raw: Callable[[int], str]
    refused: list[RefusedRow] = field(default_factory=list)
    """Rows that could not be read as cells at all."""
    blank: int = 0
    accepted: npt.NDArray[np.bool_] | None = None
    source: pa.Array | str = "file"
    received_seq: pa.Array | None = None
    fix_number: int = 0


def without(part: Part, rows: frozenset[int]) -> Part:
    """The part without these rows of the batch: a correction tells them."""
    if not rows:
        return part
    keep = ~np.isin(part.row_number, np.fromiter(rows, np.int64))
    where = np.flatnonzero(keep)
    raw = part.raw
    return replace(
        part,
        table=part.table.filter(pa.array(keep)),
        row_number=part.row_number[keep],
        line_number=part.line_number[keep],
        findings=part.findings.only(keep),
        raw=lambda index: raw(int(where[index])),
        refused=[row for row in part.refused if row.row_number not in rows],
        accepted=None if part.accepted is None else part.accepted[keep],
    )


@dataclass
class ProblemCount:
    code: str
    severity: str
    column: str | None
    count: int
    first_line: int
    example: str | None


@dataclass
class Account:
    """The batch's account of itself when it is staged."""

    accepted: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    rows_read: int = 0
    rows_blank: int = 0
    rows_ignored: int = 0
    rows_refused: int = 0
    problems: list[dict[str, Any]] = field(default_factory=list)


class _Writable:
    """An object under way, as the file that Parquet writes to."""

    closed = False

    def __init__(self, writer: ObjectWriter) -> None:
        self.write = writer.write

    def flush(self) -> None:
        """The object is made durable when its block ends."""

    def close(self) -> None:
        """Likewise."""


def parquet_writer(sink: Any, schema: pa.Schema) -> pq.ParquetWriter:
    """How staged rows are written: nobody asks for a range of them, so that they need no statistics."""
    alike = [name for name in schema.names if name not in UNLIKE]
    return pq.ParquetWriter(sink, schema, compression="lz4", use_dictionary=alike, write_statistics=False)


class StagedWriter:
    """Takes parts as they come and writes each row once: to the accepted or to the refused rows."""

    def __init__(self, objects: ObjectStore, prefix: str, stack: ExitStack) -> None:
        self._objects, self._prefix, self._stack = objects, prefix, stack
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._counts: dict[tuple[str, str | None], ProblemCount] = {}
        self._hasher = Hasher()
        self.account = Account()

    def add(self, part: Part) -> None:
        length = part.table.num_rows
        refused = _refused(part, length)
        self._count(part)
        self.account.rows_blank += part.blank
        self.account.rows_read += length + len(part.refused) + part.blank
        if not refused.all():
            accepted = _accepted_rows(part, None if not refused.any() else ~refused)
            self._write("accepted", self._hasher.with_hashes(accepted))
        rows = [*part.refused, *_explain(part, refused)]
        if rows:
            self.account.rows_refused += sum(row.outcome == "quarantined" for row in rows)
            self._write("refused", _refused_rows(part, rows, refused))

    def _write(self, name: str, rows: pa.Table) -> None:
        writer = self._writers.get(name)
        if writer is None:
            address = f"{self._prefix}/{name}.parquet"
            sink = pa.PythonFile(_Writable(self._stack.enter_context(self._objects.writer(STAGING, address))), mode="w")
            writer = self._stack.enter_context(parquet_writer(sink, rows.schema))
            self._writers[name] = writer
            getattr(self.account, name).append(address)
        writer.write_table(rows)

    def _count(self, part: Part) -> None:
        for found in part.findings.summary():
            self._tally(found.code, found.column, found.count, int(part.line_number[found.first]), found.value)
        for row in part.refused:
            for problem in row.problems:
                self._tally(problem["code"], problem["column"], 1, row.line_number, problem["value"])

    def _tally(self, code: str, column: str | None, count: int, line: int, example: str | None) -> None:
        counted = self._counts.get((code, column))
        if counted is None:
            severity = CATALOGUE[code].severity
            self._counts[code, column] = ProblemCount(code, severity, column, count, line, example)
            return
        counted.count += count
        if line < counted.first_line:
            counted.first_line, counted.example = line, example

    def finish(self) -> Account:
        self.account.problems = [asdict(count) for count in sorted(self._counts.values(), key=lambda c: c.first_line)]
        return self.account


@contextmanager
def staged_writer(objects: ObjectStore, prefix: str) -> Iterator[StagedWriter]:
    """Nothing is visible under the prefix unless the block ends well."""
    with ExitStack() as stack:
        yield StagedWriter(objects, prefix, stack)


def _refused(part: Part, length: int) -> npt.NDArray[np.bool_]:
    if part.accepted is None or not part.accepted.any():
        return part.findings.refused(length)
    refused = np.zeros(length, np.bool_)
    for found in part.findings:
        if CATALOGUE[found.code].severity is Severity.ERROR:
            stands = part.accepted[found.rows] if found.code in ACCEPTABLE else np.zeros(len(found.rows), np.bool_)
            refused[found.rows[~stands]] = True
    return refused


def _accepted_rows(part: Part, keep: npt.NDArray[np.bool_] | None) -> pa.Table:
    length = part.table.num_rows
    given: dict[str, Any] = {
        "row_number": pa.array(part.row_number),
        "line_number": pa.array(part.line_number),
        "fix_number": pa.repeat(pa.scalar(part.fix_number, pa.int64()), length),
        "accepted": pa.repeat(pa.scalar(False), length) if part.accepted is None else pa.array(part.accepted),
        "source": constant(part.source, length) if isinstance(part.source, str) else encoded(part.source),
        "received_seq": pa.nulls(length, pa.int64()) if part.received_seq is None else part.received_seq,
    }
    schema = lines_schema(STAGED)
    columns = [given[name] if name in given else part.table.column(name) for name in schema.names]
    rows = pa.table(columns, schema=schema)
    return rows if keep is None else rows.filter(pa.array(keep))


def _explain(part: Part, refused: npt.NDArray[np.bool_]) -> list[RefusedRow]:
    """The refused rows of the table, each with all that was found in it."""
    if not refused.any():
        return []
    problems: dict[int, list[dict[str, Any]]] = {int(index): [] for index in np.flatnonzero(refused)}
    found = part.findings.table(Severity.ERROR)
    for row in found.filter(pa.array(refused[found.column("index").to_numpy()])).to_pylist():
        problems[row.pop("index")].append(row)
    return [
        RefusedRow(int(part.row_number[index]), int(part.line_number[index]), part.raw(index), found)
        for index, found in problems.items()
    ]


def _refused_rows(part: Part, rows: Sequence[RefusedRow], refused: npt.NDArray[np.bool_]) -> pa.Table:
    schema = arrow_schema(REFUSED)
    named = part.table.filter(pa.array(refused))
    unnamed = len(rows) - named.num_rows
    columns: dict[str, Any] = {
        "row_number": [row.row_number for row in rows],
        "line_number": [row.line_number for row in rows],
        "fix_number": [part.fix_number] * len(rows),
        "outcome": [row.outcome for row in rows],
        "refused_by": [row.refused_by for row in rows],
        "raw": [row.raw for row in rows],
        "code": [row.problems[0]["code"] for row in rows],
        "column_name": [row.problems[0]["column"] for row in rows],
        "value": [row.problems[0]["value"] for row in rows],
        "problems": [json.dumps(row.problems, ensure_ascii=False) for row in rows],
    }
    for name in ("region", "sale_id", "store_id", "sale_date"):
        known = plain(named.column(name))
        columns[name] = pa.concat_arrays([pa.nulls(unnamed, known.type), known])
    return pa.table([pa.array(columns[name], schema.field(name).type) for name in schema.names], schema=schema)
