"""The costs of a day in docs/scale.md: its sales, after so many days of the same traffic."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import sql
from devtools.billing.prices import GIB, PRICES, TIB, compute_cost, query_cost, write_cost
from devtools.billing.queries import script_statements
from devtools.billing.samples import TODAY
from devtools.billing.traffic import DAY, FROM_TILLS, NIGHT_HOURS, SETTLE_EVERY, Ledger, Traffic
from docs.generate.scale.samples import query_bytes, samples
from docs.generate.scale.seconds import (
    ACKNOWLEDGE_SECONDS,
    FILE_SECONDS,
    MICRO_BATCH_SECONDS,
    function,
    gib,
    settlement_seconds,
)
from functions.main import STAGING_SECONDS
from tillstream.adapters.google.bigquery.literals import inline_parameters
from tillstream.domain.daily_totals import ROLLUPS, select

WRITES_PER_UPLOAD = 9
"""Documents written from a file's arrival until its events are published; a test counts them."""
EVENT_BYTES = 1_024
"""What Pub/Sub counts a smaller message as."""
INDEX_DOCUMENT = 90
"""Bytes of a document of the sale index."""
TOTALS_EVERY = 900
"""Seconds between refreshes of the daily totals."""
PUBLISH_SECONDS, TOTALS_SECONDS = 3.0, 20.0


def computed(name: str, seconds: float) -> float:
    """USD of a function's seconds."""
    return compute_cost(seconds, float(function(name).cpu), gib(function(name)))


@dataclass(frozen=True)
class Day:
    """A day with so many sales, at the end of a number of days of the same traffic."""

    sales: int
    days: int = 365

    @property
    def traffic(self) -> Traffic:
        return Traffic(self.sales, settle_seconds=settlement_seconds(0))

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.traffic, self.days)

    @property
    def costs(self) -> dict[str, float]:
        """USD of a day on which all sales are new, without storage."""
        return {
            "sale index, reads": self.indexed * PRICES["100,000 documents read in Firestore"] / 100_000,
            "sale index, writes": self.indexed * PRICES["100,000 documents written in Firestore"] / 100_000,
            "commit scripts": query_cost(self.traffic.settlements * query_bytes(samples().new, self.ledger)),
            "Storage Write API": write_cost(self.traffic.stored),
            "documents of batches": self._documents,
            "Pub/Sub": self._pubsub,
            "stage compute": self._staging,
            "sales compute": self._sales,
            "settle compute": self.traffic.settlements * computed("settle", self.settle_seconds),
            "publishing": self._publishing,
            "daily totals": self.totals(0, self.ledger),
        }

    @property
    def settle_seconds(self) -> float:
        """Of one settlement."""
        return settlement_seconds(self.sales / self.traffic.settlements)

    @property
    def indexed(self) -> float:
        """Documents of the sale index read and written: one per sale, two per batch."""
        return self.sales + 2 * self.traffic.batches

    @property
    def documents(self) -> float:
        """Written for batches."""
        return self.traffic.batches * WRITES_PER_UPLOAD

    @property
    def _documents(self) -> float:
        """As many are read as written."""
        both = PRICES["100,000 documents read in Firestore"] + PRICES["100,000 documents written in Firestore"]
        return self.documents / 100_000 * both

    @property
    def messages(self) -> float:
        """Tills' messages, three events of a batch and three of a settlement; each is published and delivered."""
        return self.sales * FROM_TILLS + 3 * self.traffic.batches + 3 * self.traffic.settlements

    @property
    def _pubsub(self) -> float:
        return 2 * self.messages * EVENT_BYTES / TIB * PRICES["a TiB through Pub/Sub"]

    @property
    def _staging(self) -> float:
        """Files, and the objects of micro-batches, which are left to `sales`."""
        objects = self.traffic.micro_batches * computed("stage", ACKNOWLEDGE_SECONDS)
        return self.traffic.files * computed("stage", FILE_SECONDS) + objects

    @property
    def _sales(self) -> float:
        """Micro-batches, and the wait for the last one of each minute."""
        waits = DAY / SETTLE_EVERY * computed("receive", STAGING_SECONDS)
        return self.traffic.micro_batches * computed("sales", MICRO_BATCH_SECONDS) + waits

    @property
    def _publishing(self) -> float:
        """Without subscribers of sale events: the batches of a settlement are marked as published."""
        return self.traffic.settlements * computed("announce", PUBLISH_SECONDS)

    def totals(self, older: float, ledger: Ledger) -> float:
        """Refreshes of this day, at night of the day before too, and of so many older days."""
        refreshes = DAY / TOTALS_EVERY
        of_one = _totals_bytes([TODAY], ledger)
        more = _totals_bytes([TODAY, TODAY - timedelta(days=5)], ledger) - of_one
        billed = refreshes * (of_one + more * (older + NIGHT_HOURS / 24))
        return query_cost(billed) + refreshes * computed("project", TOTALS_SECONDS)

    @property
    def storage(self) -> dict[str, float]:
        """USD of a day."""
        young = min(self.days, 90) * PRICES["a GiB stored in BigQuery for a month"]
        old = max(0, self.days - 90) * PRICES["the same after 90 days without a change"]
        index = self.indexed * self.days * INDEX_DOCUMENT / GIB
        return {
            "BigQuery": self.traffic.stored / GIB * (young + old) / 30,
            "sale index": index * PRICES["a GiB stored in Firestore for a month"] / 30,
        }

    @property
    def stored(self) -> float:
        """Bytes in BigQuery."""
        return self.traffic.stored * self.days


def _totals_bytes(days: Sequence[date], ledger: Ledger) -> int:
    """Bytes billed for one refresh of these days."""
    texts = [sql.text("daily_totals/summed")]
    stale = {"settlement_no": ledger.last_settlement - round(TOTALS_EVERY * ledger.traffic.settlements / DAY)}
    texts.append(inline_parameters(sql.text("daily_totals/stale_days"), stale))
    for table in ROLLUPS:
        texts.append(inline_parameters(f"DELETE FROM {table} WHERE sale_date IN UNNEST(@days)", {"days": list(days)}))
        texts.append(inline_parameters(select(table), {"days": list(days)}))
    texts.append("DELETE FROM summed WHERE TRUE")
    return sum(statement.bytes(ledger) for text in texts for statement in script_statements(text))
