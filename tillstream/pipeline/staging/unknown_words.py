"""Count the rows and amounts of status words that a contract does not map."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.batch.staging_report import OTHER_WORDS, CurrencyAmounts, StagingReport, UnknownWord
from tillstream.domain.money.amounts import amount_text
from tillstream.pipeline.rows.row_batch import RowBatch
from tillstream.pipeline.rows.text_column import decoded

MAX_SHARE = 0.01
"""A file is held if unknown status words have a larger share of its rows, or of its amount in one currency."""
_MAX_WORDS, _SHOWN = 100, 10


@dataclass
class UnknownWordCounter:
    """Collects (word, currency) → rows, amount over the row batches of a file."""

    _counts: dict[tuple[str, str], tuple[int, Decimal]] = field(default_factory=dict)

    def add(self, row_batch: RowBatch) -> None:
        for issue in row_batch.issues:
            if (issue.code, issue.column) == ("word-not-allowed", "status") and issue.values is not None:
                words = pc.cast(issue.values, pa.string()).to_pylist()
                rows = row_batch.table.take(pa.array(issue.rows))
                amounts = pc.coalesce(*(decoded(rows.column(name)) for name in ("net_amount", "gross_amount")))
                currencies = decoded(rows.column("currency")).to_pylist()
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
    accepted = {sums.currency: _amount(sums) for sums in report.amounts or ()}
    shares = [
        float(amount / (amount + accepted.get(currency, Decimal(0)))) for currency, amount in unknown.items() if amount
    ]
    return rows / max(report.rows, 1), max(shares, default=0.0)


def _amount(sums: CurrencyAmounts) -> Decimal:
    return abs(Decimal(sums.net or sums.gross or 0))


def describe_unknown_words(report: StagingReport, header: str) -> str:
    """One sentence with the shares and the words. header: name of the status column."""
    rows, amount = unknown_share(report)
    count = sum(word.rows for word in report.unknown_words)
    shares = f"{count:,} of {report.rows:,} rows ({rows:.1%}) and {amount:.1%} of the amount"
    return f"{shares} have a word in {header} that the data source does not map: {_listed(report.unknown_words)}."


def _listed(words: Iterable[UnknownWord]) -> str:
    texts = [f"“{word.word}” ({word.rows:,} {'row' if word.rows == 1 else 'rows'}, {_money(word)})" for word in words]
    shown = ", ".join(texts[:_SHOWN])
    return shown if len(texts) <= _SHOWN else f"{shown} and {len(texts) - _SHOWN:,} more"


def _money(word: UnknownWord) -> str:
    return f"{amount_text(Decimal(word.amount), word.currency)} {word.currency}".rstrip()
