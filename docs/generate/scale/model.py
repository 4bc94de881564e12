"""The costs of a day in docs/scale.md: its sales, after so many days of the same traffic."""

from dataclasses import dataclass

from devtools.billing.prices import GIB, PRICES, TIB, compute_cost, query_cost, read_cost, write_cost
from devtools.billing.sizes import width
from devtools.billing.traffic import DAY, FROM_TILLS, Ledger, Traffic
from docs.generate.scale.samples import query_bytes, samples
from docs.generate.scale.seconds import (
    ACKNOWLEDGE_SECONDS,
    FILE_SECONDS,
    function,
    gib,
    settlement_seconds,
)
from docs.generate.scale.totals import EVERY as TOTALS_EVERY
from docs.generate.scale.totals import fold_bytes, refresh_bytes
from tillstream.adapters.google.bigquery.tables import STORED
from tillstream.ledger.other_regions import COLUMNS as COMPARED_COLUMNS
from tillstream.model.tables.daily_totals import DAY as DAY_COLUMN
from tillstream.model.tables.warehouse_tables import LIVE

WRITES_PER_UPLOAD = 9
"""Documents written from a file's arrival until its events are published; a test counts them."""
EVENT_BYTES = 1_024
"""What Pub/Sub counts a smaller message as."""
INDEX_DOCUMENT = 90
"""Bytes of a document of the sale index."""
FOLDED_DAYS = 2
"""Days with new sales whose totals are merged at night: this one and, by files, the one before."""
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
            "comparison of regions": read_cost(self.compared),
            "documents of batches": self._documents,
            "Pub/Sub": self._pubsub,
            "stage compute": self._staging,
            "unsettled sales": self._unsettled,
            "settle compute": self.traffic.settlements * computed("settle", self.settle_seconds),
            "publishing": self._publishing,
            "daily totals": self.totals(self.ledger),
        }

    @property
    def compared(self) -> float:
        """Bytes of the day of the files, in which each settlement of files searches sales of other regions."""
        return self.traffic.settlements_of_files * self.traffic.lines * width(STORED, {*COMPARED_COLUMNS, DAY_COLUMN})

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
        """Files, and the objects of micro-batches, which `receive` has staged."""
        objects = self.traffic.micro_batches * computed("stage", ACKNOWLEDGE_SECONDS)
        return self.traffic.files * computed("stage", FILE_SECONDS) + objects

    @property
    def _unsettled(self) -> float:
        """The appended lines, and a document that is read and written for each micro-batch."""
        written = write_cost(self.traffic.rows(LIVE) * width(LIVE))
        both = PRICES["100,000 documents read in Firestore"] + PRICES["100,000 documents written in Firestore"]
        return written + self.traffic.micro_batches / 100_000 * both

    @property
    def _publishing(self) -> float:
        """Without subscribers of sale events: the batches of a settlement are marked as published."""
        return self.traffic.settlements * computed("announce", PUBLISH_SECONDS)

    def totals(self, ledger: Ledger, *, corrected: float = 0.0, late: float = 0.0) -> float:
        """Refreshes, and the merge of their rows at night. corrected: days computed again by a refresh; late: older
        days with new lines during the whole day."""
        refreshes = DAY / TOTALS_EVERY
        billed = refreshes * (refresh_bytes(ledger, 0) + _recomputed(ledger, corrected))
        night = FOLDED_DAYS + late
        return query_cost(billed + night * fold_bytes(ledger)) + refreshes * computed("project", TOTALS_SECONDS)

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


def _recomputed(ledger: Ledger, days: float) -> float:
    """Bytes billed on average for the days that a refresh computes again."""
    none, one, two = (refresh_bytes(ledger, count) for count in range(3))
    each = two - one
    return days * each + min(1.0, days) * (one - none - each)
