"""What happens on a day: files that arrive, are late, doubled, corrected or undone, and what tills send."""

import time
from collections.abc import Callable
from random import Random

import numpy as np

from devtools.simulation.year import tills, uploads
from devtools.simulation.year.process import Process
from devtools.simulation.year.sales import changed, csv_of, day_of, draw
from devtools.simulation.year.world import World
from tillstream.model.errors import Rejected

Act = Callable[[], object]


class Acts:
    """The acts of one day. token: for uploads."""

    def __init__(self, process: Process, world: World, token: str) -> None:
        self._process, self._world, self._token = process, world, token
        self._company = world.company
        self.acknowledged: set[str] = set()
        """Uploads that the server confirmed."""
        self.messages = 0

    def plan(self, day: int, random: Random) -> tuple[list[str], list[str]]:
        """Names of the files that arrive, and uploads that people undo."""
        world = self._world
        names = [name for at, name in world.late if at <= day]
        world.late = [(at, name) for at, name in world.late if at > day]
        settled = sorted({name for name in world.batches.values() if name in world.sent})
        uploads_by_name = sorted((name, batch) for batch, name in world.batches.items() if name in world.sent)
        open_uploads = [batch for _, batch in uploads_by_name if batch not in world.undone]
        for region in range(self._company.regions):
            name = self._file(region, day, random)
            if random.random() < 0.05:
                world.late.append((day + random.randint(1, 5), name))
            else:
                names.append(name)
            own = [name for name in settled if world.sent[name].place[0] == region]
            if own and random.random() < 0.06:
                names.append(random.choice(own))
            if own and random.random() < 0.05:
                names.append(self._correction(random.choice(own), random))
        undone = [batch for batch in open_uploads if random.random() < 0.02 / 7]
        return names, undone

    def _file(self, region: int, day: int, random: Random) -> str:
        """The file of a day. Half of the files repeat what tills sent."""
        own = [draw(self._company, self._company.stores_of(region), region, day)]
        if self._is_repeated(region, day):
            stores = [store for store, each in self._company.till_stores().items() if each == region]
            own += [draw(self._company, np.array([store], np.int32), region, day) for store in stores]
        contract = self._company.region(region)
        name = f"{contract.name}-{day_of(day)}"
        faulty = random.randint(0, 2) if not contract.whole and not contract.versioned else 0
        self._world.send(name, (region, day), np.concatenate(own), faulty)
        return name

    def _is_repeated(self, region: int, day: int) -> bool:
        return (region + day) % 2 == 0

    def _correction(self, name: str, random: Random) -> str:
        """A corrected file. What tills sent stays as it was."""
        sent = self._world.sent[name]
        first = name.partition("+")[0]
        number = sum(other.partition("+")[0] == first for other in self._world.sent)
        is_till = np.isin(sent.rows["store"], list(self._company.till_stores()))
        generator = np.random.default_rng(random.getrandbits(32))
        rows = changed(sent.rows[~is_till], generator, number + 1)
        new = f"{first}+{number}"
        self._world.send(new, sent.place, np.concatenate([rows, sent.rows[is_till]]))
        return new

    def upload(self, name: str) -> Act:
        sent = self._world.sent[name]
        region = self._company.region(sent.place[0])
        content = csv_of(region, sent.rows, sent.place[1], sent.faulty)

        def upload() -> None:
            self.acknowledged.add(uploads.upload(self._process, self._token, name, region.name, content))

        return upload

    def undo(self, batch: str) -> Act:
        def undo() -> None:
            try:
                self._process.until_done("undo", batch=batch)
            except Rejected as error:
                if "undone" not in str(error):  # else the server ended after it was done
                    raise

        return undo

    def send(self, till: tills.Till, day: int, random: Random) -> Act:
        """The sales of a day; a till that is offline keeps them, and sends them when it is back."""
        region = int(till.region[1:]) - 1
        rows = draw(self._company, np.array([till.store], np.int32), region, day)
        tills.record(till, rows, day)
        if not self._is_repeated(region, day) and len(rows) and random.random() < 0.5:
            again = rows[rows["sale"] == rows["sale"][0]].copy()
            again["quantity"] += 1
            again["version"] = 2
            tills.record(till, again, day)
        till.offline = till.offline - 1 if till.offline else random.choice([0] * 24 + [random.randint(1, 6)])
        is_repeated = random.random() < 0.05
        waits = till.offline > 0 and day < self._company.days - 1
        if not waits:
            self.messages += len(till.waiting)
            for at, sold in till.sold:
                self._world.sell((region, at), sold)
            till.sold.clear()

        def send() -> None:
            while not waits and till.waiting:
                self._process.start()
                try:
                    tills.send(self._process, till, is_repeated=is_repeated)
                except OSError:
                    time.sleep(0.05)

        return send
