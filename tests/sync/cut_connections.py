"""A connection between a home and its head office that is cut at a random byte, on its way there or back."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from random import Random

from threads import join_thread

PIECE = 4_096
FAR = 1 << 60


class CuttingProxy:
    """Forwards connections to a port of this machine; a share of them breaks after a random number of bytes."""

    def __init__(self, port: int, rng: Random, share: float) -> None:
        self._to, self._rng, self._share = port, rng, share
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.cut = self.accepted = 0
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in (self._accepting, *self._threads):
            join_thread(thread)

    def _accept(self) -> None:
        while True:
            try:
                home, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            there, back = FAR, FAR
            if self._rng.random() < self._share:
                self.cut += 1
                there, back = self._rng.choice([(self._rng.randrange(2_000), FAR), (FAR, self._rng.randrange(400))])
            thread = threading.Thread(target=self._connect, args=(home, there, back), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _connect(self, home: socket.socket, there: int, back: int) -> None:
        with home, suppress(OSError), socket.create_connection(("127.0.0.1", self._to)) as office:
            answering = threading.Thread(target=self._forward, args=(office, home, back), daemon=True)
            answering.start()
            self._forward(home, office, there)
            join_thread(answering)

    def _forward(self, source: socket.socket, target: socket.socket, most: int) -> None:
        """Forward until the end, or break both after `most` bytes."""
        with suppress(OSError):
            while data := source.recv(min(PIECE, max(most, 1))):
                target.sendall(data[:most])
                most -= len(data)
                if most <= 0:
                    for end in (source, target):
                        end.shutdown(socket.SHUT_RDWR)
                    return
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)


@contextmanager
def cutting(port: int, rng: Random, share: float = 0.3) -> Iterator[CuttingProxy]:
    with closing(CuttingProxy(port, rng, share)) as proxy:
        yield proxy
