"""S3 against moto's server: what is listed and read, and what a person reads when it fails."""

from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import boto3
import pytest
from connectors.open_access import OpenAccess, contents, open_source

from tillstream.adapters.local.clock import ManualClock
from tillstream.connectors.kinds.s3 import KIND
from tillstream.connectors.source import ConnectorSource
from tillstream.model.errors import Rejected, Unavailable

KEYS = {"access_key": "env:KEY", "secret_key": "env:SECRET"}
OPENED: list[ConnectorSource] = []


@pytest.fixture
def bucket(endpoint):
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret-that-no-message-contains",
    )
    client.create_bucket(Bucket="till")
    yield client
    for page in client.get_paginator("list_objects_v2").paginate(Bucket="till"):
        if page.get("Contents"):
            client.delete_objects(Bucket="till", Delete={"Objects": [{"Key": e["Key"]} for e in page["Contents"]]})
    client.delete_bucket(Bucket="till")
    client.close()


@pytest.fixture(autouse=True)
def _close_sources() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


def access(**values) -> OpenAccess:
    return OpenAccess({"env:KEY": "key", "env:SECRET": "secret-that-no-message-contains"}, **values)


def source(endpoint: str, with_access: OpenAccess | None = None, **settings: str) -> ConnectorSource:
    values = {"bucket": "till", "endpoint": endpoint} | KEYS | settings
    OPENED.append(open_source(KIND, with_access or access(), **values))
    return OPENED[-1]


def put(bucket, **files: bytes) -> None:
    for key, body in files.items():
        bucket.put_object(Bucket="till", Key=key, Body=body)


def test_keys_are_read_below_the_prefix_with_any_characters_and_no_markers_of_folders(bucket, endpoint):
    names = ["sales/a b.csv", "sales/été+1 %2F&=.csv", "sales/IN/sub/x#?.csv", "sales/empty.csv"]
    put(bucket, **{name: name.encode() if "empty" not in name else b"" for name in names})
    put(
        bucket, **{"sales/": b"", "sales/IN/": b"", "other/no.csv": b"no", "sales/.hidden.csv": b"", "sales/x.tmp": b""}
    )
    opened = source(endpoint, prefix="sales/")
    read = contents(list(opened.pull({})))
    assert read == {n.removeprefix("sales/"): n.encode() if "empty" not in n else b"" for n in names}
    assert opened.behind() == 0
    assert opened.notes() == [
        "Skipped, because the name is that of a temporary or hidden file: .hidden.csv and 1 more."
    ]
    assert "4 files to read" in opened.test()


@pytest.mark.long
def test_more_keys_than_a_page_are_all_listed(bucket, endpoint):
    put(bucket, **{f"{number:04}.csv": b"x" for number in range(1_500)})
    items = list(source(endpoint).pull({}))
    assert len({item.key for item in items}) == 1_500


def test_a_file_that_changed_has_another_key_and_the_same_file_the_same(bucket, endpoint):
    put(bucket, **{"a.csv": b"1", "b.csv": b"1"})
    first = {item.file: item.key for item in source(endpoint).pull({})}
    put(bucket, **{"a.csv": b"2"})
    second = {item.file: item.key for item in source(endpoint).pull({})}
    assert first["a.csv"] != second["a.csv"]
    assert first["b.csv"] == second["b.csv"]


@pytest.mark.parametrize("act", ["changed", "deleted"])
def test_a_file_that_is_not_as_listed_is_left_for_a_later_run(bucket, endpoint, act):
    put(bucket, **{"a.csv": b"1"})
    [item] = source(endpoint).pull({})
    if act == "changed":
        put(bucket, **{"a.csv": b"2"})
    else:
        bucket.delete_object(Bucket="till", Key="a.csv")
    with pytest.raises(Unavailable, match=r"a\.csv was modified or deleted while it was read"):
        item.open()


