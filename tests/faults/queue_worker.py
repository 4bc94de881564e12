"""One process that does all pending work of a project's functions and schedules: `python -m faults.queue_worker`.

`python -m faults.queue_worker STEP WHEN` kills itself, as `faults.crashing_command` does. The environment names the
project.
"""

import sys
from datetime import timedelta

from faults.crashing_command import fuse_at
from stateful.crashes import Fuse, with_crashes

from tillstream.app import build
from tillstream.operations import reconcile
from tillstream.server import worker
from tillstream.settings import Settings

LEASE = 10.0
"""Seconds: the shortest of Pub/Sub. Messages leased by a dead process are redelivered after this time."""


def main(*crash_at: str) -> None:
    worker.LEASE = LEASE
    app = with_crashes(build(Settings()), fuse_at(*crash_at) if crash_at else Fuse())
    shift = worker.Worker(app)
    shift.run_until_idle()
    reconcile.run_sweep(app.ports, app.contracts, patience=timedelta(0), delegate=bool(app.settings.project))
    shift.run_until_idle()
    app.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
