"""Processes that end with the one that started them."""

import multiprocessing
import signal
from threading import Thread


def end_with_parent() -> None:
    """End this process with its parent, also if that is killed."""
    Thread(target=_follow_parent, daemon=True).start()


def _follow_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        signal.raise_signal(signal.SIGTERM)
