"""How a process of ours begins and ends: what the interpreter and the libraries do by themselves takes time."""

import gc
import os
import sys
from collections.abc import Callable
from typing import Any


class Done(SystemExit):
    """A command did its work, said so and closed all that it opened."""


def begin() -> None:
    """Before the large libraries load.

    numpy's linear algebra, which nobody here asks for, would start a thread per core; and a garbage collector that
    looks through the young objects every 700 allocations finds none while modules load.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(50_000, 20, 20)


def until_done(main: Callable[[], Any]) -> None:
    """Run the command line; a command that is done ends at once.

    Taking the frame libraries and a few hundred megabytes apart would take longer than many commands do.
    """
    try:
        main()
    except Done as done:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(str(done.code)))
