"""A group of small companies in one home, so that a settlement takes what several of them sent.

Each company draws its own operations, rows and messages from its seed. The files of a region contain the rows of all
companies that have a file in this round. The group draws which of its files are undone or uploaded again, the order of
acts, and where the process ends.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from devtools.simulation import checks, goods
from devtools.simulation.books import Books
from devtools.simulation.clock import SimulatedClock
from devtools.simulation.company import PRODUCTS, REGIONS, Region, Sold, file_bytes, message_body
from devtools.simulation.crash_points import Crash, Fuse
from devtools.simulation.goods import Cost, Counted, Goods
from devtools.simulation.home import Home
from devtools.simulation.schedules import STEPS, Schedule
from devtools.simulation.settled import Reader, Sent
from tillstream.model.batch import Batch, BatchKind

RESTART = 7_200
"""Seconds after a crash: more than a lease of a message."""
CALLS = 250
"""Calls of ports in a round, about."""
Act = Callable[[], object]


@dataclass
class Tally:
    """What a run did. imports: of costs and counts. counted: products in stores."""

    schedules: int = 0
    batches: int = 0
    settlements: int = 0
    crashes: int = 0
    undone: int = 0
    corrections: int = 0
    quarantined: int = 0
    rows: int = 0
    imports: int = 0
    counted: int = 0

    def add(self, other: "Tally") -> None:
        """Add another tally to this one."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


