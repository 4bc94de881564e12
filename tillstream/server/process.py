"""How a process of ours begins and ends: what the interpreter and the libraries do by themselves takes time."""

import gc
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
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


STOPS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""How Ctrl-C, a service manager or a closed window asks a process to stop; each system has some of them."""


def interrupt_on_stop() -> None:
    """Answer each of `STOPS` as Ctrl-C is answered."""
    _answer_stops_with(signal.default_int_handler)


class HeldStops:
    """From now on a request to stop waits for `until_asked`: a process whose threads half started would never end."""

    def __init__(self) -> None:
        self._asked = self._interrupts = False
        _answer_stops_with(self._ask)

    def until_asked(self, work: Callable[[], object]) -> None:
        """Do the work until a request interrupts it; none of it where one waits already."""
        with suppress(KeyboardInterrupt):
            try:
                self._interrupts = True
                if not self._asked:
                    work()
            finally:
                self._interrupts = False

    def _ask(self, *_: object) -> None:
        self._asked = True
        if self._interrupts:
            raise KeyboardInterrupt


def _answer_stops_with(handler: Callable[[int, FrameType | None], Any]) -> None:
    for name in STOPS:
        asked = getattr(signal, name, None)
        if asked and signal.getsignal(asked) is not signal.SIG_IGN:  # nohup ignores one, a shell's & another
            signal.signal(asked, handler)


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
