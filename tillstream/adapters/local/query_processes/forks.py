"""The process that forks one for each statement: it has loaded the libraries, holds nothing else, has one thread."""

import os
import select
import signal
import socket
from collections.abc import Callable
from typing import BinaryIO

IDLE_SECONDS = 900
"""Without a statement for so long, the process ends; the next statement starts another."""


def fork_for_each(number: int, serve: Callable[[BinaryIO, BinaryIO], None]) -> None:
    """Fork a process for each pair of pipes that arrives, and kill those that are not needed any more.

    number: of the socket on which they arrive. serve: what a process does with its pipes, before it ends.
    The system gives the number of a process to another one only after `waitpid`, so no other process can be hit.
    """
    line = socket.socket(fileno=number)
    children: set[int] = set()
    while True:
        if not select.select([line], [], [], IDLE_SECONDS)[0] and not children:
            return
        message, ends, _, _ = socket.recv_fds(line, 16, 2)
        if message[:1] == b"f":
            pid = os.fork()
            if pid == 0:
                line.close()
                with os.fdopen(ends[0], "rb") as tasks, os.fdopen(ends[1], "wb") as answers:
                    try:
                        serve(tasks, answers)
                    finally:
                        os._exit(0)
            for end in ends:
                os.close(end)
            children.add(pid)
            line.send(pid.to_bytes(8, "big"))
        elif message[:1] == b"k":
            pid = int.from_bytes(message[1:], "big")
            if pid in children:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                children.discard(pid)
            line.send(b"k")
        else:  # the portal has ended
            for pid in children:
                os.kill(pid, signal.SIGKILL)
            return
