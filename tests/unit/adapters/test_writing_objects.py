"""Objects are written by an account that may only create them, and synced to the disk while they are written."""

import io
import os
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud.storage import Client
from unit.adapters.http_double import Answer, serve

from tillstream.adapters.google.object_store import CloudStorageObjectStore
from tillstream.adapters.local.clock import SystemClock
from tillstream.adapters.local.files.object_store import SYNC_BYTES, FileWriter, FolderObjectStore
from tillstream.model.errors import Conflict, Unavailable
from tillstream.model.events import INBOX

REFUSED = {"error": {"code": 403, "message": "portal does not have storage.objects.delete access"}}


def answer(method: str, path: str, _: Any) -> Answer:
    """Cloud Storage, with the one object `june.csv`."""
    if method == "POST":
        return 403, REFUSED
    if "june.csv" in path:
        return 200, {"name": "june.csv", "generation": "1", "size": "3"}
    return 404, {"error": {"code": 404, "message": "No such object"}}


@pytest.mark.parametrize(
    ("name", "if_generation", "error"),
    [("june.csv", 0, Conflict), ("june.csv", None, Unavailable), ("july.csv", 0, Unavailable)],
)
def test_only_the_creation_of_an_object_that_exists_is_a_conflict(
    name: str, if_generation: int | None, error: type[Exception]
) -> None:
    with serve(answer) as double:
        options = ClientOptions(api_endpoint=double.address)
        client = Client("demo", AnonymousCredentials(), client_options=options)
        store = CloudStorageObjectStore(client, {INBOX: "demo-inbox"})
        with pytest.raises(error), store.writer(INBOX, name, if_generation=if_generation) as writer:
            writer.write(b"new")
        client.close()


CHUNK = bytes(SYNC_BYTES // 2)


def _write_to_pipe(chunks: int) -> None:
    """Write to a pipe, which cannot be synced."""
    source, sink = os.pipe()
    reader = Thread(target=_drain, args=(source,))
    reader.start()
    try:
        with FileWriter(io.FileIO(sink, "wb")) as writer:
            for _ in range(chunks):
                writer.write(CHUNK)
    finally:
        reader.join()


def _drain(source: int) -> None:
    with open(source, "rb") as stream:
        while stream.read(1 << 20):
            pass


def test_the_error_of_an_early_sync_is_raised() -> None:
    with pytest.raises(Unavailable):
        _write_to_pipe(2)


def test_a_small_file_is_not_synced_early() -> None:
    _write_to_pipe(1)


def test_a_large_object_has_the_bytes_that_were_written(tmp_path: Path) -> None:
    store = FolderObjectStore(tmp_path, SystemClock())
    with store.writer("inbox", "large") as writer:
        for _ in range(5):
            writer.write(CHUNK)
        writer.write(b"end")
    with store.open("inbox", "large") as stream:
        assert stream.read() == CHUNK * 5 + b"end"
