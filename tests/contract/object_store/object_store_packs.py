"""What packs keep to in every ObjectStore."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from object_store_writers import Opener

from tillstream.adapters.local.clock import ManualClock
from tillstream.batches import packs
from tillstream.batches.packs import Original
from tillstream.domain.errors import NotFound, Rejected
from tillstream.ports import Ports
from tillstream.ports.object_store import ObjectStore

TIME = 1_795_305_600_000_000
"""Midnight of a day, in microseconds."""


def ports_of(store: ObjectStore) -> Ports:
    nothing: Any = None
    return Ports(store, nothing, nothing, nothing, ManualClock())


def kept(store: ObjectStore, seconds: int, folder: str = "store-sales/UK") -> Original:
    """A micro-batch that is stored as an object of its own."""
    raw = f'{{"message": "{seconds}"}}\n'.encode() * 50
    time = TIME + seconds * 1_000_000
    name = f"{folder}/{time}-{hashlib.sha256(raw).hexdigest()[:16]}.jsonl"
    with store.writer("inbox", name) as writer:
        writer.write(raw)
    assert writer.stored
    return Original(writer.stored, raw)


class PacksContract:
    @pytest.fixture
    def ports(self, opener: Opener) -> Ports:
        return ports_of(opener())

    def test_a_packed_original_is_read_after_its_object_is_deleted(self, ports: Ports) -> None:
        originals = [kept(ports.objects, second) for second in range(5)]
        pack = packs.write(ports, originals[:4])
        for one in originals:
            ports.objects.delete("inbox", one.stored.name)
        for one in originals[:4]:
            assert packs.read(ports, one.stored.name) == one
            with packs.open_stored(ports, "inbox", one.stored.name, one.stored.generation) as stream:
                assert stream.read() == one.raw
        assert packs.read(ports, originals[4].stored.name) is None
        assert packs.members(ports, pack) == [one.stored for one in originals[:4]]

    def test_the_same_pack_is_written_once(self, ports: Ports) -> None:
        originals = [kept(ports.objects, second) for second in range(3)]
        assert packs.write(ports, originals) == packs.write(ports, originals)
        assert len(list(packs.every(ports))) == 1

    def test_packs_of_other_times_folders_and_days_are_not_opened(self, ports: Ports) -> None:
        chosen = [kept(ports.objects, second) for second in (10, 20)]
        others = [
            [kept(ports.objects, second) for second in (1, 9)],
            [kept(ports.objects, second) for second in (21, 30)],
            [kept(ports.objects, 15, "store-sales/IN")],
            [kept(ports.objects, 15, "store-sales")],
            [kept(ports.objects, 86_400 + 15)],
        ]
        packed = packs.write(ports, chosen)
        for one in others:
            packs.write(ports, one)
        assert packs.overlapping(ports, "store-sales/UK", TIME + 10_000_000, TIME + 20_000_000) == [packed]
        assert len(list(packs.every(ports))) == 6

    def test_a_damaged_pack_is_a_clear_problem_unless_another_has_the_original(self, ports: Ports) -> None:
        originals = [kept(ports.objects, second) for second in range(3)]
        pack = packs.write(ports, originals)
        with ports.objects.open("inbox", pack.name) as stream:
            data = stream.read()
        name = originals[1].stored.name
        for damaged in (data[:-10], data[:40] + b"XX" + data[42:], b"", data.replace(b"store-sales", b"other-sales")):
            with ports.objects.writer("inbox", pack.name) as writer:
                writer.write(damaged)
            if b"store-sales" in damaged or not damaged:
                with pytest.raises(Rejected, match=rf"inbox/{pack.name} are damaged"):
                    [packs.read(ports, one.stored.name) for one in originals]
        packs.write(ports, originals[1:])
        assert packs.read(ports, name) == originals[1]

    def test_bytes_that_are_not_those_of_the_name_are_refused(self, ports: Ports) -> None:
        original = kept(ports.objects, 1)
        packs.write(ports, [replace(original, raw=b"other")])
        with pytest.raises(Rejected, match="are damaged"):
            packs.read(ports, original.stored.name)

    def test_other_objects_are_only_in_their_own_place(self, ports: Ports) -> None:
        packs.write(ports, [kept(ports.objects, 1)])
        for name in ("loaded/1795305601000000/UK/sales.csv", "store-sales/UK/7.jsonl"):
            with pytest.raises(NotFound):
                packs.open_stored(ports, "inbox", name, 1)
