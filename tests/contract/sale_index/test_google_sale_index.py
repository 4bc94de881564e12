"""A sale index in Firestore keeps the SaleIndex contract, on Google's emulator."""

import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from google.api_core import exceptions as api_errors
from google.api_core.retry import Retry
from google.cloud.firestore import WriteBatch
from sale_index_contract import MONDAY, TUESDAY, SaleIndexContract, as_sets

from devtools.emulators import Emulator
from tillstream.adapters.google import document_store, sale_index
from tillstream.adapters.google.sale_index import FirestoreSaleIndex, WritePace
from tillstream.model.errors import Unavailable
from tillstream.ports.warehouse import PendingDay


class TestFirestoreSaleIndex(SaleIndexContract):
    @pytest.fixture
    def project(self, firestore: Emulator) -> str:
        return f"test-{secrets.token_hex(6)}"

    @pytest.fixture
    def index(self, project: str) -> Iterator[FirestoreSaleIndex]:
        index = FirestoreSaleIndex(project)
        yield index
        index.close()

    def test_other_clients_read_what_was_noted(self, index: FirestoreSaleIndex, project: str) -> None:
        index.note([(255, MONDAY)], 1)
        other = FirestoreSaleIndex(project)
        assert as_sets(other.days([255])) == {255: {MONDAY}}
        other.close()
        (document,) = index._documents.get()
        assert (document.id, document.to_dict()) == ("00000000000000ff", {"days": [19_905]})

    def test_a_long_call_goes_by_commits_and_pages(
        self, index: FirestoreSaleIndex, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sale_index, "COMMIT", 3)
        monkeypatch.setattr(sale_index, "LARGE", 10)
        monkeypatch.setattr(sale_index, "PAGE", 3)
        monkeypatch.setattr(document_store, "PAGE", 3)
        index.note([(n % 40, MONDAY + timedelta(n)) for n in range(80)], 1)
        assert as_sets(index.days(range(50))) == {
            n: {MONDAY + timedelta(n), MONDAY + timedelta(n + 40)} for n in range(40)
        }
        index.rebuild(((n % 40, TUESDAY) for n in range(0, 80, 2)), 1)
        assert index.days(range(50)).keys() == set(range(0, 40, 2))

    def test_pending_days_are_noted_at_one_pace_without_writing_what_is_noted(
        self, project: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class CountingPace(WritePace):
            writes = 0

            def wait(self, writes: int) -> None:
                self.writes += writes

        paces: list[CountingPace] = []

        def pace() -> CountingPace:
            paces.append(CountingPace())
            return paces[-1]

        monkeypatch.setattr(sale_index, "LARGE", 10)
        index = FirestoreSaleIndex(project, pace=pace)
        pending = [PendingDay(MONDAY, 1, 1), PendingDay(TUESDAY, 1, 1)]
        index.note([(n, MONDAY) for n in range(5)], 1, pending)
        assert index.note_pending(pending, lambda each: [(n, each.day) for n in range(25)]) == 45
        assert [each.writes for each in paces] == [45]
        assert as_sets(index.days(range(30))) == {n: {MONDAY, TUESDAY} for n in range(25)}
        index.close()

    def test_a_commit_that_is_aborted_or_whose_answer_is_lost_is_retried(
        self, index: FirestoreSaleIndex, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        commit = WriteBatch.commit
        faults = [api_errors.Aborted("contention"), api_errors.ServiceUnavailable("the answer is lost")]

        def failing(batch: WriteBatch, *, retry: Retry, timeout: float) -> None:
            writes = list(batch._write_pbs)

            def attempt() -> None:
                batch._write_pbs = writes
                commit(batch, retry=None, timeout=timeout)
                if faults:
                    raise faults.pop()

            retry(attempt)()

        index.note([(1, MONDAY)], 1)
        monkeypatch.setattr(WriteBatch, "commit", failing)
        index.note([(1, TUESDAY)], 1)
        assert not faults
        assert as_sets(index.days([1])) == {1: {MONDAY, TUESDAY}}

    def test_a_failed_commit_of_many_is_raised(
        self, index: FirestoreSaleIndex, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refused(batch: WriteBatch, **call: Any) -> None:
            raise api_errors.PermissionDenied("no role")

        with monkeypatch.context() as patch:
            patch.setattr(WriteBatch, "commit", refused)
            with pytest.raises(Unavailable, match="The sale index cannot be reached"):
                index.note([(n, MONDAY) for n in range(3_000)], 1)
        index.note([(1, TUESDAY)], 1)
        assert as_sets(index.days([1, 2])) == {1: {TUESDAY}}
