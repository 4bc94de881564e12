"""The indexes that `infra/` declares are those that the code's questions need."""

import json

import pytest
from document_queries import ROOT, Question, collections, questions

from tillstream.adapters.google import sale_index

DECLARED = json.loads((ROOT / "infra" / "firestore.indexes.json").read_text(encoding="utf-8"))
DIRECTIONS = {True: "DESCENDING", False: "ASCENDING"}


def needed(question: Question) -> set[tuple[str, str, str, str]]:
    """Firestore has an index of each field, and joins those that end alike: so one for each field with the order."""
    if not question.order:
        return set()
    order = question.order if question.order == "id" else f"fields.{question.order}"
    way = DIRECTIONS[question.descending]
    return {(question.collection, f"fields.{field}", order, way) for field in question.fields}


def test_every_question_has_its_indexes_and_every_index_its_question() -> None:
    declared = set()
    for index in DECLARED["indexes"]:
        field, order = index["fields"]
        assert index["queryScope"] == "COLLECTION"
        assert field["order"] == "ASCENDING"
        declared.add((index["collectionGroup"], field["fieldPath"], order["fieldPath"], order["order"]))
    assert len(declared) == len(DECLARED["indexes"])
    assert declared == {one for question in questions() for one in needed(question)}


def test_the_text_of_a_document_and_the_sale_index_are_in_no_index() -> None:
    assert all(each["indexes"] == [] for each in DECLARED["fieldOverrides"])
    spared = [(each["collectionGroup"], each["fieldPath"]) for each in DECLARED["fieldOverrides"]]
    text = {(collection, "text") for collection in collections()}
    assert sorted(spared) == sorted(text | {(sale_index.COLLECTION, field) for field in sale_index.FIELDS})


@pytest.mark.parametrize(
    ("collection", "fields", "order", "descending"),
    [
        ("batches", {"state", "kind"}, "received_seq", True),
        ("batches", {"parent", "kind"}, "fix_number", False),
        ("batches", {"state", "region"}, "", False),
        ("audit", {"who", "what", "kind", "subject"}, "id", True),
        ("users", {"link"}, "", False),
        ("sessions", set(), "seen_at", False),
    ],
)
def test_questions_are_read_as_they_are_written(
    collection: str, fields: set[str], order: str, *, descending: bool
) -> None:
    parsed = {(one.collection, one.fields, one.order, one.descending) for one in questions()}
    assert (collection, frozenset(fields), order, descending) in parsed
