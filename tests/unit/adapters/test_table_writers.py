"""The writers of single tables: what differs is described, changed, and then left alone."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from unit.adapters.http_double import Answer, HTTPDouble, serve

from tillstream.adapters.google.bigquery.access import WRITER_ROLE, grant_writers, writer_differences
from tillstream.adapters.google.bigquery.dataset import Dataset

PORTAL, OTHER = "serviceAccount:portal@demo.example", "serviceAccount:other@demo.example"
VIEWER = {"role": "roles/bigquery.dataViewer", "members": ["user:ann@example.com"]}


class Policies:
    """The policies of tables, as BigQuery keeps them."""

    def __init__(self) -> None:
        self.of_tables: dict[str, dict[str, Any]] = defaultdict(lambda: {"etag": "1", "bindings": []})

    def answer(self, _: str, path: str, body: Any) -> Answer:
        table, _, verb = path.rpartition("/tables/")[2].partition("?")[0].partition(":")
        if verb == "setIamPolicy":
            assert body["policy"]["etag"] == self.of_tables[table]["etag"]
            self.of_tables[table] = body["policy"]
        return 200, self.of_tables[table]


@pytest.fixture
def policies() -> Policies:
    return Policies()


@pytest.fixture
def server(policies: Policies) -> Iterator[HTTPDouble]:
    with serve(policies.answer) as double:
        yield double


@pytest.fixture
def dataset(server: HTTPDouble) -> Iterator[Dataset]:
    dataset = Dataset("demo", "ledger", "EU", api=server.address)
    yield dataset
    dataset.close()


def changes(server: HTTPDouble) -> list[str]:
    return [path for _, path, _ in server.requests if "setIamPolicy" in path]


def test_members_are_granted_and_revoked_table_by_table_once(
    dataset: Dataset, policies: Policies, server: HTTPDouble
) -> None:
    policies.of_tables["sightings"]["bindings"] = [{"role": WRITER_ROLE, "members": [PORTAL]}]
    policies.of_tables["stock_levels"]["bindings"] = [VIEWER]
    wanted = {"stock_levels": [PORTAL], "product_codes": [PORTAL, OTHER]}
    named = [
        "the writers of the table sightings are portal@demo.example, not none",
        "the writers of the table product_codes are none, not other@demo.example, portal@demo.example",
        "the writers of the table stock_levels are none, not portal@demo.example",
    ]
    assert writer_differences(dataset, wanted) == named
    assert changes(server) == []
    assert grant_writers(dataset, wanted) == named
    assert policies.of_tables["sightings"].get("bindings", []) == []
    bindings = policies.of_tables["stock_levels"]["bindings"]
    assert sorted(bindings, key=lambda each: str(each["role"])) == [{"role": WRITER_ROLE, "members": [PORTAL]}, VIEWER]
    assert len(changes(server)) == 3
    assert grant_writers(dataset, wanted) == []
    assert len(changes(server)) == 3, "a second run changes nothing"
