"""Packing that is killed at any step loses nothing, and the next run completes it."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from stateful.crashes import Crash, Fuse, with_crashes
from stateful.packs.selling import ALL, Shop

from examples import long_but
from tillstream.adapters.local.files.object_files import object_folders
from tillstream.intake import micro_batch, store_sales
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.events import INBOX, STAGING
from tillstream.operations import inbox_upkeep, reconcile
from tillstream.records import batch_originals
from tillstream.records.batch_originals import open_original

STEPS = ("objects.writer inbox", "documents.put packs", "objects.delete staging", "objects.delete inbox")


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A home with four micro-batches, and what people are shown about them."""
    shop = Shop(tmp_path_factory.mktemp("shop") / "home", packs=True)
    for number in range(1, 4):
        shop.send([(str(number), 1), (str(number + 10), 1)], text="no sale" if number == 2 else "")
        shop.work()
        shop.tick_to(60 * number)
    before = shop.answers()
    shop.app.close()
    return shop.home, before


@pytest.fixture
def before(lived: tuple[Path, dict[str, Any]]) -> dict[str, Any]:
    return lived[1]


@pytest.fixture
def shop(lived: tuple[Path, dict[str, Any]], tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(Path(shutil.copytree(lived[0], tmp_path / "home")), packs=True)
    shop.clock.advance(3600)
    yield shop
    shop.app.close()


def pack_and_die(shop: Shop, step: str, when: str) -> None:
    fuse = Fuse(armed=[(step, when)])
    with pytest.raises(Crash):
        inbox_upkeep.pack_micro_batches(with_crashes(shop.app, fuse).ports, shop.app.contracts, ALL)


@pytest.mark.parametrize("when", ["before", pytest.param("after", marks=pytest.mark.long)])
@pytest.mark.parametrize("step", long_but(["documents.put packs", "objects.delete inbox"], STEPS))
def test_a_kill_loses_nothing_and_the_next_run_completes_it(
    shop: Shop, before: dict[str, Any], step: str, when: str
) -> None:
    pack_and_die(shop, step, when)
    assert shop.answers() == before
    sweep(shop)
    shop.pack()
    assert shop.objects() == []
    assert len(list(batch_originals.all_packs(shop.app.ports))) == 2, "one of each folder, however often it was begun"
    assert list(shop.app.ports.objects.list(STAGING)) == []
    assert shop.answers() == before
    assert shop.differences() == []
    sweep(shop)


def sweep(shop: Shop) -> None:
    report = reconcile.resume_interrupted_work(shop.app.ports, shop.app.contracts, patience=ALL)
    assert (report["registered"], report["repaired"]) == (0, [])


def test_messages_that_are_delivered_again_after_packing_stay_one_micro_batch(
    shop: Shop, before: dict[str, Any]
) -> None:
    batch = shop.batches()[0]
    with open_original(shop.app.ports, batch) as stream:
        raw = stream.read()
    shop.pack()
    with shop.app.ports.objects.writer(INBOX, batch.object) as writer:
        writer.write(raw)
    sweep(shop)
    shop.pack()
    assert (shop.objects(), shop.answers()) == ([], before)


def test_what_is_not_settled_or_not_old_is_not_packed(shop: Shop) -> None:
    shop.send([("7", 1)])
    (waiting,) = store_sales.receive_store_sales(shop.app.ports, shop.app.contracts, 10, 0)
    assert inbox_upkeep.pack_micro_batches(shop.app.ports, shop.app.contracts) == 0
    shop.clock.advance(inbox_upkeep.PACKING_AGE.total_seconds() + 60)
    assert inbox_upkeep.pack_micro_batches(shop.app.ports, shop.app.contracts) == 4
    assert shop.objects() == [waiting.object]
    shop.work()
    assert inbox_upkeep.pack_micro_batches(shop.app.ports, shop.app.contracts) == 1
    assert shop.objects() == []


def test_a_damaged_original_stays_where_it_is(shop: Shop) -> None:
    batch = shop.batches()[0]
    path = Path(shop.app.ports.objects.uri(batch.bucket, batch.object))
    path.write_bytes(path.read_bytes()[:-3])
    shop.pack()
    assert shop.objects() == [batch.object]


def packed_files(shop: Shop) -> list[Path]:
    return [file for folder in object_folders(shop.home / "objects" / INBOX / "packs") for file in folder.iterdir()]


def test_a_damaged_pack_is_named_and_a_missing_one_too(shop: Shop) -> None:
    shop.pack()
    for path in packed_files(shop):
        path.write_bytes(path.read_bytes()[:-3])
    for batch in shop.batches():
        with pytest.raises(Rejected, match=r"The kept originals in inbox/packs/.*\.zip are damaged"):
            open_original(shop.app.ports, batch)
    unread = shop.differences()
    assert len(unread) == len(shop.batches())
    assert all("was not compared with its original" in sentence for sentence in unread)
    assert all(".zip are damaged" in sentence for sentence in unread)
    for path in packed_files(shop):
        path.unlink()
    with pytest.raises(NotFound, match=r"There is no inbox/store-sales/"):
        open_original(shop.app.ports, shop.batches()[0])


def test_an_object_without_a_record_is_registered_though_a_pack_of_its_time_is_damaged(shop: Shop) -> None:
    batch = shop.batches()[-1]
    shop.pack()
    for path in packed_files(shop):
        path.write_bytes(path.read_bytes()[:-3])
    sequence = batch.object.rpartition("/")[2].partition("-")[0]
    raw = b'{"sequence": 1, "message": "no sale"}\n'
    stored = micro_batch.micro_batch_file_name(int(sequence), hashlib.sha256(raw).hexdigest())
    with shop.app.ports.objects.writer(INBOX, f"{batch.object.rpartition('/')[0]}/{stored}") as writer:
        writer.write(raw)
    report = reconcile.resume_interrupted_work(shop.app.ports, shop.app.contracts, patience=ALL)
    assert (report["registered"], len(shop.batches())) == (1, 5)


def test_lost_records_and_a_lost_ledger_are_written_again_from_packs(shop: Shop) -> None:
    def facts() -> Any:
        counts = shop.answers()
        return [counts[name] for name in ("lines", "receipts")], [one.batch_id for one in shop.batches()]

    before = facts()
    shop.pack()
    shop.app.close()
    for path in shop.home.glob("documents.sqlite*"):
        path.unlink()
    shop.app = shop.open_app()
    shop.sweep()
    assert facts() == before
    shop.app.close()
    for path in [*shop.home.glob("documents.sqlite*"), *shop.home.glob("warehouse.duckdb*")]:
        path.unlink()
    shop.app = shop.open_app()
    shop.sweep()
    shop.work()
    assert facts() == before
