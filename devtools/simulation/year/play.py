"""Plays a year: each day's acts, power cuts, a restored backup, and the checks of days, weeks and months."""

import copy
import math
import pickle
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from random import Random

from devtools.simulation import clock
from devtools.simulation.entries import Difference
from devtools.simulation.year import checks, goods, tills, uploads
from devtools.simulation.year.acts import Acts
from devtools.simulation.year.process import Process
from devtools.simulation.year.report import Done, Month, fixed_task
from devtools.simulation.year.sales import Company, day_of
from devtools.simulation.year.world import World

EVENING = time_of_day(20)
POLL = 0.5
"""Seconds between looks whether everything is settled."""
OUTAGE = 1_000.0
"""Seconds of the simulated clock without power: more than a lease of a message."""
SENDERS = 3
"""Uploads at the same time."""
SETTLED_WITHIN = 600.0
"""Seconds until everything that was sent must be settled."""
PAUSED = "paused.pickle"
"""What a year that is paused continues with: its next day, the world, and what was done."""
REBUILT = 5_000_000
"""Lines up to which a warehouse is rebuilt: both ledgers are compared in memory."""


class Year:
    """A company on a home in a folder, which is empty or has a paused year. kills: power cuts, about."""

    def __init__(self, folder: Path, company: Company, kills: float = 20) -> None:
        self.folder, self.company = folder, company
        self.clock_file = folder / "clock"
        self._chance, self._restore = kills / company.days, min(company.days // 2 + 10, company.days - 2)
        self._lost_days = 0
        self._token = ""
        self.process = Process(folder / "home", self.clock_file)
        self.world = World(company)
        self.done = Done()

    def play(self, report: Callable[[str], None] = lambda _: None, minutes: float = math.inf) -> Done | None:
        """Play all days, or days for some minutes; then return None, and a new `Year` on the folder continues.

        report: takes the line of each month. Raises `Difference`.
        """
        until = time.monotonic() + 60 * minutes
        try:
            day = self._continue() if (self.folder / PAUSED).exists() else self._begin()
            kept: tuple[Path, World] | None = None
            while day < self.company.days:
                self._play_day(day)
                if day == self._restore - 3:
                    kept = self._backup()
                if day == self._restore and kept:
                    self._bring_back(*kept)
                    kept, day = None, self._restore - 3
                day += 1
                if day == self.company.days or day_of(day).day == 1:
                    self._end_of_month(day - 1, report)
                if time.monotonic() > until and day < self.company.days and not kept:
                    self._pause(day)
                    return None
            self.done.uploads, self.done.undone = len(self.world.batches), len(self.world.undone)
            return self.done
        finally:
            self.process.stop()

    def _begin(self) -> int:
        """Create the home; returns the first day."""
        (self.folder / "home" / "contracts").mkdir(parents=True)
        for number in range(self.company.regions):
            region = self.company.region(number)
            (self.folder / "home" / "contracts" / f"{region.name}.yaml").write_text(region.contract())
        self._move(0)
        goods.begin(self.process, self.company, self.folder)
        self.world.tills = tills.connect(self.process, self.company)
        self._token = uploads.make_token(self.process)
        return 0

    def _pause(self, day: int) -> None:
        state = (day, self.world, self.done, self._token, self._lost_days, self.process.port)
        (self.folder / PAUSED).write_bytes(pickle.dumps(state))

    def _continue(self) -> int:
        """Returns the next day. The file is removed: a year that does not end or pause cannot continue."""
        state = pickle.loads((self.folder / PAUSED).read_bytes())  # noqa: S301 - from this program
        day, self.world, self.done, self._token, self._lost_days, self.process.port = state
        if self.world.company != self.company:
            raise ValueError(f"{self.folder} has the paused year of another company: {self.world.company}")
        (self.folder / PAUSED).unlink()
        return int(day)

    def _move(self, day: int) -> None:
        at = datetime.combine(day_of(day) + timedelta(days=self._lost_days), EVENING, UTC)
        clock.move(self.clock_file, at)

    # ---- a day

    def _play_day(self, day: int) -> None:
        if not self.done.months or self.done.months[-1].last:
            self.done.months.append(Month(day))
        month = self.done.months[-1]
        random = Random(f"{self.company.seed} {day} {self.done.restores}")  # noqa: S311 - repeatable
        self._move(day)
        self.process.start()
        acts = Acts(self.process, self.world, self._token)
        names, undone = acts.plan(day, random)
        calls = [*map(acts.upload, names), *map(acts.undo, undone)]
        calls += [acts.send(till, day, random) for till in self.world.tills]
        random.shuffle(calls)
        start, before = time.monotonic(), self.process.used()
        cut = self._power_cut(Random(f"cut {self.company.seed} {day}"))  # noqa: S311 - repeatable
        with ThreadPoolExecutor(SENDERS) as senders:
            for each in [senders.submit(call) for call in calls]:
                each.result()
        if cut:
            cut.join()
        self._wait_until_settled()
        self._goods_of(day)
        used = self.process.used()
        month.seconds += time.monotonic() - start
        month.processor += used.seconds - before.seconds
        month.written += used.written - before.written
        moved = self.process.frame("query", "settlement-batches", after=str(self.world.settlement), limit=100_000)
        self.world.follow(moved)
        self.done.messages += acts.messages
        start = time.monotonic()
        self._nothing_is_lost(names, undone, acts.acknowledged)
        checks.check_days(self.process, self.world)
        self.done.days += 1
        if day % 7 == 6:
            self.done.stock += checks.check_stock(self.process, self.world)
            checks.check_lines(self.process, self.world, day - 1, day)
        self.world.close(day)
        month.fixed_tasks.append(fixed_task())
        month.checks += time.monotonic() - start

    def _power_cut(self, random: Random) -> threading.Timer | None:
        """Maybe end the server soon."""
        if random.random() >= self._chance:
            return None
        self.done.kills += 1

        def end() -> None:
            self.process.kill()
            clock.advance(self.clock_file, OUTAGE)

        cut = threading.Timer(random.uniform(0.02, 1.5), end)
        cut.start()
        return cut

    def _goods_of(self, day: int) -> None:
        arguments = (self.process, self.world.goods, self.company, self.folder, day)
        if day_of(day).day == 1:
            goods.set_costs(*arguments)
            goods.count(*arguments)
        elif day % 7 == 3:
            goods.deliver(*arguments)

    def _wait_until_settled(self) -> None:
        deadline = time.monotonic() + SETTLED_WITHIN
        while unfinished := self.process.unfinished():
            if time.monotonic() > deadline:
                raise Difference("work left", f"work is left: {unfinished}")
            time.sleep(POLL)

    def _nothing_is_lost(self, names: list[str], undone: list[str], acknowledged: set[str]) -> None:
        if missing := set(names) - set(self.world.batches.values()):
            raise Difference("lost files", f"files are lost: {sorted(missing)}")
        if missing := acknowledged - self.world.batches.keys():
            raise Difference("lost files", f"acknowledged uploads are lost: {sorted(missing)}")
        if missing := set(undone) - self.world.undone:
            raise Difference("undos", f"not undone: {sorted(missing)}")

    # ---- now and then

    def _backup(self) -> tuple[Path, World]:
        archive = self.folder / "backup.zip"
        self.process.until_done("backup", out=str(archive))
        return archive, copy.deepcopy(self.world)

    def _bring_back(self, archive: Path, world: World) -> None:
        """The disk is lost: the backup is restored, and the days after it are sent again."""
        self.process.stop()
        self.process.tillstream("restore", str(archive), "--replace")
        self.world = world
        self._lost_days += 3
        self.done.restores += 1
        archive.unlink()
        self._token = uploads.make_token(self.process)  # some days are played twice: the year is longer than 365 days

    def _end_of_month(self, last: int, report: Callable[[str], None]) -> None:
        month = self.done.months[-1]
        month.last = last
        days = range(month.first, last + 1)
        month.lines = sum(self.world.count((n, day)) for day in days for n in range(self.company.regions))
        start = time.monotonic()
        checks.check_costs(self.process, self.world, month.first, last)
        if day_of(last).month % 3 == 0 or last == self.company.days - 1:
            self.done.receipts += checks.check_receipts(self.process, self.world)
            if sum(each.lines for each in self.done.months) <= REBUILT:
                checks.check_rebuild(self.process)
                self.done.rebuilds += 1
        month.checks += time.monotonic() - start
        report(month.text())
