"""Records a movement and computes levels, and kills itself: `python -m faults.killed_stock HOME NOW STEP WHEN COUNT`.

STEP, WHEN, and COUNT select the port call, before or after it, and how many calls must come first.
"""

import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from faults.crashing_command import fuse_at
from stateful.crashes import with_crashes

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import build
from tillstream.domain.inventory.movements import Movement, MovementKind, MovementLine
from tillstream.inventory import levels, records
from tillstream.settings import Settings


def movement(now: datetime) -> Movement:
    line = MovementLine("A", Decimal(7))
    return Movement("killed", MovementKind.RECEIPT, "Testland", "S1", now.date(), (line,))


def main(home: str, now: str, step: str, when: str, count: str) -> None:
    clock = ManualClock(datetime.fromisoformat(now))
    settings = Settings(home=Path(home), threads=1, samples=False, project="")
    app = with_crashes(build(settings, clock), fuse_at(step, when, count))
    records.record(app.ports, [movement(clock.now())], by="ana")
    levels.refresh(app.ports)


if __name__ == "__main__":
    main(*sys.argv[1:])
