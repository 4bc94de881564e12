"""Write the rows of a source as Parquet to the staging bucket, and collect the staging report.

Neither records nor the ledger are used, so any process that reads the objects can do it.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal, localcontext
from itertools import chain
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tillstream import __version__
from tillstream.contracts.registry import MAX_CHECKED_COLUMNS
from tillstream.model.batch import OTHER_WORDS, CountryRows, CurrencyAmounts, IssueCount, StagingReport, UnknownWord
from tillstream.model.contract import Contract
from tillstream.model.events import STAGING
from tillstream.model.money import amount_text
from tillstream.model.problems import CATALOGUE
from tillstream.model.tables.warehouse_tables import SCHEMA
from tillstream.pipeline.rows.row_batch import RowBatch, prefetch
from tillstream.pipeline.rows.text_columns import combine_chunks, decode_texts
from tillstream.pipeline.staging.open_source import RowSource
from tillstream.pipeline.staging.split_rows import HASH_SCHEMA, Hasher, SplitRows, split_row_batch
from tillstream.pipeline.validating.double_counting import RepeatedRows, TotalRow
from tillstream.pipeline.validating.price_scale import PriceScale
from tillstream.pipeline.validating.unusual_values import SalesHistory, currency_detector, outlier_detector
from tillstream.ports import ObjectStore
from tillstream.ports.objects import ObjectWriter

MAX_UNKNOWN_SHARE = 0.01
"""A file is held if unknown status words have a larger share of its rows, or of its amount in one currency."""
_MAX_WORDS, _SHOWN = 100, 10

BUFFER_BYTES = 1 << 20
"""Write buffer in bytes: each write holds the GIL and so blocks the threads that read and validate rows."""
EXACT_DIGITS = 80
"""Precision in digits of sums of amounts."""
MAX_COUNTRIES = 300
"""Countries that the report of a file lists. There are fewer; another column may be mapped by mistake."""
MAX_STORES = 200
"""A file with more stores is not visible to users who are limited to stores, except to the user who uploaded it."""

ReportProgress = Callable[[int], None]


@dataclass
class UnknownWordCounter:
    """Collects (word, currency) → rows, amount over the row batches of a file."""

    _counts: dict[tuple[str, str], tuple[int, Decimal]] = field(default_factory=dict)

    def add(self, row_batch: RowBatch) -> None:
        for issue in row_batch.issues:
            if (issue.code, issue.column) == ("word-not-allowed", "status") and issue.values is not None:
                words = pc.cast(issue.values, pa.string()).to_pylist()
                rows = row_batch.table.take(pa.array(issue.rows))
                amounts = pc.coalesce(*(decode_texts(rows.column(name)) for name in ("net_amount", "gross_amount")))
                currencies = decode_texts(rows.column("currency")).to_pylist()
                for word, currency, amount in zip(words, currencies, amounts.to_pylist(), strict=True):
                    self._count(word, currency or "", abs(amount or Decimal(0)))

    def _count(self, word: str, currency: str, amount: Decimal) -> None:
        is_listed = len(self._counts) < _MAX_WORDS or (word, currency) in self._counts
        key = (word if is_listed else OTHER_WORDS, currency)
        rows, total = self._counts.get(key, (0, Decimal(0)))
        self._counts[key] = rows + 1, total + amount

    def words(self) -> tuple[UnknownWord, ...]:
        """The words, those of most rows first."""
        counts = sorted(self._counts.items(), key=lambda item: -item[1][0])
        return tuple(
            UnknownWord(word, currency, rows, f"{amount.normalize():f}") for (word, currency), (rows, amount) in counts
        )


def unknown_share(report: StagingReport) -> tuple[float, float]:
    """Shares of the rows, and of the amount, that have unknown status words; of the amount, in the worst currency.

    The amount of a file is that of its accepted rows plus that of the rows in question, without their signs.
    """
    rows = sum(word.rows for word in report.unknown_words)
    if not rows:
        return 0.0, 0.0
    unknown: dict[str, Decimal] = {}
    for word in report.unknown_words:
        unknown[word.currency] = unknown.get(word.currency, Decimal(0)) + Decimal(word.amount)
    accepted = {sums.currency: _largest_amount(sums) for sums in report.amounts or ()}
    shares = [
        float(amount / (amount + accepted.get(currency, Decimal(0)))) for currency, amount in unknown.items() if amount
    ]
    return rows / max(report.rows, 1), max(shares, default=0.0)


def _largest_amount(sums: CurrencyAmounts) -> Decimal:
    return abs(Decimal(sums.net or sums.gross or 0))


def describe_unknown_words(report: StagingReport, header: str) -> str:
    """One sentence with the shares and the words. header: name of the status column."""
    rows, amount = unknown_share(report)
    count = sum(word.rows for word in report.unknown_words)
    shares = f"{count:,} of {report.rows:,} rows ({rows:.1%}) and {amount:.1%} of the amount"
    return f"{shares} have a word in {header} that the data source does not map: {_listed_words(report.unknown_words)}."


def _listed_words(words: Iterable[UnknownWord]) -> str:
    texts = [
        f"“{word.word}” ({word.rows:,} {'row' if word.rows == 1 else 'rows'}, {_word_amounts(word)})" for word in words
    ]
    shown = ", ".join(texts[:_SHOWN])
    return shown if len(texts) <= _SHOWN else f"{shown} and {len(texts) - _SHOWN:,} more"


def _word_amounts(word: UnknownWord) -> str:
    return f"{amount_text(Decimal(word.amount), word.currency)} {word.currency}".rstrip()


def reader_version() -> str:
    return f"{__version__}, schema {SCHEMA}"


class _Writable:
    """Adapter of an object writer to the file interface that pyarrow expects."""

    closed = False

    def __init__(self, writer: ObjectWriter) -> None:
        self._writer = writer
        self.sha256 = hashlib.sha256()

    def write(self, data: bytes, /) -> int:
        self.sha256.update(data)
        return self._writer.write(data)

    def flush(self) -> None:
        """Do nothing: the object is committed when its context ends."""

    def close(self) -> None:
        """Do nothing, as `flush`."""


def parquet_writer(sink: Any, schema: pa.Schema) -> pq.ParquetWriter:
    """Create the Parquet writer of staged rows.

    No statistics: the settlement joins rows by row number, and statistics worsen its query plan. Columns with repeated
    values are dictionary-encoded. Hashes are not compressed, as they are random. BigQuery supports Snappy, Gzip,
    Zstandard and LZO, but not LZ4.
    """
    dictionary_columns = [
        field.name for field in schema if not pa.types.is_primitive(field.type) or pa.types.is_decimal(field.type)
    ]
    compression = {name: "none" if name in HASH_SCHEMA.names else "snappy" for name in schema.names}
    return pq.ParquetWriter(
        sink, schema, compression=compression, use_dictionary=dictionary_columns, write_statistics=False
    )


class Detector(Protocol):
    """Finds warnings about values that are unusual beside others; it sees the accepted rows of a file."""

    def add(self, rows: pa.Table) -> None: ...

    def problems(self) -> Iterator[IssueCount]: ...


class StagedWriter:
    """Writes split row batches to one file of accepted and one of rejected rows, and collects the report."""

    def __init__(self, objects: ObjectStore, prefix: str, stack: ExitStack, detectors: Sequence[Detector] = ()) -> None:
        self._objects, self._prefix, self._stack, self._detectors = objects, prefix, stack, detectors
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._sinks: dict[str, _Writable] = {}
        self._counts: dict[tuple[str, str | None], IssueCount] = {}
        self._sums: dict[str, list[Decimal | None]] = {}
        self._stores: set[str | None] = set()
        self._countries: Counter[str] = Counter()
        self._unknown_words = UnknownWordCounter()
        self._report = StagingReport()

    def add(self, split: SplitRows) -> None:
        row_batch, report = split.row_batch, self._report
        self._count(row_batch)
        self._unknown_words.add(row_batch)
        self._report = replace(
            report,
            rows_read=report.rows_read + row_batch.rows_read,
            rows_blank=report.rows_blank + row_batch.blank,
            rows_ignored=report.rows_ignored + row_batch.ignored,
            rows_refused=report.rows_refused + split.quarantined,
            rows_discarded=report.rows_discarded + split.ignored,
            cut=row_batch.truncation or report.cut,
            letters=row_batch.letters or report.letters,
        )
        if len(self._stores) <= MAX_STORES:
            self._stores.update(pc.unique(row_batch.table.column("store_id")).to_pylist())
            self._stores.update([None] if row_batch.rejected else ())
        for name, rows in (("accepted", split.accepted), ("refused", split.refused)):
            if rows is not None:
                self._write(name, rows)
        if split.accepted is not None:
            for detector in self._detectors:
                detector.add(split.accepted)
            counts = pc.value_counts(combine_chunks(split.accepted.column("country"))).to_pylist()
            self._countries.update({one["values"]: one["counts"] for one in counts if one["values"]})
        for currency, *amounts in split.amounts:
            sums = self._sums.setdefault(currency, [None, None])
            sums[:] = [_add_amounts(one, other) for one, other in zip(sums, amounts, strict=True)]

    def _write(self, name: str, rows: pa.Table) -> None:
        writer = self._writers.get(name)
        if writer is None:
            address = f"{self._prefix}/{name}.parquet"
            raw_sink = _Writable(self._stack.enter_context(self._objects.writer(STAGING, address)))
            self._sinks[name] = raw_sink
            sink = self._stack.enter_context(pa.BufferedOutputStream(pa.PythonFile(raw_sink, mode="w"), BUFFER_BYTES))
            writer = self._stack.enter_context(parquet_writer(sink, rows.schema))
            self._writers[name] = writer
            self._report = replace(self._report, **{name: (address,)})  # type: ignore[arg-type]
        writer.write_table(rows)

    def _count(self, row_batch: RowBatch) -> None:
        for summary in row_batch.issues.summary():
            self._tally(
                summary.code, summary.column, summary.count, int(row_batch.line_number[summary.first]), summary.value
            )
        for row in row_batch.rejected:
            for problem in row.problems:
                self._tally(problem["code"], problem["column"], 1, row.line_number, problem["value"])

    def _tally(self, code: str, column: str | None, count: int, line: int, example: str | None) -> None:
        entry = self._counts.get((code, column))
        if entry is None:
            severity = CATALOGUE[code].severity.value
            self._counts[code, column] = IssueCount(code, severity, column, count, line, example)
            return
        entry.count += count
        if line < entry.first_line:
            entry.first_line, entry.example = line, example

    def digests(self) -> tuple[str, ...]:
        """The SHA-256 of the objects in the order of the report's `objects`; complete when the writer is closed."""
        return tuple(self._sinks[name].sha256.hexdigest() for name in ("accepted", "refused") if name in self._sinks)

    def finish(self, headers: tuple[str, ...] = ()) -> StagingReport:
        counts = [*self._counts.values(), *chain.from_iterable(detector.problems() for detector in self._detectors)]
        return replace(
            self._report,
            problems=tuple(sorted(counts, key=lambda count: count.first_line)),
            amounts=tuple(
                CurrencyAmounts(currency, _to_text(net), _to_text(gross))
                for currency, (net, gross) in sorted(self._sums.items())
            ),
            columns=headers,
            stores=tuple(self._stores) if len(self._stores) <= MAX_STORES else None,
            countries=tuple(CountryRows(*one) for one in self._countries.most_common(MAX_COUNTRIES)),
            unknown_words=self._unknown_words.words(),
            reader=reader_version(),
        )


