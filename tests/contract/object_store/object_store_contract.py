"""What every ObjectStore keeps to."""

import hashlib
import json
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from object_store_writers import (
    ODD_NAMES,
    BreaksHalfWay,
    Opener,
    count_up,
    read,
    write,
    write_many,
    write_until_killed,
)
from processes import killed_again_and_again, run_all
from threads import join_thread

from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.ports.objects import ObjectStore


class ObjectStoreContract:
    odd_names = tuple(ODD_NAMES)

    @pytest.fixture
    def opener(self) -> Opener:
        """Opens the store of this test; can be sent to another process. The bucket `inbox` is there and empty."""
        raise NotImplementedError("an adapter's test says how it is opened")

    @pytest.fixture
    def store(self, opener: Opener) -> ObjectStore:
        return opener()

    def test_what_was_written_is_read(self, store: ObjectStore) -> None:
        with store.writer("inbox", "IN/sales.csv") as writer:
            assert writer.write(b"a,b\n") == 4
            writer.write(b"1,2\n" * 100_000)
        stored = writer.stored
        assert stored == store.stat("inbox", "IN/sales.csv")
        assert stored is not None
        assert (stored.bucket, stored.name, stored.size) == ("inbox", "IN/sales.csv", 400_004)
        assert read(store, "IN/sales.csv") == b"a,b\n" + b"1,2\n" * 100_000

    def test_an_empty_object_is_an_object(self, store: ObjectStore) -> None:
        assert write(store, "empty", b"").size == 0
        assert read(store, "empty") == b""

    def test_nothing_is_visible_before_the_block_ends(self, store: ObjectStore) -> None:
        with store.writer("inbox", "a") as writer:
            writer.write(b"x" * 1_000_000)
            assert writer.stored is None
            assert list(store.list("inbox")) == []
            with pytest.raises(NotFound):
                store.stat("inbox", "a")
        assert [stored.name for stored in store.list("inbox")] == ["a"]

    def test_nothing_remains_when_the_block_raises(self, store: ObjectStore) -> None:
        first = write(store, "a", b"first")
        for name in ["a", "b"]:
            with pytest.raises(ZeroDivisionError):
                write(store, name, BreaksHalfWay([b"x" * 1_000_000]))
        assert list(store.list("inbox")) == [first]
        assert read(store, "a") == b"first"

    def test_each_later_write_of_any_object_has_a_greater_generation(self, store: ObjectStore, opener: Opener) -> None:
        other = opener()
        generations = [write(s, name, b"x").generation for name in "aba" for s in (store, other)]
        assert generations == sorted(set(generations))

    def test_generations_are_microseconds(self, store: ObjectStore) -> None:
        assert 10**15 < write(store, "a", b"x").generation < 10**16

    def test_writing_again_makes_another_generation_and_keeps_the_first(self, store: ObjectStore) -> None:
        first, second = write(store, "a", b"first"), write(store, "a", b"second")
        assert second.generation > first.generation
        assert read(store, "a") == b"second"
        assert read(store, "a", first.generation) == b"first"
        assert read(store, "a", second.generation) == b"second"
        assert list(store.list("inbox")) == [second]

    def test_an_open_object_stays_readable_while_it_is_replaced(self, store: ObjectStore) -> None:
        write(store, "a", b"first")
        with store.open("inbox", "a") as stream:
            write(store, "a", b"second")
            assert stream.read() == b"first"

    def test_if_generation_0_writes_only_where_no_object_lives(self, store: ObjectStore) -> None:
        first = write(store, "a", b"first", 0)
        with pytest.raises(Conflict):
            write(store, "a", b"second", 0)
        assert store.stat("inbox", "a") == first
        store.delete("inbox", "a")
        write(store, "a", b"third", 0)
        assert read(store, "a") == b"third"

    def test_if_generation_writes_only_over_that_one(self, store: ObjectStore) -> None:
        first = write(store, "a", b"first")
        second = write(store, "a", b"second", first.generation)
        with pytest.raises(Conflict):
            write(store, "a", b"third", first.generation)
        with pytest.raises(Conflict):
            write(store, "b", b"fourth", first.generation)
        assert list(store.list("inbox")) == [second]
        assert read(store, "a") == b"second"

    @pytest.mark.parametrize("before", [False, True])
    def test_who_ends_last_loses_the_precondition(self, store: ObjectStore, before: bool) -> None:
        generation = write(store, "a", b"before").generation if before else 0
        with ExitStack() as stack:
            slow = stack.enter_context(store.writer("inbox", "a", if_generation=generation))
            slow.write(b"slow")
            write(store, "a", b"fast", generation)
            with pytest.raises(Conflict):
                stack.close()
        assert slow.stored is None
        assert read(store, "a") == b"fast"

    def test_what_is_not_there_is_not_found(self, store: ObjectStore) -> None:
        stored = write(store, "a/b", b"x")
        for bucket, name in [("inbox", "a"), ("inbox", "a/b/c"), ("inbox", "A/b")]:
            for ask in (store.open, store.stat, store.uri):
                with pytest.raises(NotFound):
                    ask(bucket, name)
        for ask_one in (store.open, store.uri):
            with pytest.raises(NotFound):
                ask_one("inbox", "a/b", stored.generation + 1)

    def test_delete_removes_the_live_object(self, store: ObjectStore) -> None:
        stored = write(store, "a", b"x")
        store.delete("inbox", "a", if_generation=stored.generation)
        for ask in (store.open, store.stat, store.uri):
            with pytest.raises(NotFound):
                ask("inbox", "a")
        assert list(store.list("inbox")) == []

    def test_delete_does_not_bring_the_older_generation_back(self, store: ObjectStore) -> None:
        first = write(store, "a", b"first")
        write(store, "a", b"second")
        store.delete("inbox", "a")
        with pytest.raises(NotFound):
            store.open("inbox", "a")
        assert list(store.list("inbox")) == []
        assert read(store, "a", first.generation) == b"first"
        third = write(store, "a", b"third", 0)
        assert list(store.list("inbox")) == [third]

    def test_deleting_what_is_not_there_is_nothing(self, store: ObjectStore) -> None:
        store.delete("inbox", "a")
        write(store, "a", b"x")
        store.delete("inbox", "a")
        store.delete("inbox", "a")
        assert list(store.list("inbox")) == []

    def test_deleting_another_generation_is_a_conflict(self, store: ObjectStore) -> None:
        first = write(store, "a", b"first")
        second = write(store, "a", b"second")
        with pytest.raises(Conflict):
            store.delete("inbox", "a", if_generation=first.generation)
        assert store.stat("inbox", "a") == second

    def test_list_gives_live_objects_by_name_and_prefix(self, store: ObjectStore) -> None:
        for name in ["IN/2.csv", "IN/1.csv", "IN-old.csv", "IN/sub/3.csv", "UK/1.csv", "IN"]:
            write(store, name, name.encode())

        def names(prefix: str) -> list[str]:
            return [stored.name for stored in store.list("inbox", prefix)]

        assert names("") == ["IN", "IN-old.csv", "IN/1.csv", "IN/2.csv", "IN/sub/3.csv", "UK/1.csv"]
        assert names("IN/") == ["IN/1.csv", "IN/2.csv", "IN/sub/3.csv"]
        assert names("IN/s") == ["IN/sub/3.csv"]
        assert names("I") == ["IN", "IN-old.csv", "IN/1.csv", "IN/2.csv", "IN/sub/3.csv"]
        assert names("in") == names("IN/1.csv/") == []
        assert next(store.list("inbox", "UK")) == store.stat("inbox", "UK/1.csv")

    def test_a_listing_starts_at_a_name_and_ends_before_another(self, store: ObjectStore) -> None:
        for name in ["a/1", "a/10", "a/2", "b", "ä/1"]:
            write(store, name, b"x")

        def names(prefix: str = "", *, start: str = "", end: str = "") -> list[str]:
            return [stored.name for stored in store.list("inbox", prefix, start=start, end=end)]

        assert names(start="a/10") == ["a/10", "a/2", "b", "ä/1"]
        assert names(end="a/2") == ["a/1", "a/10"]
        assert names(start="a/11", end="ä") == ["a/2", "b"]
        assert names("a/", start="a/10") == ["a/10", "a/2"]
        assert names("a/", start="b") == names(end="a") == []

    def test_any_object_name_is_stored_separately_and_returned_unchanged(self, store: ObjectStore) -> None:
        for name in self.odd_names:
            write(store, name, name.encode(), 0)
        assert [stored.name for stored in store.list("inbox")] == sorted(self.odd_names)
        for name in self.odd_names:
            assert read(store, name) == name.encode()
            assert name in [stored.name for stored in store.list("inbox", name[: len(name) // 2 + 1])]
            store.delete("inbox", name)
        assert list(store.list("inbox")) == []

    @pytest.mark.parametrize("name", ["", ".", "..", "a\nb", "a\r", "x" * 1025, "ü" * 513, "\ud800"])
    def test_a_name_that_cannot_be_is_rejected(self, store: ObjectStore, name: str) -> None:
        with pytest.raises(Rejected) as refused:
            write(store, name, b"x")
        assert not isinstance(refused.value, NotFound)
        with pytest.raises(Rejected):
            store.stat("inbox", name)

    @pytest.mark.parametrize("bucket", ["", "..", "In", "a/b", "x" * 64])
    def test_a_bucket_that_cannot_be_is_rejected(self, store: ObjectStore, bucket: str) -> None:
        with pytest.raises(Rejected):
            write(store, "a", b"x", bucket=bucket)
        with pytest.raises(Rejected):
            list(store.list(bucket))

    def test_the_live_generation_has_the_address_of_the_object(self, store: ObjectStore) -> None:
        write(store, "a", b"first")
        second = write(store, "a", b"second")
        assert store.uri("inbox", "a") == store.uri("inbox", "a", second.generation)

    def test_a_copy_has_the_bytes_of_the_live_generation(self, store: ObjectStore) -> None:
        write(store, "a", b"first")
        second = write(store, "a", b"second")
        copied = store.copy("inbox", "a", "inbox", "folder/b")
        assert copied == store.stat("inbox", "folder/b")
        assert copied.generation > second.generation
        assert read(store, "folder/b") == read(store, "a") == b"second"

    def test_a_copy_of_an_older_generation_has_its_bytes(self, store: ObjectStore) -> None:
        first = write(store, "a", b"first")
        write(store, "a", b"second")
        store.copy("inbox", "a", "inbox", "b", generation=first.generation)
        assert read(store, "b") == b"first"
        with pytest.raises(NotFound):
            store.copy("inbox", "a", "inbox", "c", generation=first.generation - 1)

    def test_a_copy_keeps_to_its_precondition(self, store: ObjectStore) -> None:
        write(store, "a", b"first")
        store.copy("inbox", "a", "inbox", "b", if_generation=0)
        write(store, "a", b"second")
        with pytest.raises(Conflict):
            store.copy("inbox", "a", "inbox", "b", if_generation=0)
        assert read(store, "b") == b"first"
        with pytest.raises(NotFound):
            store.copy("inbox", "c", "inbox", "d")

    def test_threads_counting_up_lose_no_step(self, store: ObjectStore) -> None:
        threads = [threading.Thread(target=count_up, args=(lambda: store, 15), daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            join_thread(thread)
        assert read(store, "counter") == b"60"

    def test_processes_counting_up_lose_no_step(self, opener: Opener) -> None:
        run_all((count_up, (opener, 30)), (count_up, (opener, 30)))
        assert read(opener(), "counter") == b"60"

    def test_processes_never_share_a_generation(self, opener: Opener, tmp_path: Path) -> None:
        log = tmp_path / "told"
        run_all(*((write_many, (opener, name, 100, log)) for name in "ab"))
        runs = [json.loads(line) for line in log.read_text().splitlines()]
        assert len({generation for run in runs for generation in run}) == 200
        assert all(run == sorted(run) for run in runs)

    @pytest.mark.system
    @pytest.mark.parametrize("rounds", [2, pytest.param(40, marks=pytest.mark.long)])
    def test_a_killed_writer_loses_nothing_that_returned(self, opener: Opener, tmp_path: Path, rounds: int) -> None:
        logged = killed_again_and_again(rounds, tmp_path / "told", write_until_killed, opener)
        store = opener()
        assert len(logged) >= rounds
        for line in logged:
            generation, sha256 = line.split()
            assert hashlib.sha256(read(store, "kept", int(generation))).hexdigest() == sha256
        # What was visible but not logged is complete as well.
        number = int(read(store, "kept").split()[0])
        assert read(store, "kept") == b"%d " % number * 50_000
