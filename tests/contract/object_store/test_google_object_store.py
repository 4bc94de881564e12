"""Cloud Storage keeps the ObjectStore contract, through Google's own library against its emulators."""

import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from email.message import Message
from typing import Any

import pytest
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud.storage import Client
from object_store_buckets import OtherBuckets
from object_store_contract import ObjectStoreContract
from object_store_packs import PacksContract
from object_store_writers import ODD_NAMES, Opener, read, write

from devtools.emulators import HOST, PROJECT, Emulator
from tillstream.adapters.google import api_retries
from tillstream.adapters.google.object_store import (
    FIRST_READ_BYTES,
    MAX_READ_BYTES,
    UPLOAD_PIECE_BYTES,
    CloudStorageObjectStore,
)
from tillstream.model.errors import Conflict, NotFound, Rejected, Unavailable

EXACT_ALONE = {
    "test_a_copy_of_an_older_generation_has_its_bytes",
    "test_a_killed_writer_loses_nothing_that_returned",
    "test_an_open_object_stays_readable_while_it_is_replaced",
    "test_any_object_name_is_stored_separately_and_returned_unchanged",
    "test_delete_does_not_bring_the_older_generation_back",
    "test_list_gives_live_objects_by_name_and_prefix",
    "test_processes_counting_up_lose_no_step",
    "test_writing_again_makes_another_generation_and_keeps_the_first",
}
"""The simple emulator keeps no older generation, has objects as files in folders, and is slow."""


ORIGIN = "https://shop.example"


class _Open:
    def __init__(self, emulator: Emulator, **headers: str) -> None:
        self._port, self._headers = emulator.port, headers
        self._bucket = f"inbox-{uuid.uuid4().hex}"
        bucket = self._client().bucket(self._bucket)
        bucket.versioning_enabled = True
        bucket.create()

    def _client(self) -> Client:
        options = ClientOptions(api_endpoint=f"http://{HOST}:{self._port}")
        return Client(PROJECT, AnonymousCredentials(), client_options=options, extra_headers=self._headers)

    def __call__(self) -> CloudStorageObjectStore:
        store = CloudStorageObjectStore(self._client(), {"inbox": self._bucket})
        store._http.headers.update(self._headers)
        return store


def put(address: str, place: str, data: bytes = b"", origin: str = "") -> tuple[int, Message]:
    """A piece as a browser sends it; status and headers."""
    request = urllib.request.Request(address, data, {"Content-Range": f"bytes {place}"}, method="PUT")
    request.add_header("Content-Type", "application/octet-stream")
    if origin:
        request.add_header("Origin", origin)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.headers


class Sessions:
    """The upload session with which a browser sends a file itself."""

    def test_a_file_sent_to_a_session_is_there_with_its_last_byte(self, store: CloudStorageObjectStore) -> None:
        address = store.start_upload_session("inbox", "a", size=UPLOAD_PIECE_BYTES + 5, origin=ORIGIN)
        assert address.startswith(store.upload_origin)
        status, headers = put(
            address, f"0-{UPLOAD_PIECE_BYTES - 1}/{UPLOAD_PIECE_BYTES + 5}", b"x" * UPLOAD_PIECE_BYTES
        )
        assert (status, headers["Range"]) == (308, f"bytes=0-{UPLOAD_PIECE_BYTES - 1}")
        assert put(address, f"*/{UPLOAD_PIECE_BYTES + 5}")[1]["Range"] == f"bytes=0-{UPLOAD_PIECE_BYTES - 1}"
        assert list(store.list("inbox")) == []
        assert (
            put(address, f"{UPLOAD_PIECE_BYTES}-{UPLOAD_PIECE_BYTES + 4}/{UPLOAD_PIECE_BYTES + 5}", b"12345")[0] == 200
        )
        assert read(store, "a") == b"x" * UPLOAD_PIECE_BYTES + b"12345"

    def test_a_session_takes_the_place_of_no_other_object(self, store: CloudStorageObjectStore) -> None:
        address = store.start_upload_session("inbox", "a", size=5, origin=ORIGIN)
        write(store, "a", b"first")
        assert put(address, "0-4/5", b"12345")[0] == 412
        assert read(store, "a") == b"first"

    def test_an_ended_session_takes_nothing_more(self, store: CloudStorageObjectStore) -> None:
        address = store.start_upload_session("inbox", "a", size=5, origin=ORIGIN)
        put(address, "0-1/5", b"12")
        for _ in range(2):
            store.cancel_upload_session(address)
        assert put(address, "2-4/5", b"345")[0] in {404, 410, 499}
        assert list(store.list("inbox")) == []


