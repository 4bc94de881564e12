"""What stage writes: accepted and refused rows as Parquet in the staging bucket, and the batch's account of itself."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from decimal import Decimal, localcontext
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tillstream import __version__
from tillstream.domain.events import STAGING
from tillstream.domain.problems import CATALOGUE
from tillstream.domain.tables import SCHEMA
from tillstream.pipeline.rows.issues import ProblemCount
from tillstream.pipeline.rows.row_batch import Part
from tillstream.pipeline.staging.hashes import HASHED
from tillstream.pipeline.staging.split_rows import Judged
from tillstream.pipeline.validating.outliers import Watch
from tillstream.ports import ObjectStore
from tillstream.ports.object_store import ObjectWriter

BUFFER = 1 << 20
"""Bytes on their way to an object: each write of them takes the interpreter from those who read and judge rows."""
EXACT = 80
"""Digits of a sum of any number of amounts."""
MOST_STORES = 200
"""A file of more stores is nobody's who is bound to some."""


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
    amounts: list[dict[str, Any]] = field(default_factory=list)
    """currency, net and gross of the accepted rows, by currency; decimals as text."""
    cut: str = ""
    """Why the file seems to be cut off, in words; empty where it does not."""
    columns: list[str] = field(default_factory=list)
    """The headers of a file."""
    stores: list[str | None] | None = None
    """The stores that the rows name, a null for those that name none; None: too many, or nobody looked."""
    reader: str = ""
    """Who read it: another one might read the same bytes otherwise."""


def reader() -> str:
    return f"{__version__}, schema {SCHEMA}"


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
    """How staged rows are written: settle joins them by their numbers, and statistics make it plan worse. Equal values
    are looked for where there are some, and hashes are not packed, as they have no pattern.

    BigQuery takes Snappy, Gzip, Zstandard and LZO, and no LZ4.
    """
    alike = [field.name for field in schema if not pa.types.is_primitive(field.type) or pa.types.is_decimal(field.type)]
    packed = {name: "none" if name in HASHED.names else "snappy" for name in schema.names}
    return pq.ParquetWriter(sink, schema, compression=packed, use_dictionary=alike, write_statistics=False)


class StagedWriter:
    """Takes parts as they come and writes each row once: to the accepted or to the refused rows."""

    def __init__(self, objects: ObjectStore, prefix: str, stack: ExitStack, watch: Watch | None = None) -> None:
        self._objects, self._prefix, self._stack, self._watch = objects, prefix, stack, watch
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._counts: dict[tuple[str, str | None], ProblemCount] = {}
        self._sums: dict[str, list[Decimal | None]] = {}
        self._stores: set[str | None] = set()
        self.account = Account()

    def add(self, judged: Judged) -> None:
        part, account = judged.part, self.account
        self._count(part)
        account.rows_blank += part.blank
        account.rows_ignored += part.ignored
        account.rows_read += part.table.num_rows + len(part.refused) + part.blank + part.ignored
        account.cut = part.cut or account.cut
        if len(self._stores) <= MOST_STORES:
            self._stores.update(pc.unique(part.table.column("store_id")).to_pylist())
            self._stores.update([None] if part.refused else ())
        account.rows_refused += judged.quarantined
        for name, rows in (("accepted", judged.accepted), ("refused", judged.refused)):
            if rows is not None:
                self._write(name, rows)
        if self._watch and judged.accepted is not None:
            self._watch.see(judged.accepted)
        for currency, *amounts in judged.amounts:
            sums = self._sums.setdefault(currency, [None, None])
            sums[:] = [_plus(one, other) for one, other in zip(sums, amounts, strict=True)]

    def _write(self, name: str, rows: pa.Table) -> None:
        writer = self._writers.get(name)
        if writer is None:
            address = f"{self._prefix}/{name}.parquet"
            opened = _Writable(self._stack.enter_context(self._objects.writer(STAGING, address)))
            sink = self._stack.enter_context(pa.BufferedOutputStream(pa.PythonFile(opened, mode="w"), BUFFER))
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
        self.account.reader = reader()
        self.account.amounts = [
            {"currency": currency, "net": _written(net), "gross": _written(gross)}
            for currency, (net, gross) in sorted(self._sums.items())
        ]
        self.account.stores = [*self._stores] if len(self._stores) <= MOST_STORES else None
        counts = [*self._counts.values(), *(self._watch.problems() if self._watch else ())]
        self.account.problems = [asdict(count) for count in sorted(counts, key=lambda c: c.first_line)]
        return self.account


@contextmanager
def staged_writer(objects: ObjectStore, prefix: str, watch: Watch | None = None) -> Iterator[StagedWriter]:
    """Nothing is visible under the prefix unless the block ends well."""
    with ExitStack() as stack:
        yield StagedWriter(objects, prefix, stack, watch)


def _plus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    with localcontext(prec=EXACT):
        return one + other if one is not None and other is not None else one if other is None else other


def _written(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"
