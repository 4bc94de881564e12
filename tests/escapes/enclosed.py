"""Runs acts in a process behind the wall, and prints what became of each as JSON.

It may read the folder `readable` and write `scratch`. Input: names of `ACTS` or statements, as JSON. They run
in a DuckDB without any of its own locks.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from tillstream.adapters.local import enclosed_process

HOME, SYSTEM, PORT = os.environ.get("SECRET", ""), "/etc/passwd", int(os.environ.get("PORT", "0"))
READABLE, SCRATCH = Path("readable"), Path("scratch")
ACTS: dict[str, Callable[[], Any]] = {
    "read the allowed file": (READABLE / "allowed.txt").read_text,
    "write into the scratch folder": lambda: (SCRATCH / "x").write_text("x"),
    "read a secret": Path(HOME).read_text,
    "read a system file": Path(SYSTEM).read_text,
    "read its environment": Path("/proc/self/environ").read_bytes,
    "read its memory": Path("/proc/self/mem").read_bytes,
    "read its parent's environment": lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes(),
    "list a folder": lambda: os.listdir("/"),  # noqa: PTH208
    "write beside the allowed file": lambda: (READABLE / "new.txt").write_text("x"),
    "write over the allowed file": lambda: (READABLE / "allowed.txt").write_text("x"),
    "link a secret into the scratch folder": lambda: os.link(HOME, SCRATCH / "linked"),
    "read a secret through a link": lambda: (_link(), (SCRATCH / "link").read_text()),
    "remove a secret": Path(HOME).unlink,
    "truncate a secret": lambda: os.truncate(HOME, 0),
    "change the rights of a secret": lambda: Path(HOME).chmod(0o777),
    "a TCP connection": lambda: socket.create_connection(("127.0.0.1", PORT), 1),
    "a UDP socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "a Unix socket": lambda: socket.socket(socket.AF_UNIX),
    "a netlink socket": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "a pair of sockets": socket.socketpair,
    "another program": lambda: subprocess.run(["/bin/true"], check=True),
    "another process": os.fork,
    "a signal to the parent": lambda: os.kill(os.getppid(), 0),
    "memory of the parent": lambda: _call(310, os.getppid(), 0, 0, 0, 0, 0),
    "tracing the parent": lambda: _call(101, 16, os.getppid(), 0, 0),
    "a ring of asynchronous calls": lambda: _call(425, 1, 0),
    "a file descriptor of the parent": lambda: _call(434, os.getppid(), 0),
    "a name space": lambda: _call(272, 0x10000000),
    "a file by its handle": lambda: _call(304, -100, 0, 0),
}
NUMBERS_OF_X86_64 = {
    "memory of the parent",
    "tracing the parent",
    "a ring of asynchronous calls",
    "a file descriptor of the parent",
    "a name space",
    "a file by its handle",
}


def _link() -> None:
    (SCRATCH / "link").symlink_to(HOME)


def _call(number: int, *arguments: int) -> int:
    import ctypes

    answer = int(ctypes.CDLL(None, use_errno=True).syscall(number, *arguments))
    if answer < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return answer


def _statement(connection: duckdb.DuckDBPyConnection, text: str) -> Any:
    connection.execute(text)
    return connection.fetchall() if connection.description else None


def main() -> None:
    connection = duckdb.connect(":memory:", config={"threads": 1, "async_threads": 0})
    os.environ.clear()
    enclosed_process.limit_resources(2 << 30, 60, 1 << 20)
    print(json.dumps(enclosed_process.enclose([READABLE], SCRATCH)), flush=True)
    for task in json.loads(sys.stdin.readline()):
        try:
            done = ACTS[task]() if task in ACTS else _statement(connection, task)
            print(json.dumps(["done", repr(done)[:2000]]), flush=True)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is reported
            print(json.dumps(["failed", f"{type(error).__name__}: {error}"[:2000]]), flush=True)


if __name__ == "__main__":
    main()
