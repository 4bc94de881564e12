"""Large files are synced while they are written, and no error of that is lost."""

import io
import os
from pathlib import Path
from threading import Thread

import pytest

from tillstream.adapters.local.clock import SystemClock
from tillstream.adapters.local.files.object_store import SYNC_BYTES, FileWriter, FolderObjectStore
from tillstream.model.errors import Unavailable

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
