"""The model of docs/scale.md: what a day of one or ten million sales needs, by arithmetic from the tables' columns."""

from collections.abc import Iterable
from dataclasses import dataclass

from infra.functions import FUNCTIONS
from tillstream.domain.tables import TABLES, Field

DAY = 86_400
GIB, TIB = 1 << 30, 1 << 40
LINES_PER_SALE = 2.5
SALES_PER_FILE = 2_000
"""A store's day."""
FROM_TILLS = 0.5
"""Of all sales; the others come in files."""
MICRO_BATCH, MICRO_WAIT = 2_000, 10
"""The largest micro-batch, and the seconds after which a smaller one is made while anything comes."""
SETTLE_EVERY = 60
"""Seconds; group commit takes what waits."""
SELDOM = 900
"""The same where nobody waits for a till's sale."""
DAYS_KEPT = 365
WRITES_PER_UPLOAD = 9
"""Documents written from a file's arrival until its events are published; a test counts them."""
BYTES_OF = {"DATE": 8, "TIMESTAMP": 8, "NUMERIC": 16, "INT64": 8, "BOOL": 1, "hash128": 18, "hash64": 8}
"""Logical bytes of BigQuery's types; a text has two and its own."""
TEXT = {
    "region": 3,
    "sale_id": 12,
    "line_key": 3,
    "customer_name": 14,
    "product_name": 20,
    "category": 12,
    "status": 9,
    "currency": 3,
    "outcome": 5,
    "extra": 40,
    "whole": 9,
}
"""Bytes of a text, on average; 8 where it is not here."""
ABSENT = frozenset({"source_version", "returns_sale_id", "unit_cost", "received_seq"})
"""Columns that are mostly NULL, which takes nothing."""
MATCHING_COLUMNS = ("key", "content", "is_current", "sale", "line_key")
"""What a settlement reads of every sale version, to find the arriving sales in it."""
STATEMENTS = ("batch_no", "scope", "whole", "source_version")
"""And of every statement."""
SALE_BYTES = 600
"""A till's message."""
EVENT_BYTES = 1_024
"""What Pub/Sub counts a smaller message as."""
PRICES = {
    "a TiB read by a query": 6.25,
    "a GiB stored in BigQuery for a month": 0.02,
    "a TiB through Pub/Sub": 40.0,
    "100,000 documents written": 0.09,
    "a vCPU second": 0.000024,
    "a GiB second of memory": 0.0000025,
}
STAGE_SECONDS = 6.0
"""That a file of a store's day takes its function, start-up included."""


def width(table: str, columns: Iterable[str] = ()) -> int:
    """Logical bytes of a row, or of these columns of it."""
    chosen = set(columns) or {field.name for field in TABLES[table]}
    return sum(_width(field) for field in TABLES[table] if field.name in chosen)


def _width(field: Field) -> int:
    if field.name in ABSENT and not field.required:
        return 0
    return BYTES_OF.get(str(field.kind)) or 2 + TEXT.get(field.name, 8)


@dataclass(frozen=True)
class Day:
    """What so many sales a day come to; `versions` are the lines that the ledger holds after DAYS_KEPT of them."""

    sales: int

    @property
    def lines(self) -> float:
        return self.sales * LINES_PER_SALE

    @property
    def files(self) -> float:
        return self.sales * (1 - FROM_TILLS) / SALES_PER_FILE

    @property
    def micro_batches(self) -> float:
        return max(self.sales * FROM_TILLS / MICRO_BATCH, DAY / MICRO_WAIT)

    @property
    def settlements(self) -> float:
        return DAY / SETTLE_EVERY

    @property
    def versions(self) -> float:
        return self.lines * DAYS_KEPT

    @property
    def events(self) -> float:
        """Messages beside the tills' own: arrivals, staged, settled (published twice), and one a changed line."""
        batches = self.files + self.micro_batches
        return 2 * batches + 2 * self.settlements + self.lines

    @property
    def documents(self) -> float:
        return (self.files + self.micro_batches) * WRITES_PER_UPLOAD

    @property
    def settlement_bytes(self) -> float:
        statements = self.sales * FROM_TILLS * DAYS_KEPT
        return self.versions * width("sale_versions", MATCHING_COLUMNS) + statements * width("statements", STATEMENTS)

    @property
    def stored(self) -> float:
        """Bytes of a year's lines."""
        return self.versions * (width("sale_versions") + width("sightings"))

    @property
    def costs(self) -> dict[str, float]:
        """USD of a day."""
        price = list(PRICES.values())
        stage = next(one for one in FUNCTIONS if one.name == "stage")
        seconds = (self.files + self.micro_batches) * STAGE_SECONDS
        return {
            "settlements read": self.settlements * self.settlement_bytes / TIB * price[0],
            "BigQuery storage": self.stored / GIB * price[1] / 30,
            "Pub/Sub": (self.events * EVENT_BYTES + 2 * self.sales * FROM_TILLS * EVENT_BYTES) / TIB * price[2],
            "Firestore writes": self.documents / 100_000 * price[3],
            "stage compute": seconds * (float(stage.cpu) * price[4] + int(stage.memory[0]) * price[5]),
        }


DAYS = (Day(1_000_000), Day(10_000_000))
