"""Documents in Firestore keep the DocumentStore contract, on Google's emulator."""

import functools
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from document_store_contract import DocumentStoreContract, Opener
from google.cloud.firestore import WriteBatch

from devtools.emulators import Emulator
from tillstream.adapters.google import document_store
from tillstream.adapters.google.document_store import FirestoreDocumentStore
from tillstream.model.errors import Rejected
from tillstream.ports.documents import Put


class TestFirestoreDocumentStore(DocumentStoreContract):
    @pytest.fixture
    def opener(self, firestore: Emulator) -> Opener:
        return functools.partial(FirestoreDocumentStore, f"test-{secrets.token_hex(6)}")

    @pytest.fixture
    def documents(self, opener: Opener) -> Iterator[FirestoreDocumentStore]:
        documents = opener()
        yield documents
        documents.close()

    @pytest.mark.parametrize(
        "id_", ["", ".", "..", "__x__", "a/b", "a.0b", "a.1b", "a.b", "é/हिन्दी", "=", "%2F", "x" * 1_000]
    )
    def test_ids_that_firestore_refuses_are_ids_all_the_same(self, documents: FirestoreDocumentStore, id_: str) -> None:
        for other in ("a/b", "a.b", "a.0b", "a.1b"):
            documents.put("c", other, {"of": other})
        documents.put("c", id_, {"of": id_})
        document = documents.get("c", id_)
        assert document is not None
        assert (document.id, document.data) == (id_, {"of": id_})
        assert documents.find("c", {"of": id_}) == [document]

    def test_any_ids_come_in_the_order_of_their_code_points(self, documents: FirestoreDocumentStore) -> None:
        ids = [
            "-",
            ".",
            "..",
            ".0",
            "./",
            "/",
            "/.",
            "//",
            "0",
            "_",
            "__",
            "__a__",
            "a",
            "a-",
            "a.",
            "a/",
            "a0",
            "é",
            "🧾",
        ]
        for name in reversed(ids):
            documents.put("c", name, {"here": True})
        assert [document.id for document in documents.find("c")] == sorted(ids)
        assert [document.id for document in documents.find("c", {"here": True})] == sorted(ids)
        assert [document.id for document in documents.find("c", descending=True)] == sorted(ids, reverse=True)
        assert [document.id for document in documents.find("c", above="a", below="a0")] == ["a-", "a.", "a/"]

    def test_any_json_value_is_returned_unchanged(self, documents: FirestoreDocumentStore) -> None:
        data = {"": [[1], [[]]], "a.b": {"__x__": 0.1}, "`": 2**70, "long": "x" * 5_000, "deep": [[[[{"": [None]}]]]]}
        documents.put("c", "a", data)
        document = documents.get("c", "a")
        assert document is not None
        assert document.data == data

    def test_more_than_a_document_holds_is_refused_in_words(self, documents: FirestoreDocumentStore) -> None:
        documents.put("c", "a", {"text": "ह" * 340_000})
        with pytest.raises(Rejected, match="the limit for a document"):
            documents.put_all([Put("c", "b", {}), Put("c", "a", {"text": "ह" * 350_000})])
        assert documents.get("c", "b") is None

    def test_a_search_by_what_no_index_holds_is_refused(self, documents: FirestoreDocumentStore) -> None:
        with pytest.raises(Rejected):
            documents.find("c", {"text": "x" * 1_501})
        with pytest.raises(Rejected):
            documents.find("c", {"a.b": "x"})

    def test_a_long_find_goes_by_pages(
        self, documents: FirestoreDocumentStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(document_store, "PAGE", 3)
        documents.put_all([Put("c", f"{n:02}", {"n": n % 4, "even": n % 2 == 0}) for n in range(20)])
        by_n = sorted(range(20), key=lambda n: (n % 4, n))
        assert [int(one.id) for one in documents.find("c", order_by="n")] == by_n
        assert [int(one.id) for one in documents.find("c", order_by="n", offset=4, limit=7)] == by_n[4:11]
        assert [int(one.id) for one in documents.find("c", {"even": True})] == list(range(0, 20, 2))
        assert [int(one.id) for one in documents.find("c", descending=True, limit=3)] == [19, 18, 17]

    @pytest.mark.parametrize("version", [0, 1, None])
    def test_a_write_with_a_lost_response_is_not_a_conflict(
        self, documents: FirestoreDocumentStore, monkeypatch: pytest.MonkeyPatch, version: int | None
    ) -> None:
        if version != 0:
            documents.put("c", "a", {"n": 1})
        commit = WriteBatch.commit

        def commit_twice(batch: WriteBatch, **call: Any) -> Any:
            """What the library's second try does after the first arrived, and its answer did not."""
            writes = list(batch._write_pbs)
            commit(batch, **call)
            batch._write_pbs = writes
            return commit(batch, **call)

        monkeypatch.setattr(WriteBatch, "commit", commit_twice)
        written = documents.put("c", "a", {"n": 2}, if_version=version)
        assert written == documents.get("c", "a")
        assert (written.data, written.version) == ({"n": 2}, 1 if version == 0 else 2)
