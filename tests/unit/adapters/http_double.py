"""A server of JSON answers, in place of a service that no emulator has."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tillstream.ports.jobs import ERROR_HEADER

Answer = tuple[int, Any]


@dataclass
class HTTPDouble:
    """address: without a trailing slash. requests: (method, path, JSON of the body) of what was received."""

    address: str
    requests: list[tuple[str, str, Any]] = field(default_factory=list)


@contextmanager
def serve(answer: Callable[[str, str, Any], Answer]) -> Iterator[HTTPDouble]:
    """answer: (method, path, JSON of the body) → (status, JSON)."""

    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = self.command, self.path, json.loads(body) if body[:1] == b"{" else None
            double.requests.append(request)
            status, data = answer(*request)
            content = json.dumps(data).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            if isinstance(data, dict) and "error" in data:
                self.send_header(ERROR_HEADER, str(data["error"]))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    double = HTTPDouble(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield double
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
