"""File systems of fsspec: WebHDFS with its redirect to a data node, FTP, and the documents of Google Drive."""

import os
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from threading import Thread

import fsspec
import pytest
from connectors.open_access import OpenAccess, contents, open_source
from webhdfs_server import WebHdfsServer

from tillstream.adapters.local.clock import ManualClock
from tillstream.connectors.kinds import filesystems
from tillstream.connectors.source import ConnectorSource
from tillstream.model.errors import Rejected, Unavailable

NAMES = {"namenode.test": "127.0.0.1", "datanode.test": "127.0.0.1"}
SECRET = "token-that-no-message-contains"


@pytest.fixture
def server(tmp_path) -> Iterator[WebHdfsServer]:
    result = WebHdfsServer(tmp_path)
    yield result
    result.close()


@pytest.fixture
def source(server) -> Iterator[Callable[..., ConnectorSource]]:
    opened = []

    def open_with(access: OpenAccess | None = None, folder: str = "/", **settings: str) -> ConnectorSource:
        values = {"url": f"webhdfs://namenode.test:{server.port}{folder}", "options": "user=till"} | settings
        opened.append(open_source(filesystems.KIND, access or OpenAccess({"env:HDFS": SECRET}, names=NAMES), **values))
        return opened[-1]

    yield open_with
    for each in opened:
        each.close()


def write(server: WebHdfsServer, **files: bytes) -> None:
    for path, body in files.items():
        (server.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (server.folder / path).write_bytes(body)


def test_files_are_read_from_the_data_node_and_hidden_ones_of_hadoop_are_not(server, source):
    write(server, **{"sales/a b+c.csv": b"1", "sales/IN/été%.csv": b"22", "sales/empty.csv": b"", "no.csv": b"no"})
    write(server, **{"sales/_SUCCESS": b"", "sales/_temporary/0/part.csv": b"x", "sales/x.csv._COPYING_": b"x"})
    opened = source(folder="/sales/")
    assert contents(list(opened.pull({}))) == {"a b+c.csv": b"1", "IN/été%.csv": b"22", "empty.csv": b""}
    assert opened.notes() == ["Skipped, because the name is that of a temporary or hidden file: x.csv._COPYING_."]
    assert {host.partition(":")[0] for host in server.hosts} == {"namenode.test", "datanode.test"}


def test_a_file_of_several_blocks_is_read_whole(server, source):
    body = bytes(range(256)) * 50_000
    write(server, **{"large.csv": body})
    assert contents(list(source().pull({}))) == {"large.csv": body}


def test_a_redirect_into_a_private_network_is_refused(server, source):
    write(server, **{"a.csv": b"1"})

    class OnlyNameNode(OpenAccess):
        def check_host(self, host, port):
            if host != "namenode.test":
                raise Rejected(f"{host} is an address of a private network.")
            return "127.0.0.1"

    [item] = source(OnlyNameNode()).pull({})
    with pytest.raises(Rejected, match=r"datanode\.test is an address of a private network"):
        item.open()


def test_a_password_is_sent_to_the_host_of_the_settings_only(server, source):
    server.needs_password = True
    write(server, **{"a.csv": b"1"})
    access = OpenAccess({"env:HDFS": "secret"}, names=NAMES)
    settings = {"url": f"webhdfs://namenode.test:{server.port}/", "options": "user=till\npassword=env:HDFS"}
    [item] = source(access, **settings).pull({})
    with pytest.raises(Rejected, match=r"datanode\.test, which does not get the password"):
        item.open()
    server.data_host = "namenode.test"
    assert contents([item]) == {"a.csv": b"1"}
    with pytest.raises(Rejected, match="access is refused"):
        source(OpenAccess({"env:HDFS": "wrong"}, names=NAMES), **settings).test()


def test_an_error_of_a_data_node_is_not_the_content(server, source):
    write(server, **{"a.csv": b"1"})
    [item] = source().pull({})
    server.data_error = 500
    with pytest.raises(Unavailable, match="cannot be read"):
        item.open()


@pytest.mark.parametrize("act", ["grows", "deleted"])
def test_a_file_that_is_not_as_listed_is_left_for_a_later_run(server, source, act):
    write(server, **{"a.csv": b"1"})
    [item] = source().pull({})
    if act == "deleted":
        (server.folder / "a.csv").unlink()
    else:
        write(server, **{"a.csv": b"12"})
    with pytest.raises(Unavailable, match=r"a\.csv was modified or deleted while it was read"):
        item.open()


def test_a_file_that_changed_has_another_key(server, source):
    write(server, **{"a.csv": b"1"})
    first = [item.key for item in source().pull({})]
    assert [item.key for item in source().pull({})] == first
    os.utime(server.folder / "a.csv", (1, 1))
    assert [item.key for item in source().pull({})] != first


def test_recent_files_are_left_for_a_later_run(server, source):
    write(server, **{"a.csv": b"1"})
    opened = source(OpenAccess(names=NAMES, clock=ManualClock(datetime.now(UTC))))
    assert list(opened.pull({})) == []
    assert opened.behind() == 1


def test_a_folder_that_does_not_exist_and_one_that_is_a_file(server, source):
    write(server, **{"a.csv": b"1"})
    with pytest.raises(Rejected, match="does not exist"):
        source(folder="/none/").test()
    with pytest.raises(Rejected, match="is a file"):
        source(folder="/a.csv").test()


def test_a_server_that_is_away_or_silent_is_tried_again_and_no_token_is_in_the_message(source, monkeypatch):
    monkeypatch.setattr(filesystems, "TIMEOUT_SECONDS", (0.2, 0.2))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for port in (9, silent.getsockname()[1]):
            url = f"webhdfs://namenode.test:{port}/"
            with pytest.raises(Unavailable, match="cannot be read") as caught:
                source(url=url, options="token=env:HDFS").test()
            assert SECRET not in str(caught.value)


def test_a_host_in_a_private_network_is_refused(source):
    with pytest.raises(Rejected, match="private network"):
        source(OpenAccess(names=NAMES, is_private_allowed=False)).test()


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("abfs://sales/", "account_name=shop; account_host=inside.test:10000/shop"),
        ("abfs://sales/", "connection_string=env:AZURE"),
        ("gs://sales/", "endpoint_url=http://inside.test:4443"),
        ("gs://sales/", "token=env:GOOGLE"),
    ],
)
def test_options_that_lead_into_a_private_network_are_refused(url, options):
    secrets = {
        "env:AZURE": "BlobEndpoint=HTTP://inside.test/shop;",
        "env:GOOGLE": '{"token_uri": "http://inside.test"}',
    }
    access = OpenAccess(secrets, is_private_allowed=False, names={"inside.test": "127.0.0.1"})
    with pytest.raises(Rejected, match=r"inside\.test is an address of a private network"):
        open_source(filesystems.KIND, access, url=url, options=options).test()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"url": "abfs://sales/", "options": "account_name=127.0.0.1/x#"}, "an address is made of it"),
        ({"url": "abfs://sales/", "options": "account_host=a@127.0.0.1"}, "an address is made of it"),
        ({"url": "gs://sales/", "options": "endpoint_url=127.0.0.1"}, "an address is made of it"),
        ({"url": "file:///etc/"}, "url must begin with one of"),
        ({"url": "simplecache::webhdfs://host/"}, "url must begin with one of"),
        ({"url": "ftp://till:secret@host/"}, "must not contain a password"),
        ({"url": "webhdfs:///sales/"}, "must name a host"),
        ({"options": "password=secret"}, "entered by reference"),
        ({"options": "target_protocol=file"}, "There is no option “target_protocol”"),
    ],
)
def test_wrong_settings_are_refused_without_a_connection(source, settings, words):
    with pytest.raises(Rejected, match=words):
        source(**settings)


