"""A long file is staged from Cloud Storage as a stream: memory does not grow with it."""

import json
import multiprocessing
import resource
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from google.cloud.storage import Client

from devtools.emulators import PROJECT, Emulator
from tillstream.adapters.google.object_store import CloudStorageObjectStore
from tillstream.app import build
from tillstream.handlers import stage_object
from tillstream.model.events import INBOX, STAGING
from tillstream.settings import Settings

HEADER = (
    b"Invoice No,Line,Invoice Date,Store,Salesperson,Customer Code,Customer Name,Item Code,Item,Category,Channel,"
    b"Status,Qty,Rate,Discount,Taxable Value,GST,Invoice Value,Original Invoice\n"
)
SHORT, LONG = 128 << 20, 1 << 30
MORE = 200 << 20
"""Bytes of memory that the long file may take beyond the short one: blocks under way differ from run to run."""


def _lines(size: int) -> Iterator[bytes]:
    yield HEADER
    written, number = len(HEADER), 0
    while written < size:
        rows = b"".join(
            b"%d,1,%02d-06-2026 10:15,MUM%02d,S1,C%d,Asha Rao,P%d,Kettle,Kitchen,store,Completed,1,100.00,0.00,100.00,"
            b"18.00,118.00,\n" % (row, row % 28 + 1, row % 50, row % 9_000, row % 700)
            for row in range(number, number + 10_000)
        )
        yield rows
        written, number = written + len(rows), number + 10_000


def _store(buckets: dict[str, str]) -> CloudStorageObjectStore:
    return CloudStorageObjectStore(Client(PROJECT), buckets)


def _stage(home: Path, buckets: dict[str, str], report_file: Path) -> None:
    app = build(Settings(home=home, samples=False, threads=1))
    app = replace(app, ports=replace(app.ports, objects=_store(buckets)))
    (stored,) = app.ports.objects.list(INBOX)
    event = {"bucket": INBOX, "name": stored.name, "generation": str(stored.generation), "size": str(stored.size)}
    done = stage_object(app, event)
    app.close()
    report_file.write_text(json.dumps(done | {"memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10}))


def _staged(tmp_path: Path, size: int) -> dict[str, int]:
    client, name = Client(PROJECT), f"long-{uuid.uuid4().hex}"
    buckets = {INBOX: f"{name}-in", STAGING: f"{name}-st"}
    for real in buckets.values():
        client.create_bucket(real)
    with _store(buckets).writer(INBOX, "IN/long.csv") as writer:
        for rows in _lines(size):
            writer.write(rows)
    report_file = tmp_path / f"{size}.json"
    process = multiprocessing.get_context("spawn").Process(
        target=_stage, args=(tmp_path / str(size), buckets, report_file)
    )
    process.start()
    process.join(1_500)
    process.kill()  # where it did not end in time
    assert process.exitcode == 0
    done: dict[str, int] = json.loads(report_file.read_text())
    return done


@pytest.mark.long
def test_a_gigabyte_is_staged_in_the_memory_of_a_short_file(cloud_storage: Emulator, tmp_path: Path) -> None:
    short, long = _staged(tmp_path, SHORT), _staged(tmp_path, LONG)
    assert long["rows"] > 7 * short["rows"] > 0
    assert long["memory"] < short["memory"] + MORE, f"{short['memory']:,} and {long['memory']:,} bytes"
