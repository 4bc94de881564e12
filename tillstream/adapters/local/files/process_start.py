"""Distinguish a running process from one that has ended, also after its number is used again."""

from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")


def process_start(pid: int) -> str:
    """When a process started, as text to compare: the system's clock ticks and the namespace of its number.

    Empty if the process does not run, or on systems other than Linux.
    """
    with suppress(OSError, ValueError, IndexError):
        # the name of the program, in parentheses, may contain spaces and parentheses itself
        after_name = (PROC / str(pid) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        return f"{_namespace()} {int(after_name[19])}"
    return ""


def has_ended(pid: int, start: str) -> bool:
    """Whether the process with this number and start has certainly ended; False where that is unknown."""
    if not start or start.partition(" ")[0] != _namespace():  # another container, or another system
        return False
    return process_start(pid) != start


def _namespace() -> str:
    with suppress(OSError):
        return str((PROC / "self/ns/pid").readlink())
    return ""