class TestOnTheSimpleEmulator(OtherBuckets, Sessions, ObjectStoreContract, PacksContract):
    @pytest.fixture(autouse=True)
    def _what_it_can(self, request: pytest.FixtureRequest) -> None:
        if request.node.originalname in EXACT_ALONE:
            pytest.skip("only the exact Cloud Storage can do this")

    @pytest.fixture
    def opener(self, cloud_storage: Emulator) -> Opener:
        return _Open(cloud_storage)

    def test_pages_of_the_portal_may_send_to_a_session(self, store: CloudStorageObjectStore) -> None:
        address = store.start_upload_session("inbox", "a", size=5, origin=ORIGIN)
        preflight = {"Origin": ORIGIN, "Access-Control-Request-Headers": "content-range,x-goog-hash"}
        with urllib.request.urlopen(urllib.request.Request(address, headers=preflight, method="OPTIONS")) as answer:
            assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
            assert "x-goog-hash" in answer.headers["Access-Control-Allow-Headers"]
        headers = put(address, "0-1/5", b"12", ORIGIN)[1]
        assert headers["Access-Control-Allow-Origin"] == ORIGIN
        assert "Range" in headers["Access-Control-Expose-Headers"]


class TestOnTheExactOne(OtherBuckets, Sessions, ObjectStoreContract, PacksContract):
    odd_names = tuple(name for name in ODD_NAMES if not name.startswith("/"))  # which its web framework removes

    @pytest.fixture(autouse=True)
    def _what_it_can(self, request: pytest.FixtureRequest) -> None:
        if request.node.originalname == "test_generations_are_microseconds":
            pytest.skip("it counts generations up from the millisecond of its start")

    @pytest.fixture
    def opener(self, storage_testbench: Emulator) -> Opener:
        return _Open(storage_testbench)

    def test_a_session_takes_no_more_bytes_than_were_announced(self, store: CloudStorageObjectStore) -> None:
        address = store.start_upload_session("inbox", "a", size=5, origin=ORIGIN)
        assert put(address, "0-5/6", b"123456")[0] == 400
        assert list(store.list("inbox")) == []

    def test_an_older_generation_has_no_address_as_the_warehouse_reads_live_objects_only(
        self, store: CloudStorageObjectStore
    ) -> None:
        first, second = write(store, "a", b"first"), write(store, "a", b"second")
        assert store.uri("inbox", "a", second.generation).startswith("gs://inbox-")
        with pytest.raises(NotFound):
            store.uri("inbox", "a", first.generation)

    def test_a_star_in_an_address_would_be_any_text(self, store: CloudStorageObjectStore) -> None:
        write(store, "star*", b"x")
        with pytest.raises(Rejected):
            store.uri("inbox", "star*")

    def test_a_missing_bucket_is_not_an_error_of_the_caller(self, store: CloudStorageObjectStore) -> None:
        missing_bucket = CloudStorageObjectStore(store._client, {"inbox": f"gone-{uuid.uuid4().hex}"})
        calls = [
            missing_bucket.stat,
            missing_bucket.open,
            missing_bucket.delete,
            lambda *_: write(missing_bucket, "a", b"x"),
            lambda *_: [*missing_bucket.list("inbox")],
        ]
        for call in calls:
            with pytest.raises(Unavailable):
                call("inbox", "a")

    @pytest.mark.parametrize(
        "size",
        [
            UPLOAD_PIECE_BYTES - 1,
            UPLOAD_PIECE_BYTES,
            UPLOAD_PIECE_BYTES + 1,
            2 * UPLOAD_PIECE_BYTES,
            2 * UPLOAD_PIECE_BYTES + 5,
        ],
    )
    def test_an_object_of_several_pieces_is_whole(self, store: CloudStorageObjectStore, size: int) -> None:
        data = bytes(range(251)) * (size // 251 + 1)
        assert write(store, "a", data[:size]).size == size
        assert read(store, "a") == data[:size]

    def test_a_reader_jumps_about(self, store: CloudStorageObjectStore) -> None:
        data = bytes(range(251)) * (3 * MAX_READ_BYTES // 251)
        write(store, "a", data)
        with store.open("inbox", "a") as stream:
            for place in (0, len(data) - 7, FIRST_READ_BYTES - 1, 2 * MAX_READ_BYTES, 5, len(data), len(data) + 5):
                stream.seek(place)
                assert stream.read(FIRST_READ_BYTES + 3) == data[place : place + FIRST_READ_BYTES + 3]
            stream.seek(-3, 2)
            assert stream.read() == data[-3:]


# ---- a service that fails -------------------------------------------------------------------------------------------


class Failing:
    """A store whose calls of one kind meet these faults, one after the other."""

    def __init__(self, emulator: Emulator, method: str, *faults: str) -> None:
        self._root = f"http://{HOST}:{emulator.port}"
        request = {"instructions": {method: list(faults)}, "transport": "HTTP"}
        self._id = self._ask("/retry_test", json.dumps(request).encode())["id"]
        self.store = _Open(emulator, **{"x-retry-test-id": self._id})()

    def _ask(self, path: str, data: bytes | None = None) -> dict[str, Any]:
        request = urllib.request.Request(self._root + path, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            answer_body: dict[str, Any] = json.load(answer)
        return answer_body

    @property
    def met(self) -> bool:
        """Whether every fault came."""
        return bool(self._ask(f"/retry_test/{self._id}")["completed"])


@pytest.fixture
def _quickly(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Pauses between tries are short, and few tries are made."""
    quick = api_retries.RETRY.with_delay(0.01, 0.05, 2).with_timeout(3)
    monkeypatch.setattr("tillstream.adapters.google.object_store.RETRY", quick)
    return


DATA = bytes(range(251)) * (2 * UPLOAD_PIECE_BYTES // 251 + 1_000)
WRITTEN = [
    ("return-503", "return-503"),
    ("return-429", "return-504", "return-408"),
    ("return-reset-connection", "return-reset-connection"),
    ("return-503-after-256K",),
    ("return-503-after-8192K",),
    ("return-408-after-3072K", "return-503-after-9216K"),
    ("return-broken-stream-final-chunk-after-1024B",),
]


@pytest.mark.usefixtures("_quickly")
class TestOnAServiceThatFails:
    @pytest.mark.parametrize("faults", WRITTEN, ids=" ".join)
    def test_a_write_that_meets_faults_is_whole_once(
        self, storage_testbench: Emulator, faults: tuple[str, ...]
    ) -> None:
        failing = Failing(storage_testbench, "storage.objects.insert", *faults)
        stored = write(failing.store, "a", [DATA[:100], DATA[100:]], 0)
        assert failing.met
        assert list(failing.store.list("inbox")) == [stored]
        assert read(failing.store, "a") == DATA

    @pytest.mark.parametrize(
        "faults",
        [
            ("return-503", "return-reset-connection"),
            ("return-broken-stream",),
            ("return-broken-stream-after-300K",),
            ("return-504", "return-broken-stream-after-900K"),
        ],
        ids=" ".join,
    )
    def test_a_read_that_meets_faults_goes_on(self, storage_testbench: Emulator, faults: tuple[str, ...]) -> None:
        failing = Failing(storage_testbench, "storage.objects.get", *faults)
        write(failing.store, "a", DATA)
        assert read(failing.store, "a") == DATA
        assert failing.met

    @pytest.mark.parametrize("fault", ["return-503", "return-reset-connection"])
    def test_other_calls_are_tried_again(self, storage_testbench: Emulator, fault: str) -> None:
        for method in ("storage.objects.list", "storage.objects.delete", "storage.objects.get"):
            failing = Failing(storage_testbench, method, fault)
            stored = write(failing.store, "a", b"x")
            assert list(failing.store.list("inbox")) == [stored]
            failing.store.delete("inbox", "a")
            with pytest.raises(NotFound):
                failing.store.stat("inbox", "a")
            assert failing.met

    def test_a_service_that_stays_away_is_unavailable_and_keeps_nothing(self, storage_testbench: Emulator) -> None:
        failing = Failing(storage_testbench, "storage.objects.insert", *["return-503"] * 400)
        with pytest.raises(Unavailable):
            write(failing.store, "a", b"x")
        assert list(failing.store.list("inbox")) == []

    @pytest.mark.parametrize(("fault", "ours"), [("return-412", Conflict), ("return-403", Unavailable)])
    def test_a_permanent_error_is_reported_at_once(
        self, storage_testbench: Emulator, fault: str, ours: type[Exception]
    ) -> None:
        failing = Failing(storage_testbench, "storage.objects.insert", fault)
        with pytest.raises(ours):
            write(failing.store, "a", b"x")
        assert failing.met

    def test_bytes_that_differ_from_their_checksum_are_reported(self, storage_testbench: Emulator) -> None:
        store = _Open(storage_testbench)()
        write(store, "a", b"x" * 5_000)
        store._client._extra_headers = {"x-goog-emulator-instructions": "return-corrupted-data"}
        with pytest.raises(Unavailable, match="crc32c"):
            read(store, "a")
