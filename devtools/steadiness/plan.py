"""Which runs prove that the tests are steady: their order, their load, their date and their time zone."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice

MAKE_TARGETS = {"quick": "test", "system": "test-system"}
COUNTS = {"quick": 20, "system": 5}
EACH_LOADED = 4  # every fourth run


@dataclass(frozen=True)
class Moment:
    """An instant at which a run begins, empty for the true time, and the time zone of the machine."""

    name: str
    zone: str
    at: str = ""


MOMENTS = (
    Moment("29 February", "UTC", "2028-02-29T12:00+00:00"),
    Moment("clocks go forward soon", "Europe/Berlin", "2027-03-28T00:50+00:00"),
    Moment("31 December 23:30", "Europe/Berlin", "2027-12-31T22:30+00:00"),
    Moment("true time", "Asia/Kolkata"),
    Moment("tomorrow in the east", "Asia/Kolkata", "2027-01-15T18:35+00:00"),
    Moment("hour that repeats", "Europe/Berlin", "2027-10-31T00:50+00:00"),
    Moment("31 December 23:30", "UTC", "2027-12-31T23:30+00:00"),
    Moment("true time", "America/Los_Angeles"),
    Moment("clocks go forward soon", "America/New_York", "2027-03-14T06:50+00:00"),
    Moment("tomorrow in the east", "Asia/Tokyo", "2027-05-31T20:00+00:00"),
    Moment("hour that repeats", "America/New_York", "2027-11-07T05:50+00:00"),
    Moment("true time", "Europe/Berlin"),
    Moment("evening of 29 February", "America/New_York", "2028-03-01T03:00+00:00"),
    Moment("no midnight soon", "America/Santiago", "2027-09-05T03:50+00:00"),
    Moment("tomorrow in the east", "Pacific/Auckland", "2027-06-30T22:00+00:00"),
    Moment("true time", "UTC"),
    Moment("31 December 23:30", "America/New_York", "2028-01-01T04:30+00:00"),
    Moment("hour before midnight repeats", "America/Santiago", "2027-04-04T02:50+00:00"),
    Moment("midnight soon", "UTC", "2027-07-31T23:50+00:00"),
    Moment("true time", "Australia/Lord_Howe"),
)
"""The system tests have only the zones: servers, browsers and emulators besides Python keep the true time."""


@dataclass(frozen=True)
class Run:
    """One run of a make target; the seed is that of the order of the tests, and the name of the run."""

    kind: str
    seed: int
    moment: Moment
    is_loaded: bool
    part: str

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.seed}" + ("" if self.part == "0/1" else f"-{self.part.replace('/', '-of-')}")

    @property
    def options(self) -> str:
        """Options of pytest."""
        at = f" --at {self.moment.at}" if self.moment.at else ""
        return f"--randomly-seed={self.seed} --part {self.part}{at}"


def plan(kinds: tuple[str, ...], first_seed: int, part: str) -> Iterator[Run]:
    """Yield the runs in order."""
    for kind in kinds:
        moments = MOMENTS if kind == "quick" else [moment for moment in MOMENTS if not moment.at]
        for number, moment in enumerate(islice(cycle(moments), COUNTS[kind])):
            # not the fourth, which is at the true time, but each time another kind of moment
            is_loaded = number % EACH_LOADED == (number // EACH_LOADED) % EACH_LOADED
            yield Run(kind, first_seed + number, moment, is_loaded, part)
