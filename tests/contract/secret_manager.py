"""A server that answers as Secret Manager's API: `projects/PROJECT/secrets/NAME/versions/latest:access`."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BROKEN = "broken"
"""The value of a secret for which the server answers with an error."""


@dataclass(frozen=True)
class SecretManager:
    """values: name of each secret of every project → its value."""

    address: str
    values: dict[str, str]


class _Handler(BaseHTTPRequestHandler):
    values: dict[str, str]

    def do_GET(self) -> None:
        name = self.path.partition("/secrets/")[2].removesuffix("/versions/latest:access")
        value = self.values.get(name)
        body = b"{}" if value is None else _payload(value)
        self.send_response(404 if value is None else 500 if value == BROKEN else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None: ...


def _payload(value: str) -> bytes:
    return json.dumps({"payload": {"data": base64.b64encode(value.encode()).decode()}}).encode()


@contextmanager
def secret_manager() -> Iterator[SecretManager]:
    handler = type("Handler", (_Handler,), {"values": {}})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield SecretManager(f"http://127.0.0.1:{server.server_port}", handler.values)  # type: ignore[attr-defined]
        server.shutdown()
        thread.join()
