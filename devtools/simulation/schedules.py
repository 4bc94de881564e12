"""Small schedules: what happens to a company of three stores in two regions, each drawn from a seed."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random

from devtools.simulation.company import PRODUCTS, REGIONS, Region, Sold

DAYS = ("2025-12-29", "2025-12-30")
STEPS = 8
OPERATIONS = {"file": 4, "message": 6, "repeat": 2, "change": 3, "fix": 3, "count": 2, "nothing": 1}
"""Operations of one company, with their weights. Its group undoes files and uploads the same bytes again."""


@dataclass(frozen=True)
class Upload:
    """A file, or the part of one company in it."""

    region: Region
    rows: tuple[Sold, ...]


@dataclass
class Schedule:
    """The operations of one company. Its own random numbers decide them, whatever other companies do meanwhile."""

    seed: int
    random: Random = field(init=False)
    regions: tuple[Region, Region] = field(init=False)
    stores: dict[str, tuple[str, ...]] = field(init=False)
    operations: list[str] = field(init=False)
    uploads: list[Upload] = field(default_factory=list)
    messages: list[tuple[Region, tuple[Sold, ...]]] = field(default_factory=list)
    counted: set[tuple[str, str]] = field(default_factory=set)
    """Stores and days that were counted."""

    def __post_init__(self) -> None:
        self.random = Random(self.seed)  # noqa: S311 - repeatable
        first, second = self.random.sample(REGIONS, 2)
        self.regions = (first, second)
        self.stores = {first.name: (f"S{self.seed}a", f"S{self.seed}b"), second.name: (f"S{self.seed}c",)}
        drawn = self.random.choices(list(OPERATIONS), list(OPERATIONS.values()), k=STEPS - 1)
        self.operations = [self.random.choice(("file", "message")), *drawn]

    def region_of(self, store: str) -> Region:
        """The region of a store."""
        return next(region for region in self.regions if store in self.stores[region.name])

    # ---- files

    def rows_of_file(self, operation: str) -> Upload:
        """Its part of the next file of a region: new rows, those of an earlier file, or these with changes."""
        if operation == "file" or not self.uploads:
            upload = self.new_file()
        else:
            upload = self.random.choice(self.uploads)
            upload = self.changed_file(upload) if operation == "change" else upload
        self.uploads.append(upload)
        return upload

    def new_file(self) -> Upload:
        """A file of a day: the region's stores, with sales that a till may have sent as well."""
        region = self.random.choice(self.regions)
        day = self.random.choice(DAYS)
        rows: list[Sold] = []
        for store in self.stores[region.name]:
            for number in sorted(self.random.sample("1234", self.random.randint(0, 2))):
                rows += self._sale(store, day, number)
        for each, lines in self.random.sample(self.messages, min(len(self.messages), 1)):
            if each is region and self.random.random() < 0.6:
                is_equal = self.random.random() < 0.6
                rows += [line if is_equal else self._changed(line) for line in lines if not line.is_faulty]
        return Upload(
            region, self._with_fault(_once(region, rows) or self._sale(self.stores[region.name][0], day, "1"))
        )

    def changed_file(self, upload: Upload) -> Upload:
        """The file again: some rows differ, some are missing, and the order is another one."""
        kept = [row for row in upload.rows if self.random.random() < 0.85] or list(upload.rows)
        rows = [self._changed(row) if self.random.random() < 0.4 else row for row in kept]
        self.random.shuffle(rows)
        return Upload(upload.region, tuple(rows))

    def _with_fault(self, rows: list[Sold]) -> tuple[Sold, ...]:
        if len(rows) > 1 and self.random.random() < 0.3:
            number = self.random.randrange(len(rows))
            rows[number] = replace(rows[number], is_faulty=True)
        return tuple(rows)

    # ---- messages

    def next_messages(self) -> list[tuple[Region, tuple[Sold, ...]]]:
        """One to three messages in any order; some of them were sent before."""
        messages = [self.new_message() for _ in range(self.random.randint(1, 2))]
        if self.messages and self.random.random() < 0.3:
            messages.append(self.random.choice(self.messages))
        self.random.shuffle(messages)
        self.messages += messages
        return messages

    def new_message(self) -> tuple[Region, tuple[Sold, ...]]:
        """A sale of a till: a new one, or one of before with another version, which may be the lower one."""
        store = self.random.choice([store for stores in self.stores.values() for store in stores])
        number, version = self.random.choice("12345"), self.random.randint(0, 3)
        lines = [replace(line, version=version) for line in self._sale(store, self.random.choice(DAYS), number)]
        if self.random.random() < 0.08:
            lines[-1] = replace(lines[-1], is_faulty=True)
        return self.region_of(store), tuple(lines)

    # ---- stock

    def next_count(self) -> tuple[str, str, list[int]]:
        """Store, day and units of each product of the next count; no units if everything is counted."""
        places = [(store, day) for stores in self.stores.values() for store in stores for day in DAYS]
        open_places = [place for place in places if place not in self.counted]
        if not open_places:
            return "", "", []
        store, day = self.random.choice(open_places)
        self.counted.add((store, day))
        return store, day, [self.random.randint(0, 40) for _ in PRODUCTS]

    # ---- lines

    def _sale(self, store: str, day: str, number: str) -> list[Sold]:
        """The lines of a sale. A number belongs to one store and day, so a sale never changes its day, and no sale of
        another region looks the same."""
        number = f"{store[1:]}{number}{DAYS.index(day)}"
        products = self.random.sample(PRODUCTS, self.random.randint(1, 2))
        version = self.random.randint(1, 3)
        return [
            Sold(store, day, number, line, product, self.random.randint(1, 2), self._price(), version)
            for line, product in enumerate(products, 1)
        ]

    def _changed(self, row: Sold) -> Sold:
        """Another quantity or price. A file of versions may raise the version with it."""
        version = row.version + self.random.randint(0, 1)
        return replace(row, quantity=self.random.randint(1, 3), price=self._price(), version=version)

    def _price(self) -> Decimal:
        return self.random.choice((Decimal("2.50"), Decimal("3.10")))

    def fix(self, row: Sold) -> tuple[str, Sold]:
        """What a person does with a quarantined row: edit, accept or discard it; and the row after it."""
        how = self.random.choice(("edit", "edit", "discard" if row.is_faulty else "accept", "discard"))
        if how == "edit":
            row = replace(row, is_faulty=False, quantity=self.random.randint(1, 2))
        return how, row


def _once(region: Region, rows: list[Sold]) -> list[Sold]:
    """Each line once: conflicting rows of one file are a subject of the tests of the ledger."""
    by_key = {(row.store, row.number, row.line if region.numbered else row.product): row for row in rows}
    return list(by_key.values())
