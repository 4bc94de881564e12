"""Documents in SQLite keep the DocumentStore contract."""

import functools
import re
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from document_store_contract import DocumentStoreContract, Opener
from threads import PATIENCE, join_thread

from tillstream.adapters.local.sqlite.document_store import INDEXED, LISTED, MATCHED, SQLiteDocumentStore
from tillstream.model.errors import Rejected, Unavailable


class TestSQLiteDocumentStore(DocumentStoreContract):
    @pytest.fixture
    def opener(self, tmp_path: Path) -> Opener:
        return functools.partial(SQLiteDocumentStore, tmp_path / "documents.db")

    @pytest.fixture
    def documents(self, opener: Opener) -> Iterator[SQLiteDocumentStore]:
        documents = opener()
        yield documents
        documents.close()

    @pytest.mark.parametrize("field", INDEXED)
    def test_the_fields_that_are_searched_most_use_an_index(
        self, documents: SQLiteDocumentStore, tmp_path: Path, field: str
    ) -> None:
        statements: list[str] = []
        documents._file._connection().set_trace_callback(statements.append)
        documents.find("c", {field: "x"})
        with sqlite3.connect(tmp_path / "documents.db") as sqlite:
            plan = sqlite.execute(f"EXPLAIN QUERY PLAN {statements[-1]}").fetchall()
        sqlite.close()
        index = f"having_{field}" if field in MATCHED else f"by_{field}"
        assert f"USING INDEX {index}" in plan[0][-1]

    def test_the_newest_uploads_are_read_off_an_index(self, documents: SQLiteDocumentStore) -> None:
        plan = documents._file.rows(
            "EXPLAIN QUERY PLAN SELECT id FROM documents WHERE collection = 'c' "
            "ORDER BY json_extract(data, '$.received_seq') DESC, id DESC LIMIT 50"
        )
        assert len(plan) == 1, "sorted by its index, not by a temporary tree"

    @pytest.mark.parametrize("field", LISTED)
    def test_a_page_of_a_list_reads_no_other_documents(self, documents: SQLiteDocumentStore, field: str) -> None:
        """Fifty thousand micro-batches stood between the uploads, and each page of uploads read them all."""
        plan = documents._file.rows(
            f"EXPLAIN QUERY PLAN SELECT id FROM documents WHERE collection = 'c' AND "
            f"json_extract(data, '$.{field}') = 'x' "
            "ORDER BY json_extract(data, '$.received_seq') DESC, id DESC LIMIT 50"
        )
        (step,) = plan
        # newer releases of SQLite read even the value out of the index: COVERING
        assert step[-1].replace("COVERING ", "") == (
            f"SEARCH documents USING INDEX listed_{field} (collection=? AND <expr>=?)"
        )

    @pytest.mark.parametrize("where", [{"object": "x", "generation": 5}, {"state": "x"}])
    def test_neither_a_sorted_lookup_nor_a_count_reads_all_documents(
        self, documents: SQLiteDocumentStore, tmp_path: Path, where: dict[str, str | int]
    ) -> None:
        """The record of an uploaded file was searched among all batches, in the order of their numbers."""
        statements: list[str] = []
        documents._file._connection().set_trace_callback(statements.append)
        documents.find("c", where, order_by="received_seq", limit=1)
        documents.count("c", where)
        with sqlite3.connect(tmp_path / "documents.db") as sqlite:
            plans = [sqlite.execute(f"EXPLAIN QUERY PLAN {one}").fetchall() for one in statements]
        sqlite.close()
        index = "having_generation" if "generation" in where else "listed_state"
        using = rf"USING (COVERING )?INDEX {index}\b"
        assert [bool(re.search(using, plan[0][-1])) for plan in plans] == [True, True]
        assert "json_type" not in "".join(statements), "a count reads only the index"

    def test_a_field_that_could_be_sql_is_refused(self, documents: SQLiteDocumentStore) -> None:
        with pytest.raises(Rejected):
            documents.find("c", {"a') = 1 OR ('1": "x"})
        with pytest.raises(Rejected):
            documents.find("c", order_by="a b")

    def test_a_new_file_that_another_process_is_making_is_waited_for(self, tmp_path: Path) -> None:
        """SQLite itself does not wait there: one of two servers that started together did not come up."""
        path = tmp_path / "new.db"
        other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        other.execute("CREATE TABLE other (id)")
        commit = threading.Timer(0.3, other.execute, ["COMMIT"])
        commit.start()
        documents = SQLiteDocumentStore(path)
        join_thread(commit)
        documents.put("c", "a", {})
        assert documents.count("c") == 1
        documents.close()
        other.close()

    def test_closing_closes_the_connections_of_every_thread(self, tmp_path: Path) -> None:
        documents = SQLiteDocumentStore(tmp_path / "documents.db")
        done, let_go = threading.Event(), threading.Event()

        def other() -> None:
            documents.put("c", "a", {})
            done.set()
            let_go.wait(PATIENCE)

        thread = threading.Thread(target=other, daemon=True)
        thread.start()
        assert done.wait(PATIENCE)
        opened = [connection.sqlite for connection in documents._file._open]
        assert len(opened) == 2
        documents.close()
        documents.close()
        let_go.set()
        join_thread(thread)
        for sqlite in opened:
            with pytest.raises(sqlite3.ProgrammingError):
                sqlite.execute("SELECT 1")
        with pytest.raises(Unavailable):
            documents.get("c", "a")

    def test_a_thread_that_ended_leaves_no_connection_behind(self, documents: SQLiteDocumentStore) -> None:
        for _ in range(5):
            thread = threading.Thread(target=documents.get, args=("c", "a"), daemon=True)
            thread.start()
            join_thread(thread)
        assert len(documents._file._open) == 1

    def test_a_database_that_cannot_be_opened_is_unavailable(self, tmp_path: Path) -> None:
        (tmp_path / "documents.db").mkdir()
        with pytest.raises(Unavailable):
            SQLiteDocumentStore(tmp_path / "documents.db")

    def test_every_commit_reaches_the_disk(self, documents: SQLiteDocumentStore) -> None:
        sqlite = documents._file._connection()
        assert sqlite.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert sqlite.execute("PRAGMA synchronous").fetchone() == (2,)
