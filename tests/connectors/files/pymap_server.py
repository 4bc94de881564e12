"""A server of IMAP in a process of its own, with the user demouser and an empty mailbox in memory."""

import socket
import subprocess
import sys
import time
from pathlib import Path

PASSWORD = "demopass"


def serve(*options: str) -> tuple[subprocess.Popen[bytes], int]:
    """Start it, and return its process and port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("pymap")), "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen([*command, *options, "dict"], stderr=subprocess.DEVNULL)
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return process, port
    raise TimeoutError("pymap did not start")
