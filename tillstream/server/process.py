"""How a process of ours begins and ends: what the interpreter and the libraries do by themselves takes time."""

import gc
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn


class Done(SystemExit):
    """A command did its work, said so and closed all that it opened."""


def begin() -> None:
    """Before the large libraries load.

    numpy's linear algebra, which nobody here asks for, would start a thread per core; and a garbage collector that
    looks through the young objects every 700 allocations finds none while modules load. Arrow's own allocator keeps for
    each thread what it frees, and blocks go from thread to thread: with the system's a load touches less fresh memory,
    which costs a tenth of its processor time.
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(50_000, 20, 20)


def interrupt_on_stop() -> None:
    """Whoever asks the process to stop (a service manager, a closed window) is answered as Ctrl-C is."""
    for name in ("SIGTERM", "SIGHUP", "SIGBREAK"):  # each system has some of them
        if asked := getattr(signal, name, None):
            signal.signal(asked, signal.default_int_handler)


def become(module: str, *arguments: str) -> NoReturn:
    """Run another program of Python in the place of this one, which ends here."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606 - no shell, our own words


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