def test_recent_files_are_left_for_a_later_run(bucket, endpoint):
    put(bucket, **{"a.csv": b"1"})
    opened = source(endpoint, access(clock=ManualClock(datetime.now(UTC))))
    assert list(opened.pull({})) == []
    assert opened.behind() == 1
    assert opened.notes() == ["Modified less than 60 seconds ago and may be incomplete; a later run reads a.csv."]


def test_archived_objects_are_noted(bucket, endpoint):
    bucket.put_object(Bucket="till", Key="old.csv", Body=b"1", StorageClass="GLACIER")
    opened = source(endpoint)
    assert list(opened.pull({})) == []
    assert opened.notes() == ["Objects in an archive class, which are not read; copy them to another class: 1."]


def test_a_large_file_is_read_whole(bucket, endpoint):
    body = bytes(range(256)) * 100_000
    put(bucket, **{"large.csv": body})
    assert contents(list(source(endpoint).pull({}))) == {"large.csv": body}


def test_a_bucket_that_does_not_exist(bucket, endpoint):
    with pytest.raises(Rejected, match=r"s3://no-such/ at 127\.0\.0\.1: the bucket does not exist"):
        source(endpoint, bucket="no-such").test()


def test_an_endpoint_in_a_private_network_is_refused_before_a_request(endpoint):
    with pytest.raises(Rejected, match="private network"):
        source(endpoint, access(is_private_allowed=False)).test()


def test_each_connection_goes_to_the_checked_address_with_the_name_in_its_header(bucket, endpoint):
    put(bucket, **{"a.csv": b"1"})
    named = endpoint.replace("127.0.0.1", "storage.svc.cluster.local")
    opened = source(named, access(names={"storage.svc.cluster.local": "127.0.0.1"}))
    assert contents(list(opened.pull({}))) == {"a.csv": b"1"}


def test_a_store_that_does_not_answer_is_tried_again(endpoint):
    with pytest.raises(Unavailable, match=r"s3://till/ at 127\.0\.0\.1 cannot be reached"):
        source("http://127.0.0.1:9").test()


def test_a_machine_without_a_role_needs_keys(endpoint, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(Rejected, match="this machine has no role with credentials"):
        source(endpoint, access_key="", secret_key="").test()


ANSWERS = {
    "AccessDenied": (403, Rejected, "Allow s3:ListBucket"),
    "SignatureDoesNotMatch": (403, Rejected, "the secret key is wrong"),
    "InvalidAccessKeyId": (403, Rejected, "the access key does not exist"),
    "ExpiredToken": (400, Rejected, "the session token has expired"),
    "AuthorizationHeaderMalformed": (400, Rejected, "another region"),
    "InternalError": (500, Unavailable, "error InternalError"),
    "SlowDown": (503, Unavailable, "error SlowDown"),
}


@pytest.mark.parametrize("code", ANSWERS)
def test_errors_of_the_store_are_sentences_without_credentials(code):
    status, kind, words = ANSWERS[code]

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            body = f"<Error><Code>{code}</Code><Message>key</Message></Error>".encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        with pytest.raises(kind, match=words) as caught:
            source(f"http://127.0.0.1:{server.server_port}").test()
    finally:
        server.shutdown()
        server.server_close()
    assert "secret-that" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"bucket": "s3://till/sales"}, "bucket must be the name of a bucket"),
        ({"bucket": "till exports"}, "bucket must be the name of a bucket"),
        ({"endpoint": "storage.example.com"}, "endpoint must be an address"),
        ({"endpoint": "https://user:pass@example.com"}, "no user name"),
        ({"secret_key": ""}, "Set both access_key and secret_key"),
        ({"quiet": "soon"}, "quiet must be a whole number"),
        ({"since": "yesterday"}, "since must be a date"),
    ],
)
def test_wrong_settings_are_refused_without_a_connection(settings, words):
    with pytest.raises(Rejected, match=words):
        source(**({"endpoint": "http://127.0.0.1:9"} | settings))
