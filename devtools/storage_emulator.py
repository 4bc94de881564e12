"""The Cloud Storage emulator with additions that browsers and the pipeline need: CORS, preconditions, generations in
microseconds of the time an object is complete, cancellation and checksums of resumable uploads, and concurrent
connections (browsers keep idle ones open).

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
LARGE = 1 << 20
"""Size in bytes from which a file is memory-mapped."""


class Handler(emulator.RequestHandler):
    """Processes one request at a time, after receiving its whole body."""

    lock = threading.Lock()
    rfile: Any

    def do_GET(self) -> None:
        self._process(super().do_GET)

    def do_POST(self) -> None:
        self._process(super().do_POST)

    def do_PUT(self) -> None:
        self._process(super().do_PUT)

    def do_DELETE(self) -> None:
        self._process(super().do_DELETE)

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

    def _process(self, work: Any) -> None:
        if length := int(self.headers.get("Content-Length") or 0):
            self.rfile = io.BytesIO(self.rfile.read(length))
        with self.lock:
            self._read_what_is_ignored()
            status = self._failed_condition() or self._cancelled_upload()
            if status:
                self.send_response(status, "Refused")
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                work()

    def _read_what_is_ignored(self) -> None:
        """Pass to the storage what the emulator ignores: the first and last name of a listing, and the crc32c of the
        whole in the last request of a resumable upload."""
        query = parse_qs(urlsplit(self.path).query)
        self.storage.offsets = query.get("startOffset", [""])[0], query.get("endOffset", [""])[0]
        self.storage.crc32c = (self.headers.get("X-Goog-Hash") or "").removeprefix("crc32c=")

    def _failed_condition(self) -> int:
        """Return 412 if a precondition fails, 404 for an older generation (they are not stored), else 0."""
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        target = parts.path.rpartition("/rewriteTo")[2]
        bucket, _, name = target.partition("/b/")[2].partition("/o")
        session = self.storage.resumable.get(query.get("upload_id"))
        object_name = session["name"] if session else query.get("name") or unquote(name.removeprefix("/"))
        if self.command == "POST" and not (object_name or session):
            object_name = self._name_in_body()
        live_generation = self.storage.objects.get(unquote(bucket), {}).get(object_name, {}).get("generation", "0")
        if query.get("ifGenerationMatch", live_generation) != live_generation:
            return HTTPStatus.PRECONDITION_FAILED
        return HTTPStatus.NOT_FOUND if query.get("generation", live_generation) != live_generation else 0

    def _name_in_body(self) -> str:
        """Return the object name in the JSON body that starts an upload."""
        body = self.rfile.read() if isinstance(self.rfile, io.BytesIO) else b""
        self.rfile = io.BytesIO(body)
        try:
            return str(json.loads(body).get("name", ""))
        except ValueError:
            return ""

    def _cancelled_upload(self) -> int:
        """Cancel a resumable upload if the request does so and return 499, else 0."""
        session = parse_qs(urlsplit(self.path).query).get("upload_id", [""])[0]
        if self.command != "DELETE" or not session:
            return 0
        self.storage.resumable.pop(session, None)
        return 499


class PatchedStorage(Storage):
    """Storage with unique generations, set when an object is complete; large files are appended to and memory-mapped
    instead of read for each chunk."""

    last = 0
    offsets = "", ""
    """Of the present request: the first name to list, and the first after those."""
    crc32c = ""
    """Of the present request: what the sender computed, in base64; empty if it did not."""

    def get_file_list(self, bucket: str, *which: Any, **more: Any) -> Any:
        """List objects, including exports that the BigQuery emulator writes as files into the bucket's folder."""
        folder = self._store._disk_path(bucket)  # noqa: SLF001
        for path in sorted(folder.rglob("*.parquet")):
            name = path.relative_to(folder).as_posix()
            if name not in self.objects.get(bucket, {}):
                content = path.read_bytes()
                resource = objects._make_object_resource("", bucket, name, "application/octet-stream", len(content))  # noqa: SLF001
                self.create_file(bucket, name, content, objects._checksums(content, resource))  # noqa: SLF001
        start, end = self.offsets
        files, prefixes = super().get_file_list(bucket, *which, **more)
        return [file for file in files if start <= file["name"] and (not end or file["name"] < end)], prefixes

    def get_file(self, bucket: str, name: str, show_error: bool = True) -> Any:  # noqa: FBT001, FBT002 - as inherited
        path = self._store._disk_path(self._object_path(bucket, name))  # noqa: SLF001
        if not path.is_file() or path.stat().st_size < LARGE:
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
            complete = total_size is not None and file.tell() >= total_size
        return self.get_file(RESUMABLE_DIR, self.safe_id(session), False) if complete else None

    def create_file(
        self, bucket: str, name: str, content: bytes, resource: dict[str, Any], session: Any = None
    ) -> None:
        if session and self.crc32c and self.crc32c != resource["crc32c"]:
            self.resumable.pop(session, None)
            raise BadRequest(f"The crc32c is {resource['crc32c']}, not {self.crc32c}.")
        PatchedStorage.last = max(PatchedStorage.last + 1, time.time_ns() // 1_000)
        link = resource["mediaLink"].replace(
            f"generation={resource['generation']}", f"generation={PatchedStorage.last}"
        )
        resource.update(generation=str(PatchedStorage.last), mediaLink=link)
        super().create_file(bucket, name, content, resource, session)


def crc32c(content: Any) -> str:
    total = objects.google_crc32c.Checksum()
    for start in range(0, len(content), LARGE):
        total.update(content[start : start + LARGE])
    return b64encode(total.digest()).decode()


if __name__ == "__main__":
    emulator.RequestHandler, emulator.Storage = Handler, PatchedStorage
    objects._crc32c = crc32c  # noqa: SLF001
    emulator.server.HTTPServer = server.ThreadingHTTPServer
    program.main()
