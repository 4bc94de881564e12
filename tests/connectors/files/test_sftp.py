"""SFTP against a real server: host keys, credentials, files that change, sessions that end."""

import os
import re
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import asyncssh
import pytest
from connectors.open_access import OpenAccess, contents, open_source
from sftp_server import CLIENT_KEY, PASSWORD, SftpServer

from tillstream.adapters.local.clock import ManualClock
from tillstream.connectors.kinds.sftp import KIND
from tillstream.connectors.source import ConnectorSource
from tillstream.model.errors import Rejected, Unavailable


@pytest.fixture
def server(tmp_path) -> Iterator[SftpServer]:
    result = SftpServer(tmp_path)
    yield result
    result.close()


@pytest.fixture
def source(server) -> Iterator[Callable[..., ConnectorSource]]:
    opened = []

    def open_with(access: OpenAccess | None = None, **settings: str) -> ConnectorSource:
        values = {"host": "127.0.0.1", "port": str(server.port), "user": "till", "password": "env:SFTP"}
        values |= {"host_key": server.fingerprint} | settings
        credentials = {"env:SFTP": PASSWORD, "file:key": CLIENT_KEY.export_private_key("openssh").decode()}
        opened.append(open_source(KIND, access or OpenAccess(credentials), **values))
        return opened[-1]

    yield open_with
    for each in opened:
        each.close()


def write(server: SftpServer, **files: bytes) -> None:
    for path, body in files.items():
        (server.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (server.folder / path).write_bytes(body)


def test_files_are_read_in_subfolders_and_hidden_ones_are_noted(server, source):
    write(server, **{"a b.csv": b"1", "IN/été+1.csv": b"22", "IN/empty.csv": b"", "~$lock.xlsx": b"x"})
    (server.folder / "link.csv").symlink_to("a b.csv")
    opened = source()
    assert contents(list(opened.pull({}))) == {"a b.csv": b"1", "IN/été+1.csv": b"22", "IN/empty.csv": b""}
    assert opened.notes() == [
        "Skipped, because the name is that of a temporary or hidden file: ~$lock.xlsx.",
        "Symbolic links are not followed: link.csv.",
    ]


def test_a_folder_without_its_subfolders(server, source):
    write(server, **{"out/a.csv": b"1", "out/archive/b.csv": b"2", "c.csv": b"3"})
    assert contents(list(source(folder="/out", subfolders="no").pull({}))) == {"a.csv": b"1"}
    assert contents(list(source(folder="out/").pull({}))) == {"a.csv": b"1", "archive/b.csv": b"2"}


def test_a_large_file_is_read_whole(server, source):
    body = bytes(range(256)) * 50_000
    write(server, **{"large.csv": body})
    assert contents(list(source().pull({}))) == {"large.csv": body}


def test_a_file_name_that_is_not_utf_8(server, source):
    (server.folder / os.fsdecode(b"caf\xe9.csv")).write_bytes(b"1")
    assert contents(list(source().pull({}))) == {r"caf\udce9.csv": b"1"}


def test_sign_in_with_a_key(server, source):
    write(server, **{"a.csv": b"1"})
    assert contents(list(source(password="", key="file:key").pull({}))) == {"a.csv": b"1"}


def test_a_public_key_of_known_hosts_is_accepted(server, source):
    line = f"[127.0.0.1]:{server.port} {server.host_key.export_public_key('openssh').decode()}"
    assert "no file to read" in source(host_key=f"# the server\n{line}").test()


def test_a_test_without_a_host_key_shows_the_one_to_compare_and_sends_no_password(server, source):
    with pytest.raises(
        Rejected, match=rf"presents ssh-ed25519 {re.escape(server.fingerprint)}.*set host_key"
    ) as caught:
        source(host_key="").test()
    assert PASSWORD not in str(caught.value)


def test_another_host_key_is_refused(server, source):
    other = asyncssh.generate_private_key("ssh-ed25519").get_fingerprint()
    with pytest.raises(Rejected, match=r"not that of the settings\. Nothing was sent"):
        list(source(host_key=other).pull({}))


def test_a_wrong_password_is_a_sentence_without_it(server, source):
    with pytest.raises(Rejected, match="refuses the user till") as caught:
        source(OpenAccess({"env:SFTP": "wrong-password"})).test()
    assert "wrong-password" not in str(caught.value)


def test_a_key_that_is_none(server, source):
    with pytest.raises(Rejected, match="private key cannot be read"):
        source(OpenAccess({"env:SFTP": "no key"}), password="", key="env:SFTP").test()


def test_a_folder_that_does_not_exist(server, source):
    with pytest.raises(Rejected, match="the folder does not exist"):
        source(folder="/none").test()


@pytest.mark.parametrize("act", ["grows", "rewritten", "deleted"])
def test_a_file_that_is_not_as_listed_is_left_for_a_later_run(server, source, act):
    write(server, **{"a.csv": b"1"})
    [item] = source().pull({})
    path = server.folder / "a.csv"
    if act == "deleted":
        path.unlink()
    else:
        path.write_bytes(b"12" if act == "grows" else b"2")
        os.utime(path, (1, 1))
    with pytest.raises(Unavailable, match=r"a\.csv was modified or deleted while it was read"):
        item.open()


def test_a_file_that_grows_between_two_parts_is_left_for_a_later_run(server, source):
    write(server, **{"a.csv": b"1" * (9 << 20)})
    opened = source()
    [listed] = opened.listing()
    parts = opened.read(listed)
    next(parts)
    with (server.folder / "a.csv").open("ab") as stream:
        stream.write(b"2")
    os.utime(server.folder / "a.csv", (listed.modified_at.timestamp() + 5,) * 2)
    with pytest.raises(Unavailable, match="modified"):
        list(parts)


def test_a_session_that_ended_between_two_files_is_opened_again(server, source):
    write(server, **{"a.csv": b"1", "b.csv": b"2"})
    read = {}
    for item in source().pull({}):
        read |= contents([item])
        server.end_sessions()
    assert read == {"a.csv": b"1", "b.csv": b"2"}
    assert len(server.connections) == 2


def test_recent_files_are_left_for_a_later_run(server, source):
    write(server, **{"new.csv": b"1"})
    opened = source(OpenAccess({"env:SFTP": PASSWORD}, clock=ManualClock(datetime.now(UTC))))
    assert list(opened.pull({})) == []
    assert opened.behind() == 1


def test_a_server_that_is_away_is_tried_again(server, source):
    with pytest.raises(Unavailable, match=r"^sftp://127\.0\.0\.1:9/ cannot be reached: connection refused\.$"):
        source(port="9").test()


def test_a_server_that_never_answers_is_tried_again(server, source, monkeypatch):
    monkeypatch.setattr("tillstream.connectors.kinds.sftp.CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Unavailable, match="cannot be reached"):
        source(port=str(silent.getsockname()[1])).test()


def test_a_host_in_a_private_network_is_refused(server, source):
    with pytest.raises(Rejected, match="private network"):
        source(OpenAccess({"env:SFTP": PASSWORD}, is_private_allowed=False)).test()


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"host_key": "MD5:aa"}, "host_key must be"), ({"password": ""}, "Set password or key"), ({"port": "x"}, "port")],
)
def test_wrong_settings_are_refused(server, source, settings, words):
    with pytest.raises(Rejected, match=words):
        source(**settings)
