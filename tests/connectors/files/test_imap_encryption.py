"""IMAP with TLS from the start, and after STARTTLS: the certificate is that of the host."""

import contextlib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from connectors.open_access import OpenAccess, open_source
from pymap_server import PASSWORD, serve

from tillstream.connectors.kinds.imap import KIND
from tillstream.model.errors import Rejected

NAMES = {"storage.test": "127.0.0.1", "other.test": "127.0.0.1"}


@pytest.fixture(scope="module")
def port(certificate: Path) -> Iterator[int]:
    process, result = serve("--cert", str(certificate), "--key", str(certificate))
    yield result
    process.terminate()
    process.wait()


@pytest.fixture(scope="module")
def tls_port(port: int, certificate: Path) -> Iterator[int]:
    """TLS from the start, in front of the server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with contextlib.suppress(OSError):  # closed at the end
            while True:
                client, _ = listener.accept()
                Thread(target=forward, args=(client,), daemon=True).start()

    def forward(client: socket.socket) -> None:
        with contextlib.suppress(OSError), client, socket.create_connection(("127.0.0.1", port)) as server:
            client.settimeout(5)
            with context.wrap_socket(client, server_side=True) as plain:
                back = Thread(target=pump, args=(server, plain), daemon=True)
                back.start()
                pump(plain, server)
                server.shutdown(socket.SHUT_RDWR)
                back.join(5)

    def pump(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while part := source.recv(1 << 16):
                target.sendall(part)

    Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


def sign_in(encryption: str, port: int, host: str = "storage.test") -> str:
    values = {"host": host, "port": str(port), "encryption": encryption, "user": "demouser", "password": "env:MAIL"}
    opened = open_source(KIND, OpenAccess({"env:MAIL": PASSWORD}, names=NAMES), **values)
    try:
        return opened.test()
    finally:
        opened.close()


@pytest.mark.parametrize("encryption", ["tls", "starttls"])
def test_the_certificate_of_the_host_is_accepted_and_others_are_not(
    encryption: str, port: int, tls_port: int, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = tls_port if encryption == "tls" else port
    with pytest.raises(Rejected, match=r"the certificate of storage\.test cannot be verified"):
        sign_in(encryption, number)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert sign_in(encryption, number).startswith(f"Connected to imap://storage.test:{number}/INBOX.")
    with pytest.raises(Rejected, match=r"the certificate of other\.test cannot be verified"):
        sign_in(encryption, number, "other.test")
