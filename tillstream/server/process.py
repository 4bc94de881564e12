"""Start and end of our processes: avoid slow defaults of the interpreter and the libraries."""

import gc
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any, NoReturn

STDERR = 2
INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells report it."""
STOP_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""Signals of Ctrl-C, a service manager or a closed window; each system has some of them."""


class Done(SystemExit):
    """The command is complete, its output is printed and all resources are closed."""


def begin() -> None:
    """Configure the process; call before the large libraries are imported.

    Limits OpenBLAS, which is unused here but would start a thread per core. Raises the GC threshold during imports, as
    a collection finds nothing to free then. Uses the system allocator for Arrow: Arrow's own keeps freed memory for the
    same thread, but blocks move between threads, and the fresh memory costs a tenth of the CPU time of a load.
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(50_000, 20, 20)


def interrupt_on_stop() -> None:
    """Raise `KeyboardInterrupt` on each of `STOP_SIGNALS`."""
    _handle_stops_with(signal.default_int_handler)


class _InterruptExit:
    """Signal handler that prints one sentence and ends the process at once.

    Exceptions could be swallowed or reported by any library that is interrupted. Every command can be killed at any
    moment without a loss, so nothing has to be cleaned up.
    """

    def __init__(self, advice: Callable[[], str]) -> None:
        self._advice = advice

    def __call__(self, *_: object) -> NoReturn:
        # not sys.stderr: the interrupted code may be writing to it
        restored = "\x1b[?25h\n" if os.isatty(STDERR) else ""  # a progress bar hides the cursor
        os.write(STDERR, f"{restored}Interrupted. {self._advice()}".strip(" ").encode() + b"\n")
        os._exit(INTERRUPTED)


def exit_on_interrupt() -> None:
    """End the process with one sentence on Ctrl-C; also on the first one during imports."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _InterruptExit(str))


def advise_on_interrupt(advice: Callable[[], str]) -> None:
    """Print `advice` too, if Ctrl-C ends the process; no effect in a process that handles Ctrl-C otherwise."""
    if isinstance(signal.getsignal(signal.SIGINT), _InterruptExit):
        signal.signal(signal.SIGINT, _InterruptExit(advice))


class DeferredStops:
    """Defers stop signals until `run_until_stopped`; a process with half-started threads would never end."""

    def __init__(self) -> None:
        self._stop_requested = self._interrupts = False
        _handle_stops_with(self._on_stop)

    def run_until_stopped(self, work: Callable[[], object]) -> None:
        """Run `work` until a stop signal interrupts it; skip it if one is pending."""
        with suppress(KeyboardInterrupt):
            try:
                self._interrupts = True
                if not self._stop_requested:
                    work()
            finally:
                self._interrupts = False

    def _on_stop(self, *_: object) -> None:
        self._stop_requested = True
        if self._interrupts:
            raise KeyboardInterrupt


def _handle_stops_with(handler: Callable[[int, FrameType | None], Any]) -> None:
    for name in STOP_SIGNALS:
        number = getattr(signal, name, None)
        # Ignored signals stay ignored: nohup ignores SIGHUP, a shell's & ignores SIGINT.
        if number and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def exec_module(module: str, *arguments: str) -> NoReturn:
    """Replace this process by another Python module."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606 - no shell, our own arguments


def until_done(main: Callable[[], Any]) -> None:
    """Run the command line and exit at once when a command is done.

    Interpreter shutdown with the data frame libraries and a few hundred megabytes takes longer than many commands.
    """
    try:
        main()
    except Done as done:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(str(done.code)))
