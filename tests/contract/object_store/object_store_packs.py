"""What packs keep to in every ObjectStore."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from object_store_writers import Opener

from tillstream.adapters.local.clock import ManualClock
from tillstream.model.errors import NotFound, Rejected
from tillstream.ports import Ports
from tillstream.ports.objects import ObjectStore
from tillstream.records import batch_originals
from tillstream.records.batch_originals import PackedOriginal

TIME = 1_795_305_600_000_000
"""Midnight of a day, in microseconds."""


def ports_of(store: ObjectStore) -> Ports:
    nothing: Any = None
    return Ports(store, nothing, nothing, nothing, ManualClock())


def kept(store: ObjectStore, seconds: int, folder: str = "store-sales/UK") -> PackedOriginal:
    """A micro-batch that is stored as an object of its own."""
    raw = f'{{"message": "{seconds}"}}\n'.encode() * 50
    time = TIME + seconds * 1_000_000
    name = f"{folder}/{time}-{hashlib.sha256(raw).hexdigest()[:16]}.jsonl"
    with store.writer("inbox", name) as writer:
        writer.write(raw)
    assert writer.stored
    return PackedOriginal(writer.stored, raw)


class PacksContract:
    @pytest.fixture
    def ports(self, opener: Opener) -> Ports:
        return ports_of(opener())

    def test_a_packed_original_is_read_after_its_object_is_deleted(self, ports: Ports) -> None:
        originals = [kept(ports.objects, second) for second in range(5)]
        pack = batch_originals.write_pack(ports, originals[:4])
        for one in originals:
            ports.objects.delete("inbox", one.stored.name)
        for one in originals[:4]:
            assert batch_originals.read_packed(ports, one.stored.name) == one
            with batch_originals.open_stored(ports, "inbox", one.stored.name, one.stored.generation) as stream:
                assert stream.read() == one.raw
        assert batch_originals.read_packed(ports, originals[4].stored.name) is None
        assert batch_originals.pack_members(ports, pack) == [one.stored for one in originals[:4]]

    def test_the_same_pack_is_written_once(self, ports: Ports) -> None:
        originals = [kept(ports.objects, second) for second in range(3)]
        assert batch_originals.write_pack(ports, originals) == batch_originals.write_pack(ports, originals)
        assert len(list(batch_originals.all_packs(ports))) == 1

    def test_packs_of_other_times_folders_and_days_are_not_opened(self, ports: Ports) -> None:
        chosen = [kept(ports.objects, second) for second in (10, 20)]
        others = [
            [kept(ports.objects, second) for second in (1, 9)],
            [kept(ports.objects, second) for second in (21, 30)],
            [kept(ports.objects, 15, "store-sales/IN")],
            [kept(ports.objects, 15, "store-sales")],
            [kept(ports.objects, 86_400 + 15)],
        ]
        packed = batch_originals.write_pack(ports, chosen)
        for one in others:
            batch_originals.write_pack(ports, one)
        assert batch_originals.overlapping_packs(ports, "store-sales/UK", TIME + 10_000_000, TIME + 20_000_000) == [
            packed
        ]
        assert len(list(batch_originals.all_packs(ports))) == 6

    def test_a_damaged_pack_is_a_clear_problem_unless_another_has_the_original(self, ports: Ports) -> None:
        originals = [kept(ports.objects, second) for second in range(3)]
        pack = batch_originals.write_pack(ports, originals)
        with ports.objects.open("inbox", pack.name) as stream:
            data = stream.read()
        name = originals[1].stored.name
        for damaged in (data[:-10], data[:40] + b"XX" + data[42:], b"", data.replace(b"store-sales", b"other-sales")):
            with ports.objects.writer("inbox", pack.name) as writer:
                writer.write(damaged)
            if b"store-sales" in damaged or not damaged:
                with pytest.raises(Rejected, match=rf"inbox/{pack.name} are damaged"):
                    [batch_originals.read_packed(ports, one.stored.name) for one in originals]
        batch_originals.write_pack(ports, originals[1:])
        assert batch_originals.read_packed(ports, name) == originals[1]

    def test_bytes_that_are_not_those_of_the_name_are_refused(self, ports: Ports) -> None:
        original = kept(ports.objects, 1)
        batch_originals.write_pack(ports, [replace(original, raw=b"other")])
        with pytest.raises(Rejected, match="are damaged"):
            batch_originals.read_packed(ports, original.stored.name)

    def test_other_objects_are_only_in_their_own_place(self, ports: Ports) -> None:
        batch_originals.write_pack(ports, [kept(ports.objects, 1)])
        for name in ("loaded/1795305601000000/UK/sales.csv", "store-sales/UK/7.jsonl"):
            with pytest.raises(NotFound):
                batch_originals.open_stored(ports, "inbox", name, 1)
