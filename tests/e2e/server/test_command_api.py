"""The server's command API: its answers, its progress lines, and the state after the server crashes."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from socket import create_server, socket
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from app_factory import body_of, build, headers_of_call
from threads import join_thread
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from tillstream.app import App
from tillstream.app.local import local_home_folder
from tillstream.commands import dispatch
from tillstream.commands.dispatch import execute
from tillstream.commands.result import LINES, quiet
from tillstream.model.errors import Rejected, Unavailable
from tillstream.people import accounts
from tillstream.records import audit_log
from tillstream.server import command_api
from tillstream.server.command_api import create_control
from tillstream.settings import Settings
from tillstream.system_user import user_name

HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
GOOD = "".join(f"90{n},A,b,1,12/5/2011 9:02,1,1,UK\n" for n in range(10, 30))


@pytest.fixture
def app(home: Path) -> Iterator[App]:
    app = build(Settings(home=home, threads=1))
    yield app
    app.close()


class Door:
    """Calls commands as the command line does."""

    def __init__(self, app: App) -> None:
        self._app, self._client = app, create_control(app, "secret").test_client()

    def post(self, name: str, arguments: object, **headers: str) -> TestResponse:
        return self._client.post(
            f"/{name}",
            data=body_of(arguments),
            headers=headers_of_call(self._app, "secret", name, arguments) | headers,
        )


@pytest.fixture
def door(app: App) -> Door:
    return Door(app)


@pytest.fixture
def monday(tmp_path: Path) -> str:
    (tmp_path / "monday.csv").write_text(HEAD + GOOD)
    return str(tmp_path / "monday.csv")


def streamed(door: Door, command: str, **arguments: Any) -> list[dict[str, Any]]:
    answer = door.post(command, arguments, Accept=LINES)
    assert (answer.status_code, answer.mimetype) == (200, LINES)
    return [json.loads(line) for line in answer.text.splitlines()]


def test_an_answer_through_the_server_keeps_its_order(door: Door) -> None:
    row = door.post("query", {"name": "kpis", "params": {}}).get_json()["data"]["rows"][0]
    assert list(row)[:3] == ["lines", "active_lines", "cancelled_lines"]


def test_a_command_that_breaks_in_the_server_answers_words(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(command_api, "COMMANDS", {"status": broken})
    answer = door.post("status", {})
    assert (answer.status_code, answer.get_json()["type"]) == (500, "Rejected")
    assert "status failed in the server" in answer.get_json()["detail"]


@pytest.mark.parametrize(
    ("command", "arguments", "detail"),
    [
        ("receipts", {"bach": "x"}, "The command has no argument bach; it takes batch, limit."),
        ("status", {"all": True}, "The command has no argument all; it takes none."),
        ("undo", {}, "The command needs the argument batch."),
        ("receipts", {"limit": "50"}, "The argument limit must be a whole number."),
        ("ingest", {"files": "monday.csv", "contract": "UK"}, "The argument files must be a list of text."),
        ("receipts", ["batch"], "The arguments must be a JSON object."),
    ],
)
def test_unknown_missing_and_mistyped_arguments_are_rejected(
    door: Door, command: str, arguments: object, detail: str
) -> None:
    answer = door.post(command, arguments)
    assert (answer.status_code, answer.get_json()) == (422, {"type": "Rejected", "detail": detail})


def test_the_command_api_streams_each_stage_and_then_the_answer(door: Door, monday: str) -> None:
    *stages, last = streamed(door, "ingest", files=[monday], contract="online-retail-uk")
    receipt = last["answer"]["data"]
    assert [stage["what"] for stage in stages] == ["bytes", "kept", "rows", "settling", "files"]
    assert stages[0]["count"] == Path(monday).stat().st_size
    assert stages[1]["about"] == f"{receipt['batch_id']} monday.csv"
    assert (stages[2]["count"], receipt["rows"]["new"]) == (20, 20)


def test_the_command_api_returns_errors_as_the_answer(door: Door) -> None:
    (last,) = streamed(door, "receipts", batch="nonsense")
    assert (last["status"], last["answer"]["type"]) == (422, "NotFound")
    assert streamed(door, "nonsense")[0]["status"] == 404


EVE = {"login": "eve", "name": "", "role": "admin"}


def test_the_token_alone_runs_nothing(app: App) -> None:
    client = create_control(app, "secret").test_client()
    stolen = headers_of_call(app, "secret", "users", {})  # a call of another command, seen before it is used
    for headers in ({"Authorization": "Bearer secret"}, stolen):
        assert client.post("/users-add", json=EVE, headers=headers).status_code == 403
    assert accounts.all_users(app.ports) == []


def test_the_token_of_an_earlier_process_runs_nothing(app: App) -> None:
    client = create_control(app, "new").test_client()
    headers = headers_of_call(app, "old", "users-add", EVE)
    assert client.post("/users-add", data=body_of(EVE), headers=headers).status_code == 403


def test_the_audit_log_distinguishes_the_command_api_and_a_command_without_a_server(door: Door, app: App) -> None:
    door.post("users-add", EVE)
    home, user = app.settings.home, user_name()
    assert [one.address for one in audit_log.find_by_subject(app.ports, "user", "eve")] == [f"command API, user {user}"]
    app.close()
    execute(Settings(home=home, threads=1), "users-set", {"login": "eve", "name": "Eve"}, quiet)
    again = build(Settings(home=home, threads=1))
    newest, _ = audit_log.find_by_subject(again.ports, "user", "eve")
    again.close()
    assert (newest.who, newest.address) == ("command line", f"command line, user {user}")


def test_a_server_that_refuses_this_user_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "TRIES", 2)
    monkeypatch.setattr(dispatch, "TURN", 0.1)
    settings = Settings(home=home, threads=1)
    with local_home_folder(settings).own(), listening(build(settings), "its own") as url:
        local_home_folder(settings).announce_server(url, "another")
        with pytest.raises(Unavailable, match=r"refuses commands of this user\. Run the command as the user"):
            execute(settings, "users", {}, quiet)


class Dying:
    """A server that sends some progress lines of a command, and then closes the connection."""

    def __init__(self, home: Path, *lines: dict[str, Any], type_: str = LINES) -> None:
        self._door: socket = create_server(("127.0.0.1", 0))
        chunks = [json.dumps(line).encode() + b"\n" for line in lines]
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {type_}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        self._response = head + b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
        self._thread = threading.Thread(target=self._answer, daemon=True)
        self._thread.start()
        Settings(home=home).home.mkdir(parents=True, exist_ok=True)
        local_home_folder(Settings(home=home)).announce_server(
            f"http://127.0.0.1:{self._door.getsockname()[1]}", "secret"
        )

    def _answer(self) -> None:
        caller, _ = self._door.accept()
        with caller:
            head, _, body = caller.recv(65_536).partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            while len(body) < length:
                body += caller.recv(65_536)
            caller.sendall(self._response)

    def close(self) -> None:
        join_thread(self._thread)
        self._door.close()


BYTES = {"what": "bytes", "count": 7, "about": ""}
KEPT = {"what": "kept", "count": 1, "about": "c79dcd239638020955ac monday one.csv"}


def error_after_crash(home: Path, *lines: dict[str, Any], **arguments: Any) -> tuple[str, list[str]]:
    stages: list[str] = []
    server = Dying(home, *lines)
    try:
        with pytest.raises(Unavailable) as caught:
            execute(Settings(home=home), "ingest", arguments, lambda what, count=1, about="": stages.append(what))
    finally:
        server.close()
    return str(caught.value), stages


def test_a_file_that_the_dead_server_had_kept_need_not_be_sent_again(home: Path) -> None:
    words, stages = error_after_crash(home, BYTES, KEPT, files=["/a/monday one.csv"], contract="UK")
    assert stages == ["sent", "bytes", "kept"]
    assert "monday one.csv was received and is kept as batch c79dcd239638020955ac" in words
    assert "do not send it again" in words
    assert "Run the command again" not in words


def test_files_that_it_had_not_kept_are_named(home: Path) -> None:
    words, _ = error_after_crash(home, BYTES, KEPT, files=["/a/monday one.csv", "/a/tuesday.csv"], contract="UK")
    assert "monday one.csv was received" in words
    assert "It is not known whether tuesday.csv was stored. Run the command again" in words


def test_after_an_early_server_crash_it_is_unknown_whether_the_file_was_stored(home: Path) -> None:
    words, _ = error_after_crash(home, BYTES, files=["/a/monday.csv"], contract="UK")
    assert "It is not known whether monday.csv was stored. Run the command again" in words


def test_a_command_without_a_file_is_run_again(home: Path) -> None:
    assert "Run the command again: nothing is done twice." in error_after_crash(home)[0]


def test_a_response_of_another_program_at_the_servers_address_is_ignored(home: Path) -> None:
    server = Dying(home, {"data": {}, "code": 0}, type_="application/json")
    try:
        with pytest.raises(Unavailable, match="does not run this version of Tillstream"):
            execute(Settings(home=home), "status", {}, lambda what, count=1, about="": None)
    finally:
        server.close()


def test_an_error_of_the_command_is_the_same_through_the_server(home: Path) -> None:
    server = Dying(home, {"answer": {"type": "Rejected", "detail": "the words"}, "status": 422})
    try:
        with pytest.raises(Rejected, match="the words"):
            execute(Settings(home=home), "status", {}, lambda what, count=1, about="": None)
    finally:
        server.close()


def test_a_waiting_command_finds_a_server_that_publishes_its_address_late(home: Path) -> None:
    """A new server owns the folder for a while before it listens, while the address of a killed one is still there."""
    settings = Settings(home=home, threads=1)
    with local_home_folder(settings).own():
        app = build(settings)
        with create_server(("127.0.0.1", 0)) as closed:
            dead = closed.getsockname()[1]
        local_home_folder(settings).announce_server(f"http://127.0.0.1:{dead}", "old")
        with ThreadPoolExecutor(1) as pool:
            pending = pool.submit(execute, settings, "query", {"name": "kpis", "params": {}}, quiet)
            time.sleep(0.5)
            assert not pending.done()
            with listening(app, "new") as address:
                local_home_folder(settings).announce_server(address, "new")
                assert pending.result(timeout=30).data["rows"][0]["lines"] == 0
        app.close()


@contextmanager
def listening(app: App, token: str) -> Iterator[str]:
    """Serve the command API; yields its address."""
    door = DispatcherMiddleware(nothing, {"/control": create_control(app, token)})
    server = make_server("127.0.0.1", 0, door)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        join_thread(thread)
        server.server_close()


def nothing(environment: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Nothing outside the command API."""
    start_response("404 NOT FOUND", [])
    return []
