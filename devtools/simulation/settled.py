"""Read what the product settled since the last look, and settle the same batches in the books."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from devtools.simulation.books import Books, Changes
from devtools.simulation.company import Region, Sold, discarded, message_rows, row_of
from devtools.simulation.entries import Batch, Row
from devtools.simulation.home import Home
from tillstream.model.batch import Batch as Record
from tillstream.model.batch import BatchKind
from tillstream.model.document_json import JsonObject
from tillstream.records import batch_originals

SETTLED = "SELECT batch_id, settlement_no, undone_no, batch_no = root_no AS is_root FROM batches"


@dataclass
class Sent:
    """Everything that was sent, by the hash or text that the product keeps of it."""

    files: dict[str, tuple[Region, tuple[Sold, ...]]] = field(default_factory=dict)
    """sha256 of a file → its region and rows."""
    messages: dict[str, tuple[Region, tuple[Sold, ...]]] = field(default_factory=dict)
    """Text of a message → its region and lines."""
    corrections: list[tuple[str, set[str], dict[int, tuple[str, Sold]]]] = field(default_factory=list)
    """File, its corrections before, and the fixes of the next one."""


class Reader:
    """Follows a home with books."""

    def __init__(self, home: Home, books: Books, sent: Sent) -> None:
        self._home, self._books, self._sent = home, books, sent
        self.settlements = 0
        self.changes: dict[int, Changes] = {}
        """Settlement → what it changed."""
        self.records: dict[str, Record] = {}
        self._edited: dict[tuple[str, int], Sold] = {}

    def expect_correction(self, batch: str, before: set[str], fixes: dict[int, tuple[str, Sold]]) -> None:
        """A correction of a file is submitted next. before: the corrections that it has."""
        self._sent.corrections.append((batch, before, fixes))

    def row_now(self, batch: str, number: int) -> Sold:
        """A row of a file after its settled corrections: an edited row can be quarantined again."""
        rows = self._sent.files[self.records[batch].sha256][1]
        return self._edited.get((batch, number), rows[number - 1])

    def follow(self) -> None:
        """Enter all settlements since the last call. The order of settlements is the product's choice."""
        since = f"{SETTLED} WHERE settlement_no > {self.settlements} OR undone_no > {self.settlements}"
        rows = self._home.query(since)
        if not rows:
            return
        self.records = {record.batch_id: record for record in self._home.find_batches()}
        settled: dict[int, list[str]] = defaultdict(list)
        undone: dict[int, list[str]] = defaultdict(list)
        for row in rows:
            if row["settlement_no"] > self.settlements:
                settled[row["settlement_no"]].append(row["batch_id"])
            if row["undone_no"] and row["undone_no"] > self.settlements and row["is_root"]:
                undone[row["undone_no"]].append(row["batch_id"])
        for number in sorted(settled.keys() | undone.keys()):
            batches = [self._batch(self.records[name]) for name in settled[number]]
            self.changes[number] = self._books.settle(batches, undone[number])
            self.settlements = number

    def _batch(self, record: Record) -> Batch:
        if record.kind is BatchKind.STORE_SALES:
            return self._micro_batch(record)
        region, rows = self._sent.files[self.records[record.parent].sha256 if record.parent else record.sha256]
        entries = [row_of(region, row, number) for number, row in enumerate(rows, 1)]
        if record.kind is BatchKind.CORRECTION:
            entries = list(self._corrected(record, region))
        return Batch(
            record.batch_id,
            False,
            region.rules,
            region.whole,
            record.received_seq,
            entries,
            record.sha256,
            record.contract,
            record.parent,
            record.fix_number,
        )

    def _corrected(self, record: Record, region: Region) -> Iterator[Row]:
        for number, (how, sold) in self._fixes(record).items():
            self._edited[record.parent, number] = sold
            if how == "discard":
                yield discarded(region, sold, number, record.fix_number)
            else:
                yield row_of(region, sold, number, fix=record.fix_number, is_accepted=how == "accept")

    def _fixes(self, record: Record) -> dict[int, tuple[str, Sold]]:
        """The fixes of a correction. A file has one correction in a round, so the last expected one is meant."""
        expected = [each for each in self._sent.corrections if each[0] == record.parent]
        return next(fixes for _, before, fixes in reversed(expected) if record.batch_id not in before)

    def _micro_batch(self, record: Record) -> Batch:
        entries: list[Row] = []
        rules = "ask"
        for line in self.original(record):
            region, lines = self._sent.messages[line["message"]]
            rules = region.rules
            entries += message_rows(region, lines, len(entries) + 1, line["sequence"])
        return Batch(record.batch_id, True, rules, "sale", record.received_seq, entries)

    def original(self, record: Record) -> list[JsonObject]:
        """The stored messages of a micro-batch."""
        with batch_originals.open_original(self._home.plain.ports, record) as stream:
            return [json.loads(line) for line in stream.read().splitlines()]