@pytest.mark.filterwarnings("ignore:The asyn(core|chat) module is deprecated:DeprecationWarning")
def test_files_of_an_ftp_server(tmp_path):
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler
    from pyftpdlib.servers import FTPServer

    class Handler(FTPHandler):
        authorizer = DummyAuthorizer()

    Handler.authorizer.add_user("till", "secret", str(tmp_path))
    server = FTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"handle_exit": False}, daemon=True)
    thread.start()
    body = bytes(range(256)) * 20_000
    (tmp_path / "été.csv").write_bytes(body)
    (tmp_path / "IN").mkdir()
    (tmp_path / "IN/b c.csv").write_bytes(b"2")
    values = {"url": f"ftp://127.0.0.1:{server.address[1]}/", "options": "username=till\npassword=env:FTP"}
    try:
        opened = open_source(filesystems.KIND, OpenAccess({"env:FTP": "secret"}), **values)
        assert contents(list(opened.pull({}))) == {"été.csv": body, "IN/b c.csv": b"2"}
        opened.close()
        with pytest.raises(Rejected, match="access is refused"):
            open_source(filesystems.KIND, OpenAccess({"env:FTP": "wrong"}), **values).test()
    finally:
        server.close_all()
        thread.join(5)


class Drive(fsspec.AbstractFileSystem):
    """The answers of gdrive_fsspec: a sheet has no bytes and is exported, a document is neither."""

    protocol = "gdrive"
    root_marker = ""

    def ls(self, path, detail=True, **kwargs):
        kinds = {"Sales 2026": "spreadsheet", "Notes": "document"}
        return [
            {"name": name, "type": "file", "size": 0, "version": "7", "modifiedTime": "2026-11-01T10:00:00.000Z"}
            | {"mimeType": f"application/vnd.google-apps.{kind}"}
            for name, kind in kinds.items()
        ]

    def info(self, path, **kwargs):
        return {"name": "", "type": "directory", "size": 0}

    def export(self, path, mime_type):
        return f"{path} as {mime_type.rsplit('.', 1)[-1]}".encode()


def test_sheets_of_google_drive_are_exported_as_workbooks():
    fsspec.register_implementation("gdrive", Drive, clobber=True)
    access = OpenAccess({"file:drive.json": '{"type": "service_account"}'})
    opened = open_source(filesystems.KIND, access, url="gdrive://", options="creds=file:drive.json")
    assert contents(list(opened.pull({}))) == {"Sales 2026.xlsx": b"Sales 2026 as sheet"}
