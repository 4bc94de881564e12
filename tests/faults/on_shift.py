"""What a project's functions and schedules do with all that waits, in one process: `python -m faults.on_shift`.

`python -m faults.on_shift STEP WHEN` kills itself, as in `faults.dying`. The environment names the project.
"""

import sys
from datetime import timedelta

from faults.dying import late
from stateful.crashes import Fuse, behind

from tillstream.app import build
from tillstream.server import worker
from tillstream.settings import Settings
from tillstream.workflows.operations import reconcile

LEASE = 10.0
"""Seconds: the shortest of Pub/Sub. What a dead process was lent comes again after so long."""


def main(*dying: str) -> None:
    worker.LEASE = LEASE
    app = behind(build(Settings()), late(*dying) if dying else Fuse())
    shift = worker.Worker(app)
    shift.run_until_idle()
    reconcile.run(app.ports, app.book, patience=timedelta(0), delegate=bool(app.settings.project))
    shift.run_until_idle()
    app.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
