"""Many groups of schedules, in several processes; the smallest part of a group that still fails."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from devtools.simulation.entries import Difference
from devtools.simulation.groups import Group, Tally
from tillstream import logs
from tillstream.settings import Settings

SIZE = 200
"""Companies of a group: the cost of a file hardly depends on how many companies it is of."""
MEMORY = Path("/dev/shm")  # noqa: S108 - homes in memory, removed after each group


@dataclass
class Outcome:
    """How a group ended.

    error: empty if the product and the books agree. kind: what differs, or the type of another error. seconds: of the
    processor.
    """

    number: int
    seeds: list[int]
    tally: Tally = field(default_factory=Tally)
    error: str = ""
    kind: str = ""
    seconds: float = 0

    @property
    def command(self) -> str:
        """The command that repeats the group."""
        seeds = ",".join(map(str, self.seeds))
        return f"python -m devtools.simulation schedules --group {self.number} --seeds {seeds}"


def seeds_of(number: int, size: int) -> list[int]:
    """The seeds of the companies of a group."""
    return list(range(number * size, (number + 1) * size))


def play(number: int, seeds: Sequence[int], crashes: float = 3) -> Outcome:
    """Play one group in a new home that is removed afterwards."""
    start = time.process_time()
    outcome = Outcome(number, list(seeds))
    memory = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory, prefix="tillstream-simulation-") as folder:
        try:
            outcome.tally = Group(Path(folder) / "home", number, seeds, crashes).play()
        except Difference as difference:
            outcome.error, outcome.kind = str(difference), difference.kind
            outcome.seeds = difference.seeds or outcome.seeds
        except Exception as error:  # noqa: BLE001 - the other groups go on, and the report names this one
            outcome.error, outcome.kind = repr(error), type(error).__name__
    outcome.seconds = time.process_time() - start
    return outcome


def smallest(failed: Outcome, seeds: Sequence[int], play_part: Callable[[int, Sequence[int]], Outcome]) -> Outcome:
    """The smallest part of a failing group that differs in the same way: the suspected companies, else halves.

    failed: the outcome of the group, with the suspected seeds. seeds: those of the whole group. The outcome is of
    another kind if the whole group does not differ in the same way again.
    """
    kind = failed.kind
    suspected = failed.seeds
    part = play_part(failed.number, suspected)
    if part.kind == kind:
        seeds = suspected
    else:
        part = play_part(failed.number, seeds)
    while len(seeds) > 1 and part.kind == kind:
        middle = len(seeds) // 2
        halves = ((half, play_part(failed.number, half)) for half in (seeds[:middle], seeds[middle:]))
        smaller = next(((half, outcome) for half, outcome in halves if outcome.kind == kind), None)
        if smaller is None:
            break
        seeds, part = smaller
    part.seeds = list(seeds)
    return part


def play_many(numbers: Sequence[int], size: int, workers: int, crashes: float = 3) -> Iterator[Outcome]:
    """Play groups, as they end."""
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=be_quiet) as pool:
        yield from pool.map(_play, [(number, size, crashes) for number in numbers])


def _play(group: tuple[int, int, float]) -> Outcome:
    number, size, crashes = group
    return play(number, seeds_of(number, size), crashes)


def be_quiet() -> None:
    """Log nothing: a schedule has hundreds of events."""
    logs.configure(Settings(project="", log_level="error"))


def cores() -> int:
    """Processes that run at the same time."""
    return os.cpu_count() or 1
