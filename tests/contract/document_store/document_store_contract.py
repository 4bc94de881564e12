"""What every DocumentStore keeps to."""

import itertools
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from collection_contract import CollectionContract
from document_update_contract import DocumentUpdateContract
from job_contract import JobContract
from processes import killed_again_and_again, log_line, run_all
from threads import join_thread

from tillstream.model.errors import Conflict
from tillstream.ports.documents import DocumentStore, Put

Opener = Callable[[], DocumentStore]


def count_up(opener: Opener, times: int) -> None:
    """Add 1 to a shared counter `times` times by compare-and-set."""
    documents = opener()
    for _ in range(times):
        while True:
            stored = documents.get("counters", "shared")
            data, version = (stored.data, stored.version) if stored else ({"count": 0}, 0)
            try:
                documents.put("counters", "shared", {"count": data["count"] + 1}, if_version=version)
                break
            except Conflict:
                continue


def write_until_killed(log: Path, opener: Opener) -> None:
    documents = opener()
    number = documents.count("kept")
    while True:
        documents.put("kept", f"{number:06}", {"number": number, "text": "x" * 2_000}, if_version=0)
        log_line(log, str(number))
        number += 1


class DocumentStoreContract(DocumentUpdateContract, CollectionContract, JobContract):
    @pytest.fixture
    def opener(self) -> Opener:
        """Opens the store of this test; can be sent to another process."""
        raise NotImplementedError("an adapter's test says how it is opened")

    @pytest.fixture
    def documents(self, opener: Opener) -> DocumentStore:
        return opener()

    def test_what_was_put_is_what_one_gets(self, documents: DocumentStore) -> None:
        data = {
            "text": "Berguvsvägen – हिन्दी 🧾",
            "n": 7,
            "big": 2**53,
            "yes": True,
            "no": None,
            "list": [1, {"a": []}],
            "": "",
        }
        written = documents.put("uploads", "IN/sales.csv", data)
        assert written == documents.get("uploads", "IN/sales.csv")
        assert written.data == data
        assert (written.id, written.version) == ("IN/sales.csv", 1)

    def test_what_is_not_there_is_none(self, documents: DocumentStore) -> None:
        documents.put("uploads", "a", {})
        assert documents.get("uploads", "b") is None
        assert documents.get("others", "a") is None

    def test_a_document_got_is_the_callers_own(self, documents: DocumentStore) -> None:
        data = {"list": [1]}
        written = documents.put("c", "a", data)
        data["list"].append(2)
        written.data["list"].append(3)
        got = documents.get("c", "a")
        assert got is not None
        assert got.data == {"list": [1]}

    def test_versions_begin_at_1_and_grow_by_1(self, documents: DocumentStore) -> None:
        assert [documents.put("c", "a", {"n": n}).version for n in range(3)] == [1, 2, 3]
        assert documents.put("c", "a", {"n": 3}, if_version=3).version == 4

    def test_if_version_0_writes_only_what_is_absent(self, documents: DocumentStore) -> None:
        documents.put("c", "a", {"n": 1}, if_version=0)
        with pytest.raises(Conflict):
            documents.put("c", "a", {"n": 2}, if_version=0)
        assert documents.find("c")[0].data == {"n": 1}

    @pytest.mark.parametrize("version", [1, 3])
    def test_another_version_is_a_conflict_and_changes_nothing(self, documents: DocumentStore, version: int) -> None:
        documents.put("c", "a", {"n": 1})
        kept = documents.put("c", "a", {"n": 2})
        with pytest.raises(Conflict):
            documents.put("c", "a", {"n": 3}, if_version=version)
        with pytest.raises(Conflict):
            documents.delete("c", "a", if_version=version)
        assert documents.get("c", "a") == kept

    def test_a_version_of_what_is_absent_is_a_conflict(self, documents: DocumentStore) -> None:
        with pytest.raises(Conflict):
            documents.put("c", "a", {}, if_version=1)
        assert documents.get("c", "a") is None

    def test_deleting_removes_and_repeats(self, documents: DocumentStore) -> None:
        documents.put("c", "a", {})
        documents.delete("c", "a")
        documents.delete("c", "a")
        assert documents.get("c", "a") is None
        assert documents.put("c", "a", {}, if_version=0).version == 1

    def test_deleting_at_its_version(self, documents: DocumentStore) -> None:
        written = documents.put("c", "a", {})
        documents.delete("c", "a", if_version=written.version)
        assert documents.get("c", "a") is None

    def test_deleting_what_should_be_there_and_is_not_is_a_conflict(self, documents: DocumentStore) -> None:
        with pytest.raises(Conflict):
            documents.delete("c", "a", if_version=1)
        documents.delete("c", "a", if_version=0)

    def test_find_gives_a_collection_by_id(self, documents: DocumentStore) -> None:
        for name in ["b", "a", "c"]:
            documents.put("c", name, {"name": name})
        documents.put("other", "d", {})
        assert [document.id for document in documents.find("c")] == ["a", "b", "c"]
        assert [document.id for document in documents.find("c", descending=True)] == ["c", "b", "a"]
        assert documents.find("c")[0] == documents.get("c", "a")

    @pytest.mark.parametrize(
        ("where", "ids"),
        [
            ({"state": "held"}, "ac"),
            ({"state": "held", "region": "IN"}, "a"),
            ({"rows": 1}, "a"),
            ({"done": True}, "b"),
            ({"done": False}, "c"),
            ({"rows": "1"}, "d"),
            ({"done": 1}, ""),
            ({"nested": "[1]"}, ""),
            ({"map": '{"a":1}'}, ""),
            ({"absent": "x"}, ""),
            ({}, "abcd"),
            (None, "abcd"),
        ],
    )
    def test_find_and_count_take_documents_whose_fields_equal_all(
        self, documents: DocumentStore, where: dict[str, Any] | None, ids: str
    ) -> None:
        documents.put("c", "a", {"state": "held", "region": "IN", "rows": 1, "nested": [1]})
        documents.put("c", "b", {"state": "settled", "region": "IN", "done": True})
        documents.put("c", "c", {"state": "held", "region": "UK", "done": False, "rows": None, "map": {"a": 1}})
        documents.put("c", "d", {"rows": "1"})
        assert "".join(document.id for document in documents.find("c", where)) == ids
        assert documents.count("c", where) == len(ids)

    def test_find_orders_by_a_field_then_by_id(self, documents: DocumentStore) -> None:
        for name, seq in [("a", 20), ("b", 3), ("c", 20), ("d", 100)]:
            documents.put("c", name, {"seq": seq, "state": "held"})
        assert [d.id for d in documents.find("c", {"state": "held"}, order_by="seq")] == ["b", "a", "c", "d"]
        assert [d.id for d in documents.find("c", order_by="seq", descending=True)] == ["d", "c", "a", "b"]

    def test_text_orders_by_its_code_points(self, documents: DocumentStore) -> None:
        words = ["a", "B", "é", "z", "ä", "🧾", "10", "9"]
        for word in words:
            documents.put("c", f"id-{word}", {"word": word})
        assert [d.data["word"] for d in documents.find("c", order_by="word")] == sorted(words)

    def test_pages_are_the_whole_without_gap_or_overlap(self, documents: DocumentStore) -> None:
        for n in range(10):
            documents.put("c", f"{n}", {"n": n % 3, "state": "held"})
        whole = documents.find("c", {"state": "held"}, order_by="n")
        pages = [documents.find("c", {"state": "held"}, order_by="n", limit=4, offset=start) for start in (0, 4, 8, 12)]
        assert [len(page) for page in pages] == [4, 4, 2, 0]
        assert list(itertools.chain(*pages)) == whole
        assert documents.find("c", order_by="n", offset=8) == whole[8:]

    def test_only_ids_above_and_below_are_found(self, documents: DocumentStore) -> None:
        for name in "abcde":
            documents.put("c", name, {"state": "held" if name in "bd" else "settled"})

        def ids(**bounds: Any) -> str:
            return "".join(document.id for document in documents.find("c", **bounds))

        assert ids(above="b") == "cde"
        assert ids(below="c") == "ab"
        assert ids(above="a", below="e", descending=True, limit=2) == "dc"
        assert ids(above="b", where={"state": "held"}) == "d"
        assert ids(above="a!", below="b!") == "b"

    def test_several_documents_are_written_in_one_step(self, documents: DocumentStore) -> None:
        documents.put("c", "a", {"n": 1})
        puts = [Put("c", "a", {"n": 2}, if_version=1), Put("log", "1", {"n": 2}, if_version=0)]
        written = documents.put_all(puts)
        assert [(one.id, one.version) for one in written] == [("a", 2), ("1", 1)]
        assert documents.get("log", "1") == written[1]

    @pytest.mark.parametrize("turned", [False, True])
    def test_of_several_documents_none_is_written_where_one_may_not(
        self, documents: DocumentStore, *, turned: bool
    ) -> None:
        version = documents.put("c", "a", {"n": 1})
        puts = [Put("log", "1", {"n": 2}, if_version=0), Put("c", "a", {"n": 2}, if_version=7)]
        with pytest.raises(Conflict):
            documents.put_all(puts[::-1] if turned else puts)
        assert documents.get("log", "1") is None
        assert documents.get("c", "a") == version

    def test_threads_counting_up_lose_no_step(self, opener: Opener, documents: DocumentStore) -> None:
        threads = [threading.Thread(target=count_up, args=(lambda: documents, 25), daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            join_thread(thread)
        counter = documents.get("counters", "shared")
        assert counter is not None
        assert (counter.data, counter.version) == ({"count": 100}, 100)

    def test_processes_counting_up_lose_no_step(self, opener: Opener) -> None:
        run_all((count_up, (opener, 60)), (count_up, (opener, 60)))
        counter = opener().get("counters", "shared")
        assert counter is not None
        assert (counter.data, counter.version) == ({"count": 120}, 120)

    @pytest.mark.system
    @pytest.mark.parametrize("rounds", [2, pytest.param(40, marks=pytest.mark.long)])
    def test_a_killed_writer_loses_nothing_that_returned(self, opener: Opener, tmp_path: Path, rounds: int) -> None:
        logged = killed_again_and_again(rounds, tmp_path / "told", write_until_killed, opener)
        kept = {document.data["number"] for document in opener().find("kept")}
        assert len(logged) >= rounds
        assert {int(number) for number in logged} <= kept
