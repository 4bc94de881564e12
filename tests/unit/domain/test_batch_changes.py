"""Only known fields of a batch record change with its state."""

from typing import Any, get_type_hints

import pytest

from tillstream.model.batch import Batch, BatchChanges, BatchKind, BatchState

RECEIVED = Batch(
    "b", BatchKind.UPLOAD, "inbox", "sales.csv", 1, 2, "sales.csv", "IN", 1, "IN", 3, "2026-06-01T00:00:00", "emma"
)


def test_a_change_has_the_name_and_type_of_a_field() -> None:
    fields = get_type_hints(Batch)
    assert get_type_hints(BatchChanges).items() <= fields.items()


def test_an_unknown_field_is_refused() -> None:
    misspelled: dict[str, Any] = {"eror": "unreadable"}
    with pytest.raises(TypeError, match="eror"):
        RECEIVED.with_state(BatchState.REJECTED, "2026-06-02T00:00:00", **misspelled)


def test_a_known_field_changes_with_the_state() -> None:
    rejected = RECEIVED.with_state(BatchState.REJECTED, "2026-06-02T00:00:00", error="unreadable")
    assert (rejected.state, rejected.state_at, rejected.error) == (
        BatchState.REJECTED,
        "2026-06-02T00:00:00",
        "unreadable",
    )
    assert rejected.file == RECEIVED.file
