"""Random schedules: what people, tills and a dying machine do to one small company, each drawn from a number.

A schedule is a list of (operation, number); an operation that finds nothing to work on does nothing, so that any part
of a schedule is a schedule again.
"""

import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any, Self

from stateful.checks import check
from stateful.crashes import POINTS, Crash
from stateful.operations import OPERATIONS
from stateful.system import System, running_system, unchanged

from tillstream.app import App
from tillstream.model.errors import Rejected

Step = tuple[str, int]


@dataclass(frozen=True)
class Schedule:
    seed: int
    numbered: bool
    steps: tuple[Step, ...]
    crashes: tuple[tuple[str, str], ...]
    bound: bool = False
    """Whether writers are bound to stores."""
    wide: bool = False
    """Whether sale numbers are unique in the region."""


@dataclass
class Tally:
    operations: Counter[str] = field(default_factory=Counter)
    crashes: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __iadd__(self, other: "Tally") -> Self:
        self.operations += other.operations
        self.crashes += other.crashes
        return self


def draw(seed: int, *, crashes: bool = True) -> Schedule:
    """The schedule of a number. Its crashes go round all points, so that neighbours meet each of them in turn."""
    rng = Random(seed)
    names = list(OPERATIONS)
    weights = [weight for weight, _ in OPERATIONS.values()]
    steps = [("file", rng.randrange(1 << 30))]
    steps += [(name, rng.randrange(1 << 30)) for name in rng.choices(names, weights, k=rng.randint(6, 14))]
    points = [POINTS[(seed * 4 + i) % len(POINTS)] for i in range(4)] if crashes and seed % 10 else []
    steps += [(name, rng.randrange(1 << 30)) for point in points for name in _wakes(point[0])]
    numbered, third = rng.random() < 0.4, seed % 3
    return Schedule(seed, numbered, tuple(steps), tuple(points), bound=third > 0, wide=third == 2)


def _wakes(step: str) -> list[str]:
    """Operations that a rare step needs."""
    for word, operations in (
        ("undo", ["undo"]),
        ("undone", ["undo"]),
        ("replayed", ["file", "work", "replay", "work", "replay", "work"]),
        ("held", ["file", "work", "another contract", "work"]),
        ("rejected", ["file", "work", "another contract", "work", "reject"]),
        ("batch.received", ["replay"]),
        ("receive", ["message", "work"]),
        ("sales.received", ["message", "work"]),
        ("sales.staged", ["message", "work"]),
        ("store-sales", ["message"]),
        ("sale-events", ["file", "work"]),
        ("contracts", ["contract edited", "file"]),
        ("user_scopes", ["admit"]),
    ):
        if step.endswith(word):
            return operations
    return ["file", "work"]


def run(
    schedule: Schedule,
    parent_folder: Path | None = None,
    replace_ports: Callable[[App], App] = unchanged,
    kind: type[System] = System,
) -> Tally:
    """Play it on a new home; raises AssertionError where anything differs from the model.

    parent_folder: the folder for homes. replace_ports, kind: as in `running_system`.
    """
    tally = Tally()
    with (
        tempfile.TemporaryDirectory(dir=parent_folder) as folder,
        running_system(
            Path(folder) / "home",
            numbered=schedule.numbered,
            replace_ports=replace_ports,
            kind=kind,
            wide=schedule.wide,
            people=Random(schedule.seed) if schedule.bound else None,
        ) as system,
    ):
        system.fuse.armed = list(schedule.crashes)
        for name, number in schedule.steps:
            try:
                done = OPERATIONS[name][1](system, Random(number))
            except Rejected:
                done = False
            except Crash:
                system.restart()
                _recover(system)
                done = True
            tally.operations[name] += done
            system.clock.advance(1)
        system.fuse.armed.clear()
        check(system)
        tally.crashes += system.fuse.hit
    return tally


def _recover(system: System) -> None:
    """Start again, sweep; the second crash of a schedule may happen meanwhile."""
    while True:
        try:
            system.wait()
        except Crash:
            system.restart()
        else:
            return


def smallest(schedule: Schedule, fails: Callable[[Schedule], Any]) -> Schedule:
    """Remove steps and crashes while the schedule still fails: the shortest schedule to debug."""
    for part in ("crashes", "steps"):
        index = 0
        while index < len(getattr(schedule, part)):
            items = getattr(schedule, part)
            shorter = replace(schedule, **{part: items[:index] + items[index + 1 :]})
            if fails(shorter):
                schedule = shorter
            else:
                index += 1
    return schedule
