"""The simple emulator of Cloud Storage, with what it lacks of the real one that browsers and the pipeline need: CORS,
preconditions, generations in microseconds of the moment an object is whole, sessions that can be ended, and several
connections at once (a browser keeps some that say nothing).

Run by the emulator's own Python with its own arguments: python storage_emulator.py -d FOLDER start --host H --port P
"""

import io
import json
import mmap
import threading
import time
from base64 import b64encode
from http import HTTPStatus, server
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from gcp_storage_emulator import __main__ as program
from gcp_storage_emulator import server as emulator
from gcp_storage_emulator.exceptions import BadRequest
from gcp_storage_emulator.handlers import objects
from gcp_storage_emulator.storage import RESUMABLE_DIR, Storage

EXPOSED = "Content-Length, Content-Type, Range"
LONG = 1 << 20
"""Bytes of a file from which on it is mapped."""


class Handler(emulator.RequestHandler):
    """One request at a time is worked on; its bytes are waited for before that."""

    lock = threading.Lock()
    rfile: Any

    def do_GET(self) -> None:
        self._answer(super().do_GET)

    def do_POST(self) -> None:
        self._answer(super().do_POST)

    def do_PUT(self) -> None:
        self._answer(super().do_PUT)

    def do_DELETE(self) -> None:
        self._answer(super().do_DELETE)

    def do_OPTIONS(self) -> None:
        self.send_response(HTTPStatus.NO_CONTENT)
        self.send_header("Access-Control-Allow-Methods", "PUT, DELETE")
        self.send_header("Access-Control-Allow-Headers", self.headers.get("Access-Control-Request-Headers", ""))
        self.end_headers()

    def end_headers(self) -> None:
        if origin := self.headers.get("Origin"):
            self.send_header("Access-Control-Allow-Origin", origin)
            self.send_header("Access-Control-Expose-Headers", EXPOSED)
        super().end_headers()

    def _answer(self, work: Any) -> None:
        if length := int(self.headers.get("Content-Length") or 0):
            self.rfile = io.BytesIO(self.rfile.read(length))
        with self.lock:
            status = self._refused() or self._ended()
            if status:
                self.send_response(status, "Refused")
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                work()

    def _refused(self) -> int:
        """412 where a precondition does not hold, 404 where an older generation is asked for: it is not kept."""
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        target = parts.path.rpartition("/rewriteTo")[2]
        bucket, _, name = target.partition("/b/")[2].partition("/o")
        session = self.storage.resumable.get(query.get("upload_id"))
        known = session["name"] if session else query.get("name") or unquote(name.removeprefix("/"))
        if self.command == "POST" and not (known or session):
            known = self._told_name()
        live = self.storage.objects.get(unquote(bucket), {}).get(known, {}).get("generation", "0")
        if query.get("ifGenerationMatch", live) != live:
            return HTTPStatus.PRECONDITION_FAILED
        return HTTPStatus.NOT_FOUND if query.get("generation", live) != live else 0

    def _told_name(self) -> str:
        """Of the object that an upload begins with, told in its body."""
        body = self.rfile.read() if isinstance(self.rfile, io.BytesIO) else b""
        self.rfile = io.BytesIO(body)
        try:
            return str(json.loads(body).get("name", ""))
        except ValueError:
            return ""

    def _ended(self) -> int:
        """499: a session that was given up."""
        session = parse_qs(urlsplit(self.path).query).get("upload_id", [""])[0]
        if self.command != "DELETE" or not session:
            return 0
        self.storage.resumable.pop(session, None)
        return 499


class Kept(Storage):
    """An object's generation is made when it is whole, and no two are the same. Long files are appended to and mapped,
    not read whole for each piece."""

    last = 0

    def get_file_list(self, bucket: str, *which: Any, **more: Any) -> Any:
        """Also what the emulator of BigQuery exported, which writes files into the bucket's folder."""
        folder = self._store._disk_path(bucket)  # noqa: SLF001
        for path in sorted(folder.rglob("*.parquet")):
            name = path.relative_to(folder).as_posix()
            if name not in self.objects.get(bucket, {}):
                content = path.read_bytes()
                told = objects._make_object_resource("", bucket, name, "application/octet-stream", len(content))  # noqa: SLF001
                self.create_file(bucket, name, content, objects._checksums(content, told))  # noqa: SLF001
        return super().get_file_list(bucket, *which, **more)

    def get_file(self, bucket: str, name: str, show_error: bool = True) -> Any:  # noqa: FBT001, FBT002 - as inherited
        path = self._store._disk_path(self._object_path(bucket, name))  # noqa: SLF001
        if not path.is_file() or path.stat().st_size < LONG:
            return super().get_file(bucket, name, show_error)
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def add_to_resumable_upload(
        self, session: str, content: bytes, total_size: Any = None, expected_start: Any = None
    ) -> Any:
        path = self._store._disk_path(self._object_path(RESUMABLE_DIR, self.safe_id(session)))  # noqa: SLF001
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            if expected_start not in {None, file.tell()}:
                raise BadRequest(f"{file.tell()} bytes are kept, and these begin at {expected_start}.")
            file.write(content or b"")
            whole = total_size is not None and file.tell() >= total_size
        return self.get_file(RESUMABLE_DIR, self.safe_id(session), False) if whole else None

    def create_file(
        self, bucket: str, name: str, content: bytes, resource: dict[str, Any], session: Any = None
    ) -> None:
        Kept.last = max(Kept.last + 1, time.time_ns() // 1_000)
        link = resource["mediaLink"].replace(f"generation={resource['generation']}", f"generation={Kept.last}")
        resource.update(generation=str(Kept.last), mediaLink=link)
        super().create_file(bucket, name, content, resource, session)


def crc32c(content: Any) -> str:
    total = objects.google_crc32c.Checksum()
    for start in range(0, len(content), LONG):
        total.update(content[start : start + LONG])
    return b64encode(total.digest()).decode()


if __name__ == "__main__":
    emulator.RequestHandler, emulator.Storage = Handler, Kept
    objects._crc32c = crc32c  # noqa: SLF001
    emulator.server.HTTPServer = server.ThreadingHTTPServer
    program.main()
