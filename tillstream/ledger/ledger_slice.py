"""The slice of a ledger that one settlement can read or change, loaded into an empty ledger in memory.

The slice is closed: a settlement on it adds the same rows as on the whole ledger. Every rule reads one of these:

- all contents, sightings and statements of a sale, and the statements of the store-days of its lines. The sales are
  those of the rows that arrive, of the batches that are undone, moved to another place in time, or corrected as a
  complete statement, and of the store-days that those batches, and files without identity, contain completely; also
  the sales of other regions with a line of the same date, number and amount as a sampled line of a file, and those of
  its region with the number in another spelling;
- the batches that these rows refer to, batches with the same bytes, and the batches named in the settlement with their
  corrections;
- the rows of complete statements that validation rejected, and whether a correction replaced them.

The sale index has the days of the sales. On its pending days, they are searched for in the ledger's sightings, of which
only the hashes of the sales are read, so a day without any of them is not read further.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

import pyarrow as pa

from tillstream.ledger.duckdb_ledger import KEY, MemoryLedger
from tillstream.ledger.other_regions import load_amounts, search_sample
from tillstream.ledger.spellings import load_facts, search_spellings
from tillstream.model.batch import received_date
from tillstream.model.ids import index_hash
from tillstream.model.tables.warehouse_tables import TABLES
from tillstream.ports.warehouse import SaleIndex, Settlement, StagedBatch

MAX_PENDING_DAYS = 31
"""Pending days at a time. Each settlement reads the hashes of all sales of these days."""

STATED_DAYS = index_hash("statements", "store-day")
"""Hash in the sale index, whose days are those with complete statements of store-days."""
Pair = tuple[int, date]

NARROW_COLUMNS = (
    "key", "content", "is_current", "sale", "region", "sale_id", "line_key", "store_id", "salesperson_id", "channel",
    "status", "sale_date", "country", "leads", "settlement_no",
)  # fmt: skip
"""Columns of sale_versions that every settlement reads; the others are compared only between a file and a till."""
CHANGED_COLUMNS = "batch_no, place_seq, undone_no, removed"
"""The columns of batches that settlements change, and the number of the batch."""
_LATEST_FLAGS = f"""
UPDATE sale_versions SET is_current = f.is_current, leads = f.leads
FROM (
  SELECT
    {KEY} AS key, s.content,
    arg_max(s.is_current, s.settlement_no) AS is_current, arg_max(s.leads, s.settlement_no) AS leads
  FROM slice_rows AS s GROUP BY ALL
) AS f
WHERE sale_versions.key = f.key AND sale_versions.content = f.content
"""
_COMPARED_SALES = """
SELECT DISTINCT g.sale
FROM sightings AS g
JOIN batches AS b USING (batch_no)
JOIN arrivals AS a USING (sale)
WHERE (b.source IN ('till', 'form')) <> a.is_till
"""


def choose_pending_days(pairs: Collection[tuple[int, date]], most_pairs: int, pending: Collection[date]) -> set[date]:
    """The days to leave pending, so that at most `most_pairs` pairs are noted; more if the days do not suffice.

    pairs: new sales with their days. pending: the days that are pending already, of which any can be chosen.
    """
    chosen: set[date] = set()
    remaining = len(pairs)
    for day, count in sorted(Counter(day for _, day in pairs).items(), key=lambda each: (-each[1], each[0])):
        if remaining <= most_pairs:
            break
        if len(chosen | {*pending, day}) <= MAX_PENDING_DAYS:
            chosen.add(day)
            remaining -= count
    return chosen


def read_arrivals(memory: MemoryLedger, staged: Sequence[StagedBatch]) -> None:
    """Create `arrivals` (their sales), `store_days` (those that files contain completely), and `slice_sales`."""
    files: defaultdict[tuple[bool, bool, bool], list[str]] = defaultdict(list)
    for batch in staged:
        is_stated = batch.replaces == "store-day"
        files[batch.source in ("till", "form"), is_stated or batch.nameless, is_stated] += batch.accepted
    memory.cursor.execute(
        "CREATE TEMP TABLE arrivals (sale BIGINT, sale_date DATE, is_till BOOLEAN, "
        "region VARCHAR, store_id VARCHAR, is_whole BOOLEAN, is_stated BOOLEAN)"
    )
    for (is_till, is_whole, is_stated), paths in files.items():
        if paths:
            store = "region, store_id" if is_whole else "NULL, NULL"
            memory.cursor.execute(
                f"INSERT INTO arrivals SELECT DISTINCT sale, sale_date, {is_till}, {store}, {is_whole}, {is_stated} "
                "FROM read_parquet(?)",
                [paths],
            )
    memory.cursor.execute(
        "CREATE TEMP TABLE store_days AS SELECT DISTINCT region, store_id, sale_date FROM arrivals WHERE is_whole"
    )
    memory.cursor.execute("CREATE TEMP TABLE slice_sales AS SELECT DISTINCT sale FROM arrivals")


def sale_pairs(memory: MemoryLedger) -> set[Pair]:
    """The pairs of the sale index for the sales that arrive."""
    return set(memory.fetch("SELECT DISTINCT sale, sale_date FROM arrivals"))


def batch_pairs(memory: MemoryLedger, staged: Sequence[StagedBatch]) -> set[Pair]:
    """The other pairs, of batches and complete statements: a few for each batch."""
    pairs = {(index_hash("batch", batch.batch_id), received_date(batch.received_seq)) for batch in staged}
    pairs |= {(index_hash("bytes", b.sha256), received_date(b.received_seq)) for b in staged if b.sha256}
    stated = memory.column("SELECT DISTINCT sale_date FROM arrivals WHERE is_stated")
    return pairs | {(STATED_DAYS, day) for day in stated}


class LedgerSlice:
    """Loads the slice for one settlement; the staged files of the settlement must be local.

    memory: an empty ledger.
    """

    def __init__(self, memory: MemoryLedger, index: SaleIndex) -> None:
        self._memory, self._index = memory, index
        self._pairs: set[Pair] = set()
        self._sale_pairs: set[Pair] = set()
        self._pending: set[date] = set()
        self._stated_days: set[date] = set()
        self._elsewhere: set[int] = set()
        """Sales of other regions."""

    def load(self, settlement: Settlement) -> None:
        self._pending = {each.day for each in self._index.pending()}  # before `days`, as the index requires
        read_arrivals(self._memory, settlement.staged)
        self._pairs = batch_pairs(self._memory, settlement.staged)
        self._sale_pairs = sale_pairs(self._memory)
        self._load_batches(settlement)
        affected = self._affected_batches(settlement)
        if affected:
            self._add_sales_of_batches(affected)
        self._add_sales_of_store_days()
        self._add_sales_of_other_regions(settlement)
        checked = () if settlement.is_repetition else settlement.staged
        spelled = search_spellings(self._memory, checked)
        self._insert_hashes(spelled)
        sale_days = self._days_of_sales()
        self._load_sales(sale_days)
        self._load_referenced_batches()
        self._load_refusals()
        self._load_contents(sale_days)
        load_amounts(self._memory, self._elsewhere)
        load_facts(self._memory, checked, sale_days, spelled)
        for table, columns in (("sale_versions", "key, content, is_current, leads"), ("batches", CHANGED_COLUMNS)):
            self._memory.cursor.execute(f"CREATE TEMP TABLE loaded_{table} AS SELECT {columns} FROM {table}")

    def missing_pairs(self) -> tuple[list[Pair], list[date]]:
        """Pairs that the index lacks for the rows that arrive, and the days of other sales that it lacks."""
        days = choose_pending_days(self._sale_pairs, self._index.most_pairs, self._pending)
        pairs = self._pairs | {(sale, day) for sale, day in self._sale_pairs if day not in days}
        return sorted(pairs), sorted(days)

    # ---- batches ----------------------------------------------------------------------------------------------------

    def _load_batches(self, settlement: Settlement) -> None:
        """Load the batches named in the settlement, their corrections, and batches of the same bytes."""
        staged = settlement.staged
        ids = {*(b.batch_id for b in staged), *(b.parent for b in staged), *settlement.undo} - {""}
        bytes_received = {b.sha256 for b in staged} - {""}
        hashes = {index_hash("batch", batch) for batch in ids} | {index_hash("bytes", sha) for sha in bytes_received}
        days_by_hash = self._noted_days({*hashes, STATED_DAYS})
        self._stated_days = set(days_by_hash.pop(STATED_DAYS, ()))
        days = {day for days in days_by_hash.values() for day in days}
        self._memory.load("batches", days, {"batch_id": ids, "sha256": bytes_received})
        roots = self._memory.column("SELECT DISTINCT root_no FROM batches")
        self._memory.load("batches", days, {"root_no": roots, "batch_no": roots})

    def _affected_batches(self, settlement: Settlement) -> set[int]:
        """Batches whose sightings may count otherwise afterwards."""
        named = "SELECT batch_no FROM batches WHERE list_contains(?, batch_id)"
        undone = self._memory.column(named, list(settlement.undo))
        parents = [b.parent for b in settlement.staged if b.is_correction]
        corrected = self._memory.column(f"{named} AND replaces <> ''", parents)
        moved: set[int] = set()
        for batch in settlement.staged:
            if batch.sha256 and batch.is_file and not batch.as_new:
                moved |= self._memory.column(
                    "SELECT batch_no FROM batches WHERE NOT as_new AND sha256 = ? AND contract = ? AND place_seq > ?",
                    batch.sha256, batch.contract, batch.received_seq,
                )  # fmt: skip
        return undone | corrected | moved

    def _add_sales_of_batches(self, batches: Collection[int]) -> None:
        days = self._batch_days(batches)
        sightings = self._memory.reader.read("sightings", ("sale", "batch_no"), days, {"batch_no": batches})
        self._insert_sales("SELECT sale FROM slice_rows WHERE list_contains(?, batch_no)", sightings, list(batches))
        columns = ("region", "store_id", "sale_date", "whole", "batch_no")
        statements = self._memory.reader.read("statements", columns, days, {"batch_no": batches})
        self._memory.with_rows(
            statements,
            "INSERT INTO store_days SELECT DISTINCT region, store_id, sale_date FROM slice_rows "
            "WHERE whole = 'store-day' AND list_contains(?, batch_no)",
            list(batches),
        )

    def _batch_days(self, batches: Collection[int]) -> set[date]:
        named = "WHERE list_contains(?, batch_no)"
        received = self._memory.column(f"SELECT DISTINCT received_date FROM batches {named}", list(batches))
        rows = self._memory.reader.read("batch_days", ("batch_no", "sale_date"), received, {"batch_no": batches})
        return self._memory.with_rows(rows, f"SELECT DISTINCT sale_date FROM slice_rows {named}", list(batches))

    # ---- sales ------------------------------------------------------------------------------------------------------

    def _add_sales_of_store_days(self) -> None:
        days = self._memory.column("SELECT DISTINCT sale_date FROM store_days")
        if not days:
            return
        stores = self._memory.column("SELECT DISTINCT store_id FROM store_days")
        columns = ("sale", "region", "store_id", "sale_date")
        rows = self._memory.reader.read("sale_versions", columns, days, {} if None in stores else {"store_id": stores})
        same_day = "r.region = d.region AND r.store_id IS NOT DISTINCT FROM d.store_id AND r.sale_date = d.sale_date"
        self._insert_sales(f"SELECT r.sale FROM slice_rows AS r JOIN store_days AS d ON {same_day}", rows)

    def _add_sales_of_other_regions(self, settlement: Settlement) -> None:
        """Add the sales to which the check of other regions compares a sample of the files."""
        self._elsewhere = set() if settlement.is_repetition else search_sample(self._memory, settlement.staged)
        self._insert_hashes(self._elsewhere)

    def _insert_hashes(self, sales: Collection[int]) -> None:
        new = "SELECT sale FROM (SELECT UNNEST(?::BIGINT[]) AS sale) ANTI JOIN slice_sales USING (sale)"
        self._memory.cursor.execute(f"INSERT INTO slice_sales {new}", [list(sales)])

    def _load_sales(self, days: Collection[date]) -> None:
        sales = self._sales()
        of_slice = "sale IN (SELECT sale FROM slice_sales)"
        self._memory.load("sale_versions", days, {"sale": sales}, of_slice, columns=NARROW_COLUMNS)
        flags = self._memory.reader.read_flags(days, sales) if days else None
        if flags:
            self._memory.with_rows(flags, _LATEST_FLAGS)
        self._memory.load("sightings", days, {"sale": sales}, of_slice)
        stated = "scope IN (SELECT sale FROM slice_sales) OR whole = 'store-day'"
        arriving = self._memory.column("SELECT DISTINCT sale_date FROM arrivals") & self._stated_days
        self._memory.load("statements", {*days, *arriving}, {"scope": sales, "whole": ["store-day"]}, stated)

    def _load_contents(self, days: Collection[date]) -> None:
        """Load the other columns of sales that may be compared between a file and a till."""
        compared = self._memory.column(_COMPARED_SALES)
        if not compared:
            return
        others = [field.name for field in TABLES["sale_versions"] if field.name not in NARROW_COLUMNS]
        rows = self._memory.reader.read("sale_versions", ("key", "content", *others), days, {"sale": compared})
        values = ", ".join(f"{name} = s.{name}" for name in others)
        self._memory.with_rows(
            rows,
            f"UPDATE sale_versions SET {values} FROM slice_rows AS s "
            f"WHERE sale_versions.key = {KEY} AND sale_versions.content = s.content",
        )

    def _load_referenced_batches(self) -> None:
        tables = " UNION ".join(f"SELECT batch_no, received_date FROM {table}" for table in ("sightings", "statements"))
        missing = f"FROM ({tables}) ANTI JOIN batches USING (batch_no)"
        days = self._memory.column(f"SELECT DISTINCT received_date {missing}")
        self._memory.load("batches", days, {"batch_no": self._memory.column(f"SELECT batch_no {missing}")})

    def _load_refusals(self) -> None:
        """Load the rejected rows of complete statements, and the corrected rows that may replace them."""
        stating = self._memory.column("SELECT DISTINCT batch_no FROM statements")
        days = self._memory.column("SELECT DISTINCT received_date FROM statements")
        self._memory.load("refusals", days, {"batch_no": stating}, "batch_no IN (SELECT batch_no FROM statements)")
        if not self._memory.column("SELECT 1 FROM refusals LIMIT 1"):
            return
        self._memory.load("batches", days, {"root_no": stating})
        corrected = self._memory.column(
            "SELECT DISTINCT root_no FROM batches WHERE fix_number > 0 AND root_no IN (SELECT batch_no FROM refusals)"
        )
        if corrected:
            only = f"fix_number > 0 AND batch_no IN ({', '.join(map(str, corrected))})"
            self._memory.load("sightings", self._batch_days(corrected), {"batch_no": corrected}, only)

    def _sales(self) -> set[int]:
        return self._memory.column("SELECT sale FROM slice_sales")

    def _insert_sales(self, select: str, rows: pa.RecordBatchReader, *params: Any) -> None:
        new = f"SELECT DISTINCT sale FROM ({select}) ANTI JOIN slice_sales USING (sale)"
        self._memory.with_rows(rows, f"INSERT INTO slice_sales {new}", *params)

    def _days_of_sales(self) -> set[date]:
        sales = self._sales()
        days = {day for days in self._noted_days(sales).values() for day in days}
        others = self._pending - days
        if not others or not sales:
            return days
        rows = self._memory.reader.read("sightings", ("sale", "sale_date"), others, {"sale": sales})
        with_sales = "SELECT DISTINCT sale_date FROM slice_rows SEMI JOIN slice_sales USING (sale)"
        return days | self._memory.with_rows(rows, with_sales)

    def _noted_days(self, hashes: Collection[int]) -> dict[int, Collection[date]]:
        days_by_hash = dict(self._index.days(hashes))
        noted = {(number, day) for number, days in days_by_hash.items() for day in days}
        self._pairs -= noted
        self._sale_pairs -= noted
        return days_by_hash
