"""The real command line, which kills itself: `python -m faults.crashing_command STEP WHEN COUNT ARGUMENT…`.

STEP, WHEN, and COUNT select the port call, before or after it, and how many calls must come first.
"""

import os
import signal
import sys

from stateful.crashes import Fuse, with_crashes

from tillstream import app
from tillstream.cli import main as cli_main


class LateFuse(Fuse):
    """Burns when a point is passed for the `left`-th time."""

    left = 1

    def passes(self, step: str, when: str) -> None:
        if (step, when) in self.armed:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def fuse_at(step: str, when: str, count: str = "1") -> LateFuse:
    fuse = LateFuse(armed=[(step, when)])
    fuse.left = int(count)
    return fuse


def main(step: str, when: str, count: str, *arguments: str) -> None:
    build, fuse = app.build, fuse_at(step, when, count)
    app.build = lambda *args, **options: with_crashes(build(*args, **options), fuse)
    cli_main.main(list(arguments))


if __name__ == "__main__":
    main(*sys.argv[1:])
