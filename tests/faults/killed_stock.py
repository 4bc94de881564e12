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
from tillstream.settings import Settings
from tillstream.stock import stored_levels, stored_movements
from tillstream.stock.movements import Movement, MovementKind, MovementLine


def movement(now: datetime) -> Movement:
    line = MovementLine("A", Decimal(7))
    return Movement("killed", MovementKind.RECEIPT, "Testland", "S1", now.date(), (line,))


def main(home: str, now: str, step: str, when: str, count: str) -> None:
    clock = ManualClock(datetime.fromisoformat(now))
    settings = Settings(home=Path(home), threads=1, samples=False, project="")
    app = with_crashes(build(settings, clock), fuse_at(step, when, count))
    stored_movements.record_movements(app.ports, [movement(clock.now())], by="ana")
    stored_levels.refresh_levels(app.ports)


if __name__ == "__main__":
    main(*sys.argv[1:])
