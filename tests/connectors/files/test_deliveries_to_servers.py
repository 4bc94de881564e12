"""Files are delivered to real servers: SFTP and S3. What a person reads when that fails."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import asyncssh
import boto3
import pytest
from app_factory import build
from sftp_server import PASSWORD, SftpServer

from tillstream.app import App, outgoing_deliveries
from tillstream.delivery import file_deliveries
from tillstream.delivery.file_deliveries import NewFileDelivery
from tillstream.delivery.file_destinations import FileDestinationDraft, with_stamp
from tillstream.model.errors import Rejected, Unavailable
from tillstream.records.outbox import FAILED, SENT, WAITING
from tillstream.settings import Settings

SECRET = "secret-that-no-message-contains"
CONTENT = b"store,revenue\nLDS1,10.00\n" * 1_000


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    home = tmp_path / "home"
    (home / "secrets").mkdir(parents=True)
    for name, value in (("sftp", PASSWORD), ("wrong", "wrong"), ("key", "key"), ("secret", SECRET)):
        (home / "secrets" / name).write_text(value)
    with closing(build(Settings(home=home, samples=False, threads=1, connect_private="127.0.0.1"))) as opened:
        yield opened


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServer]:
    (tmp_path / "served").mkdir()
    result = SftpServer(tmp_path / "served")
    yield result
    result.close()


def sftp(app: App, server: SftpServer, **others: str) -> None:
    fields = {"user": "till", "password": "file:sftp", "host_key": server.fingerprint} | others
    draft = FileDestinationDraft("shop", f"sftp://127.0.0.1:{server.port}/reports/weekly", **fields)
    outgoing_deliveries.add_file_destination(app, draft, "boss")


def deliver(app: App, run: str, content: bytes = CONTENT, *, keeps: bool = False) -> tuple[str, str]:
    """State and error of the delivery."""
    new = NewFileDelivery(run, "shop", "stores.csv", "maya", "Stores", keeps=keeps, stamp=run)
    assert file_deliveries.add_file(app.ports, new, [content[:100], content[100:]])
    assert not file_deliveries.add_file(app.ports, new, [content])
    outgoing_deliveries.send_waiting_files(app)
    entry = file_deliveries.get_file_delivery(app.ports, new.id)
    assert entry
    assert SECRET not in entry.error
    assert PASSWORD not in entry.error
    return entry.state, entry.error


def second_name(run: str) -> str:
    """Of a file of this run beside one that stays."""
    new = NewFileDelivery(run, "shop", "stores.csv", "maya", "Stores", keeps=True, stamp=run)
    return with_stamp("stores.csv", run, new.id)


def test_a_file_is_complete_on_the_server_and_replaced_or_kept(app: App, server: SftpServer) -> None:
    sftp(app, server)
    folder = server.folder / "reports" / "weekly"
    assert deliver(app, "1") == (SENT, "")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"stores.csv": CONTENT}
    assert deliver(app, "2", b"newer") == (SENT, "")
    assert deliver(app, "3", b"third", keeps=True) == (SENT, "")
    assert deliver(app, "4", b"newer", keeps=True) == (SENT, "")
    stored = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert stored == {"stores.csv": b"newer", second_name("3"): b"third"}
    assert "stores" not in outgoing_deliveries.test_file_destination(app, "shop", "boss")


@pytest.mark.parametrize(
    ("others", "reason"),
    [
        ({"host_key": ""}, "the host key is not confirmed. The server presents ssh-ed25519 SHA256:"),
        ({"host_key": "SHA256:x"}, "which is not that of the settings. Nothing was sent."),
        ({"password": "file:wrong"}, "refuses the user till with this password or key"),
        ({"password": "file:missing"}, "missing"),
    ],
)
def test_a_server_that_is_not_the_one_of_the_settings_gets_nothing(
    app: App, server: SftpServer, others: dict[str, str], reason: str
) -> None:
    sftp(app, server, **others)
    state, error = deliver(app, "1")
    assert state == FAILED
    assert reason in error
    assert list(server.folder.iterdir()) == []
    with pytest.raises(Rejected):
        outgoing_deliveries.test_file_destination(app, "shop", "boss")


def test_a_server_that_does_not_answer_is_tried_again(app: App, free_tcp_port: int) -> None:
    to = f"sftp://127.0.0.1:{free_tcp_port}/reports"
    draft = FileDestinationDraft("shop", to, user="till", password="file:sftp", host_key="SHA256:x")
    outgoing_deliveries.add_file_destination(app, draft, "boss")
    state, error = deliver(app, "1")
    assert (state, "cannot be reached" in error) == (WAITING, True)
    with pytest.raises(Unavailable):
        outgoing_deliveries.test_file_destination(app, "shop", "boss")


@pytest.mark.parametrize("act", ["posix_rename", "rename"])
@pytest.mark.parametrize(("is_there", "state"), [(True, SENT), (False, WAITING)])
def test_a_rename_whose_answer_is_lost_is_not_a_failure(
    app: App, server: SftpServer, monkeypatch: pytest.MonkeyPatch, act: str, is_there: bool, state: str
) -> None:
    sftp(app, server)
    folder = server.folder / "reports" / "weekly"

    def unsupported(*_: bytes) -> None:
        raise asyncssh.SFTPOpUnsupported("no such extension")

    def lost(*_: bytes) -> None:
        (draft,) = folder.iterdir()
        draft.rename(folder / "stores.csv")
        if not is_there:
            (folder / "stores.csv").unlink()
        for connection in server.connections:
            connection.abort()

    monkeypatch.setattr(asyncssh.SFTPServer, "posix_rename", unsupported)
    monkeypatch.setattr(asyncssh.SFTPServer, act, lost)
    assert deliver(app, "1")[0] == state
    stored = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert stored == ({"stores.csv": CONTENT} if is_there else {})


def test_a_server_of_the_private_network_is_refused_unless_it_is_allowed(tmp_path: Path, server: SftpServer) -> None:
    home = tmp_path / "closed"
    (home / "secrets").mkdir(parents=True)
    (home / "secrets" / "sftp").write_text(PASSWORD)
    with closing(build(Settings(home=home, samples=False, threads=1))) as closed:
        sftp(closed, server)
        assert "is an address of a private network" in deliver(closed, "1")[1]
        draft = FileDestinationDraft(
            "bucket", "s3://till/x", endpoint="http://169.254.169.254", access_key="file:sftp", secret_key="file:sftp"
        )
        outgoing_deliveries.add_file_destination(closed, draft, "boss")
        with pytest.raises(Rejected, match="address that no connector may have"):
            outgoing_deliveries.test_file_destination(closed, "bucket", "boss")


def test_an_object_is_one_write_with_keys_of_its_own(app: App, endpoint: str) -> None:
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key=SECRET,
    )
    client.create_bucket(Bucket="till")
    draft = FileDestinationDraft(
        "shop", "s3://till/reports/", endpoint=endpoint, access_key="file:key", secret_key="file:secret"
    )
    outgoing_deliveries.add_file_destination(app, draft, "boss")
    assert deliver(app, "1") == (SENT, "")
    assert deliver(app, "2", b"newer") == (SENT, "")
    assert deliver(app, "3", b"third", keeps=True) == (SENT, "")
    assert deliver(app, "4", b"newer", keeps=True) == (SENT, "")
    listed = client.list_objects_v2(Bucket="till")["Contents"]
    assert [one["Key"] for one in listed] == [f"reports/{second_name('3')}", "reports/stores.csv"]
    body = client.get_object(Bucket="till", Key="reports/stores.csv")["Body"].read()
    assert body == b"newer"
    client.close()


def test_a_bucket_that_does_not_exist_is_named(app: App, endpoint: str) -> None:
    draft = FileDestinationDraft(
        "shop", "s3://no-such-bucket/x", endpoint=endpoint, access_key="file:key", secret_key="file:secret"
    )
    outgoing_deliveries.add_file_destination(app, draft, "boss")
    assert deliver(app, "1") == (
        FAILED,
        "s3://no-such-bucket: the bucket does not exist. Check its name, the region and the endpoint.",
    )
