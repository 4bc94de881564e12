"""What `update` keeps to on every DocumentStore."""

import threading

import pytest
from threads import join_thread

from tillstream.model.errors import Conflict
from tillstream.ports.documents import Document, DocumentStore, Put, Update, update_document


def one_more(document: Document | None) -> Update:
    return Update({"count": document.data["count"] + 1 if document else 1})


class DocumentUpdateContract:
    def test_an_update_creates_a_missing_document_and_changes_one_that_exists(self, documents: DocumentStore) -> None:
        for count in (1, 2, 3):
            stored = update_document(documents, "c", "a", one_more)
            assert stored == documents.get("c", "a")
            assert (stored.id, stored.data, stored.version) == ("a", {"count": count}, count)

    def test_an_update_that_returns_the_document_writes_nothing(self, documents: DocumentStore) -> None:
        stored = documents.put("c", "a", {"n": 1})
        assert update_document(documents, "c", "a", lambda document: document) == stored
        assert update_document(documents, "c", "b", lambda document: document) is None
        assert documents.find("c") == [stored]

    def test_equal_data_is_written_all_the_same(self, documents: DocumentStore) -> None:
        documents.put("c", "a", {"n": 1})
        assert update_document(documents, "c", "a", lambda _: Update({"n": 1})).version == 2

    def test_an_update_that_raises_writes_nothing(self, documents: DocumentStore) -> None:
        stored = documents.put("c", "a", {"n": 1})

        def refused(_: Document | None) -> Update:
            raise ValueError("refused")

        with pytest.raises(ValueError, match="refused"):
            update_document(documents, "c", "a", refused)
        assert documents.get("c", "a") == stored

    def test_further_documents_are_written_with_it_or_not_at_all(self, documents: DocumentStore) -> None:
        log = [Put("log", "1", {"n": 1}, if_version=0)]
        assert update_document(documents, "c", "a", lambda _: Update({"n": 1}, log)).data == {"n": 1}
        assert [one.data for one in documents.find("log")] == [{"n": 1}]
        calls = []

        def repeats_the_log(document: Document | None) -> Update:
            calls.append(document and document.version)
            return Update({"n": 2}, log)

        with pytest.raises(Conflict):
            update_document(documents, "c", "a", repeats_the_log, tries=3)
        assert calls == [1, 1, 1]
        stored = documents.get("c", "a")
        assert stored is not None
        assert (stored.data, stored.version) == ({"n": 1}, 1)

    @pytest.mark.parametrize("exists", [True, False])
    def test_an_update_starts_again_from_what_another_wrote_meanwhile(
        self, documents: DocumentStore, *, exists: bool
    ) -> None:
        if exists:
            documents.put("c", "a", {"count": 10})
        others = iter([100, 200])

        def overtaken(document: Document | None) -> Update:
            count = next(others, None)
            if count:
                documents.put("c", "a", {"count": count})
            return one_more(document)

        assert update_document(documents, "c", "a", overtaken).data == {"count": 201}

    def test_the_last_lost_try_is_a_conflict(self, documents: DocumentStore) -> None:
        def overtaken(document: Document | None) -> Update:
            documents.put("c", "a", {"count": 7})
            return one_more(document)

        with pytest.raises(Conflict):
            update_document(documents, "c", "a", overtaken, tries=2)
        stored = documents.get("c", "a")
        assert stored is not None
        assert (stored.data, stored.version) == ({"count": 7}, 2)

    def test_updates_from_several_threads_lose_no_step(self, documents: DocumentStore) -> None:
        def count_up() -> None:
            for _ in range(25):
                update_document(documents, "c", "a", one_more)

        threads = [threading.Thread(target=count_up, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            join_thread(thread)
        stored = documents.get("c", "a")
        assert stored is not None
        assert (stored.data, stored.version) == ({"count": 100}, 100)