@contextmanager
def staged_writer(objects: ObjectStore, prefix: str, detectors: Sequence[Detector] = ()) -> Iterator[StagedWriter]:
    """Yield a writer. Its objects become visible under the prefix only if the block ends without an error."""
    with ExitStack() as stack:
        yield StagedWriter(objects, prefix, stack, detectors)


def _add_amounts(left: Decimal | None, right: Decimal | None) -> Decimal | None:
    with localcontext(prec=EXACT_DIGITS):
        return left + right if left is not None and right is not None else left if right is None else right


def _to_text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def write_rows(
    objects: ObjectStore,
    prefix: str,
    source: RowSource,
    contract: Contract,
    history: SalesHistory | None,
    progress: ReportProgress | None = None,
) -> StagingReport:
    """Write staged rows under a prefix. history: None for sources other than files, whose rows are not compared.

    Raises `Rejected` for a file that cannot be read.
    """
    every = [create(history, contract) for create in (outlier_detector, currency_detector)] if history else []
    detectors = [detector for detector in every if detector]
    scale, total = PriceScale(history, contract) if history else None, TotalRow()
    repeats, hasher = RepeatedRows(has_numbers=not contract.identity.by_content), Hasher()
    with staged_writer(objects, prefix, detectors) as writer:
        for rows in prefetch(split_row_batch(row_batch, hasher) for row_batch in prefetch(source.row_batches())):
            writer.add(rows)
            if scale and rows.accepted is not None:
                scale.add(rows.accepted)
                total.add(rows.accepted)
                repeats.add(rows.accepted)
            if progress:
                progress(rows.row_batch.rows_read)
        report = writer.finish(source.headers[: MAX_CHECKED_COLUMNS + 1])
    if scale and (scale_doubt := scale.doubt()):
        report = replace(report, scale_doubt=scale_doubt)
    report = replace(report, digests=writer.digests())
    report = replace(report, total_doubt=total.doubt(), repeats_doubt=repeats.doubt(), table_doubt=source.table_doubt)
    if source.date_doubt:
        report = replace(report, date_doubt=source.date_doubt.words, date_repair=source.date_doubt.repair)
    # a local installation settles in the same process and needs the memory
    pa.default_memory_pool().release_unused()
    return report
