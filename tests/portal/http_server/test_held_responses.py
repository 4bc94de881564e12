"""A response that stays open: its reader may be slow, and what it is sent does not pile up."""

import socket
import threading
from collections.abc import Callable
from typing import Any

from threads import close_server, join_thread

from portal.live import HOLD
from tillstream.server.http_server import Connections, HeldResponse, create_http_server

PATIENCE = 30.0
MUCH = b"x" * (1 << 20)


class NoStreams:
    def end(self, seconds: float = 0) -> None:
        pass


def test_a_reader_who_does_not_read_is_seen_and_loses_the_connection_at_the_end() -> None:
    held: list[HeldResponse] = []
    began = threading.Event()

    def begin(response: HeldResponse) -> None:
        held.append(response)
        began.set()

    def answer(environ: Any, start_response: Callable[..., Any]) -> Any:
        environ[HOLD](begin)
        start_response("200 OK", [])
        return iter((b"first",))

    connections = Connections()
    waitress = create_http_server(answer, NoStreams(), connections, threads=1, host="127.0.0.1", port=0)
    thread = threading.Thread(target=waitress.run, daemon=True)
    thread.start()
    try:
        with socket.create_connection(("127.0.0.1", waitress.effective_port), PATIENCE) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n")
            assert began.wait(PATIENCE)
            written = 0
            while held[0].is_read:
                held[0].write(MUCH)
                written += len(MUCH)
            held[0].end()
            received = 0
            try:
                while part := client.recv(1 << 20):
                    received += len(part)
            except ConnectionResetError:
                pass
            assert received < written + len(MUCH)
            assert not held[0].is_open
    finally:
        close_server(waitress)
        join_thread(thread)