class Group:
    """Plays the schedules of some seeds. number: decides what the group draws. crashes: how many it draws, about."""

    def __init__(self, folder: Path, number: int, seeds: Sequence[int], crashes: float = 3) -> None:
        self.clock = SimulatedClock()
        self.home = Home(folder, REGIONS, Fuse(), self.clock)
        self.sent, self.books, self.goods = Sent(), Books(), Goods()
        self.reader = Reader(self.home, self.books, self.sent)
        self.schedules = [Schedule(seed) for seed in seeds]
        self.home.import_catalogue("products", goods.products_csv())
        self.home.import_catalogue("stores", goods.stores_csv(self.schedules))
        self._crashes = crashes
        self._number = number

    def play(self) -> Tally:
        """Play all rounds and compare. Raises `Difference`."""
        try:
            for step in range(STEPS):
                self._play_round(step, Random(self._number * STEPS + step))  # noqa: S311 - repeatable
            self.home.sweep()
            self.reader.follow()
            checks.check(self.home, self.books, self.reader, self.sent)
            goods.check_goods(self.home, self.books, self.goods)
            return self._tally()
        finally:
            self.home.close()

    def _play_round(self, step: int, random: Random) -> None:
        """One operation of each company, then the worker."""
        if random.random() < self._crashes / STEPS:
            self.home.fuse.arm(random.randint(1, CALLS), is_after=random.random() < 0.5)
        acts = [*self._uploads(step), *self._messages(step, random), *self._corrections(step)]
        acts += [*self._counts(step), *self._costs(random), *self._acts_of_group(random)]
        random.shuffle(acts)
        middle = random.choice((0, 0, len(acts) // 2))
        for part in (acts[:middle], acts[middle:]):
            for act in part:
                while not self._survive(act):
                    pass  # the sender gets no answer, and tries again
                self.clock.advance(1)
            if part:
                self._survive(self.home.work)
        self.home.fuse.at = 0
        self.reader.follow()

    def _survive(self, act: Act) -> bool:
        """Whether the act ended without a crash; after a crash, the home is started again."""
        try:
            act()
        except Crash:
            self.clock.advance(RESTART)
            self.home.restart()
            return False
        return True

    # ---- acts

    def _uploads(self, step: int) -> list[Act]:
        rows_by_region: dict[Region, list[Sold]] = {}
        for schedule in self.schedules:
            if schedule.operations[step] in ("file", "repeat", "change"):
                upload = schedule.rows_of_file(schedule.operations[step])
                rows_by_region.setdefault(upload.region, []).extend(upload.rows)
        return [self._upload(region, rows) for region, rows in rows_by_region.items()]

    def _upload(self, region: Region, rows: Sequence[Sold]) -> Act:
        sha256 = hashlib.sha256(file_bytes(region, rows)).hexdigest()
        self.sent.files[sha256] = (region, tuple(rows))
        return lambda: self.home.upload(region, rows)

    def _messages(self, step: int, random: Random) -> list[Act]:
        senders = [each for each in self.schedules if each.operations[step] == "message"]
        messages = [message for schedule in senders for message in schedule.next_messages()]
        if not messages:
            return []
        random.shuffle(messages)
        bodies = [message_body(region, lines) for region, lines in messages]
        self.sent.messages |= {body.decode(): message for body, message in zip(bodies, messages, strict=True)}
        middle = random.randrange(len(bodies))
        return [partial(self.home.publish, part) for part in (bodies[:middle], bodies[middle:]) if part]

    def _corrections(self, step: int) -> list[Act]:
        """Corrections of files with quarantined rows of companies that look at them now."""
        fixes: dict[str, dict[int, tuple[str, Sold]]] = {}
        files = self._files()
        for schedule in self.schedules:
            if schedule.operations[step] != "fix":
                continue
            stores = {store for stores in schedule.stores.values() for store in stores}
            for record in files:
                rows = self.sent.files[record.sha256][1]
                outcomes = self.books.batches[record.batch_id].outcomes
                own = [n for n, row in enumerate(rows, 1) if row.store in stores and outcomes[n] == "quarantined"]
                fixes.setdefault(record.batch_id, {}).update(
                    {n: schedule.fix(self.reader.row_now(record.batch_id, n)) for n in own}
                )
        return [self._correction(batch, each) for batch, each in fixes.items() if each]

    def _counts(self, step: int) -> Iterator[Act]:
        """Counts of companies, in a file for each day."""
        counted: dict[str, list[Counted]] = defaultdict(list)
        for schedule in self.schedules:
            if schedule.operations[step] == "count":
                store, day, units = schedule.next_count()
                for product, each in zip(PRODUCTS, units, strict=False):
                    counted[day].append(Counted(schedule.region_of(store).name, store, day, product, each))
        for day, counts in counted.items():
            yield partial(self._count, day, counts)

    def _count(self, day: str, counts: Sequence[Counted]) -> None:
        self.home.import_counts(day, goods.counts_csv(counts))
        self.goods.count(counts)

    def _costs(self, random: Random) -> Iterator[Act]:
        """In half of the rounds, costs change."""
        if random.random() < 0.5:
            yield partial(self._set_costs, goods.new_costs(random))

    def _set_costs(self, costs: Sequence[Cost]) -> None:
        self.home.import_catalogue("costs", goods.costs_csv(costs))
        self.goods.set_costs(costs)

    def _correction(self, batch: str, fixes: dict[int, tuple[str, Sold]]) -> Act:
        region = self.sent.files[self.reader.records[batch].sha256][0]
        before = {each.batch_id for each in self.home.corrections(batch)}

        def correct() -> None:
            if len(self.home.corrections(batch)) == len(before) and self.home.is_in_ledger(batch):
                self.home.correct(batch, region, fixes)

        self.reader.expect_correction(batch, before, fixes)
        return correct

    def _acts_of_group(self, random: Random) -> list[Act]:
        """Undo a file, or upload the same bytes again."""
        files, chance, choice = self._files(), random.random(), random.random()
        if not files or chance > 0.5:
            return []
        record = files[int(choice * len(files))]
        if chance < 0.25:
            return [partial(self._undo, record.batch_id)]
        region, rows = self.sent.files[record.sha256]
        return [self._upload(region, rows)]

    def _undo(self, batch: str) -> None:
        if self.home.is_in_ledger(batch):
            self.home.undo(batch)

    def _files(self) -> list[Batch]:
        """Records of settled files that are not undone, oldest first."""
        records = (each for each in self.reader.records.values() if each.kind is BatchKind.UPLOAD)
        own = [each for each in records if each.batch_id in self.books.batches]
        own = [each for each in own if not self.books.batches[each.batch_id].is_undone]
        return sorted(own, key=lambda each: each.received_seq)

    def _tally(self) -> Tally:
        batches = self.books.batches.values()
        return Tally(
            schedules=len(self.schedules),
            batches=len(self.books.batches),
            settlements=self.reader.settlements,
            crashes=self.home.fuse.crashes,
            undone=sum(batch.is_undone for batch in batches),
            corrections=sum(bool(batch.parent) for batch in batches),
            quarantined=sum(outcome == "quarantined" for batch in batches for outcome in batch.outcomes.values()),
            rows=sum(len(batch.rows) for batch in batches),
            imports=self.goods.imports,
            counted=len(self.goods.counts),
        )
