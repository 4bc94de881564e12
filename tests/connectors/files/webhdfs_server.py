"""A name node and a data node of WebHDFS over a folder, after Apache's documentation of the REST interface: LISTSTATUS,
GETFILESTATUS, and OPEN, which leads to the data node with 307."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

PREFIX = "/webhdfs/v1"
PASSWORD = "Basic dGlsbDpzZWNyZXQ="


class WebHdfsServer:
    """data_host: the name that redirects lead to. needs_password: only the user till with the password secret.
    data_error: the status with which the data node answers, if not 0. hosts: the Host header of each request."""

    def __init__(self, folder: Path, data_host: str = "datanode.test"):
        self.folder = folder
        self.data_host = data_host
        self.needs_password = False
        self.data_error = 0
        self.hosts: list[str] = []
        self.servers = [ThreadingHTTPServer(("127.0.0.1", 0), self._handler()) for _ in range(2)]
        for server in self.servers:
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        self.port, self.data_port = (server.server_port for server in self.servers)

    def close(self) -> None:
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        nodes = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                nodes.answer(self, unquote(parts.path.removeprefix(PREFIX)) or "/", query)

            def log_message(self, *args):
                """Nothing."""

        return Handler

    def answer(self, request: BaseHTTPRequestHandler, path: str, query: dict[str, str]) -> None:
        self.hosts.append(request.headers["Host"])
        target = self.folder / path.lstrip("/")
        if request.server is self.servers[1]:
            self._send_bytes(request, target, query)
        elif self.needs_password and request.headers["Authorization"] != PASSWORD:
            _send(request, 401, _exception("SecurityException", "Authentication required"))
        elif not target.exists():
            _send(request, 404, _exception("FileNotFoundException", f"File does not exist: {path}"))
        elif query["op"] == "GETFILESTATUS":
            _send(request, 200, {"FileStatus": _status(target, "")})
        elif query["op"] == "LISTSTATUS":
            entries = [(target, "")] if target.is_file() else [(each, each.name) for each in target.iterdir()]
            _send(request, 200, {"FileStatuses": {"FileStatus": [_status(*entry) for entry in entries]}})
        else:
            request.send_response(307)
            request.send_header("Location", f"http://{self.data_host}:{self.data_port}{request.path}")
            request.send_header("Content-Length", "0")
            request.end_headers()

    def _send_bytes(self, request: BaseHTTPRequestHandler, target: Path, query: dict[str, str]) -> None:
        if self.data_error:
            _send(request, self.data_error, _exception("IOException", "Could not obtain block"))
            return
        start = int(query["offset"])
        body = target.read_bytes()[start : start + int(query["length"])]
        request.send_response(200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)


def _status(target: Path, suffix: str) -> dict[str, object]:
    facts = target.stat()
    kind, size = ("FILE", facts.st_size) if target.is_file() else ("DIRECTORY", 0)
    return {"pathSuffix": suffix, "type": kind, "length": size, "modificationTime": facts.st_mtime_ns // 1_000_000}


def _exception(name: str, message: str) -> dict[str, object]:
    return {"RemoteException": {"exception": name, "javaClassName": f"java.{name}", "message": message}}


def _send(request: BaseHTTPRequestHandler, status: int, content: dict[str, object]) -> None:
    body = json.dumps(content).encode()
    request.send_response(status)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)
