"""The server is killed during an upload: acknowledged bytes are stored, and the client continues from there."""

import base64
import re
import signal
import time
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from app_factory import build
from test_server import Server

from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.records import batch_records
from tillstream.settings import Settings

PASSWORD = "correct horse battery"
PIECE = 20_000
HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


class Browser:
    """Keeps cookies, sends the session's token, and answers errors as answers."""

    def __init__(self) -> None:
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self.base = ""
        self.token = ""

    def call(self, method: str, path: str, data: bytes | None = None, **headers: Any) -> tuple[int, Any, str]:
        request_headers = {name.replace("_", "-"): str(value) for name, value in headers.items()} | {
            "X-CSRFToken": self.token
        }
        request = urllib.request.Request(self.base + path, data, request_headers, method=method)
        try:
            with self._opener.open(request, timeout=60) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read().decode()

    def sign_in(self, server: Server) -> None:
        self.base = f"http://127.0.0.1:{server.port}"
        self._learn("/sign-in")
        form = {"login": "ann", "password": PASSWORD, "csrf_token": self.token}
        assert self.call("POST", "/sign-in", urlencode(form).encode())[0] == 200
        self._learn("/password")

    def _learn(self, path: str) -> None:
        match = re.search(r'name="csrf-token" content="([^"]+)"', self.call("GET", path)[2])
        assert match
        self.token = match[1]


def _upload_metadata(**values: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


def test_a_server_killed_between_pieces_goes_on_where_it_was(tmp_path: Path) -> None:
    home = tmp_path / "home"
    app = build(Settings(home=home, samples=False, threads=1))
    accounts.add_account(app.ports, "ann", "Ann", Role.ADMIN, password=PASSWORD)
    app.close()
    rows = [f"58{number:04},22423,CAKESTAND,2,12/5/2011 9:02,12.75,17850,United Kingdom\n" for number in range(1_000)]
    data, browser = (HEAD + "".join(rows)).encode(), Browser()
    pieces = range(0, len(data), PIECE)
    assert len(pieces) > 2
    server = Server(home)
    browser.sign_in(server)
    metadata = _upload_metadata(filename="large.csv", contract="online-retail-uk")
    _, headers, _ = browser.call("POST", "/api/uploads", b"", Upload_Length=len(data), Upload_Metadata=metadata)
    place = headers["Location"]
    try:
        for start in pieces:
            kind = {"Upload_Offset": start, "Content_Type": "application/offset+octet-stream"}
            assert browser.call("PATCH", place, data[start : start + PIECE], **kind)[0] == 204
            if start == pieces[1]:
                server.stop(signal.SIGKILL)
                server = Server(home)
                browser.base = f"http://127.0.0.1:{server.port}"
                assert browser.call("HEAD", place)[1]["Upload-Offset"] == str(start + PIECE)
        batch = browser.call("HEAD", place)[1]["Upload-Batch"]
        give_up = time.monotonic() + 60
        while '"announced"' not in browser.call("GET", f"/api/uploads/{batch}")[2] and time.monotonic() < give_up:
            time.sleep(0.1)
    finally:
        server.stop()
    app = build(Settings(home=home, samples=False, threads=1))
    (upload,) = batch_records.find_batches(app.ports)
    app.close()
    assert (upload.batch_id, upload.size, upload.staged.rows_read) == (batch, len(data), 1_000)
