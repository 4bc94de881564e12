"""The dataset of views that people read: what differs is named, mended, and then left alone."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner
from emulator_fixtures import dataset_of
from google.cloud.bigquery import AccessEntry

from devtools.emulators import PROJECT, Emulator
from sql import row_access
from tillstream.adapters.google.bigquery import tables
from tillstream.adapters.google.bigquery.dataset import Dataset
from tillstream.adapters.google.bigquery.migrations import migrate
from tillstream.adapters.google.bigquery.reporting_views import ReportingDataset, differences, publish
from tillstream.cli.deploy import deploy
from tillstream.model.errors import Rejected

BASE, VIEWS = "ledger_of_reports", "shown_reports"
ACCOUNT = "settle@demo.iam.gserviceaccount.com"
READERS = ("group:shop@example.com", "domain:shop.example")
SHOWN = ReportingDataset(VIEWS, READERS, [f"serviceAccount:{ACCOUNT}"])
POLICIES = f"the row access policies of {BASE} are missing or different"
pytestmark = pytest.mark.long  # a dataset with all tables and views is made for it


@pytest.fixture(scope="module")
def ledger(bigquery: Emulator) -> Iterator[Dataset]:
    dataset = dataset_of(bigquery, BASE)
    migrate(dataset)
    publish(dataset, SHOWN)
    yield dataset
    for name in (VIEWS, BASE):
        dataset.client.delete_dataset(name, delete_contents=True)
    dataset.close()


@pytest.fixture
def dataset(ledger: Dataset) -> Iterator[Dataset]:
    """As it should be, before and after."""
    assert differences(ledger, SHOWN) == []
    before = entries(ledger)
    yield ledger
    views = ledger.client.get_dataset(VIEWS)
    views.access_entries = before
    ledger.client.update_dataset(views, ["access_entries"])
    publish(ledger, SHOWN)


def policies(dataset: Dataset, table: str) -> dict[str, list[str]]:
    """Policy name → members, as the emulator lists them."""
    path = f"/projects/{PROJECT}/datasets/{BASE}/tables/{table}/rowAccessPolicies"
    policies_of_table = dataset.client._connection.api_request("GET", path)["rowAccessPolicies"]
    return {each["rowAccessPolicyReference"]["policyId"]: each["grantees"] for each in policies_of_table}


def entries(dataset: Dataset) -> list[AccessEntry]:
    return list(dataset.client.get_dataset(VIEWS).access_entries)


def run_reports(*words: str) -> Any:
    """The answer of the command, as JSON."""
    arguments = [
        f"--project={PROJECT}",
        f"--dataset={BASE}",
        f"--shown={VIEWS}",
        "--location=EU",
        f"--account={ACCOUNT}",
    ]
    done = CliRunner().invoke(deploy, ["reports", *arguments, *words, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


def test_what_is_published_once_is_as_it_should_be_and_left_alone(dataset: Dataset) -> None:
    for table in row_access.PROTECTED:
        assert policies(dataset, table) == {"accounts": [f"serviceAccount:{ACCOUNT}"], "people": list(READERS)}
    assert publish(dataset, SHOWN) == []
    assert {(each.role, each.entity_type, each.entity_id) for each in entries(dataset)} == {
        ("READER", "groupByEmail", "shop@example.com"),
        ("READER", "domain", "shop.example"),
    }
    described = dataset.client.get_table(f"{VIEWS}.sales")
    assert described.description
    assert all(field.description for field in described.schema)


def test_each_difference_is_named_mended_and_then_gone(dataset: Dataset) -> None:
    dataset.ask(f"DROP VIEW `{PROJECT}.{VIEWS}.sales_by_day`")
    dataset.ask(f"CREATE OR REPLACE VIEW `{PROJECT}.{VIEWS}.sales` AS\nSELECT 1 AS one")
    views = dataset.client.get_dataset(VIEWS)
    views.access_entries = [
        AccessEntry("READER", "domain", "shop.example"),
        AccessEntry("READER", "userByEmail", "stranger@example.com"),
        AccessEntry("OWNER", "userByEmail", "owner@example.com"),
        AccessEntry("READER", "specialGroup", "projectReaders"),
    ]
    dataset.client.update_dataset(views, ["access_entries"])
    base = dataset.client.get_dataset(BASE)
    base.access_entries = [AccessEntry("WRITER", "userByEmail", ACCOUNT)]
    dataset.client.update_dataset(base, ["access_entries"])
    expected = [
        f"the view sales of {VIEWS} has a different query",
        f"the view sales_by_day of {VIEWS} is missing",
        f"{VIEWS} is not authorized on {BASE}",
        f"readers of {VIEWS}: shop@example.com is missing, stranger@example.com is not expected",
    ]
    assert differences(dataset, SHOWN) == expected
    assert publish(dataset, SHOWN) == expected
    assert differences(dataset, SHOWN) == []
    assert [(each.role, each.entity_id) for each in entries(dataset)] == [
        ("OWNER", "owner@example.com"),
        ("READER", "projectReaders"),
        ("READER", "shop.example"),
        ("READER", "shop@example.com"),
    ]
    assert {each.role for each in dataset.client.get_dataset(BASE).access_entries} == {"WRITER", None}


def test_a_recreated_table_gets_its_policies_again(dataset: Dataset) -> None:
    dataset.client.delete_table(dataset.table("refusals"))
    assert POLICIES in differences(dataset, SHOWN)
    with pytest.raises(Rejected, match="refusals"):
        publish(dataset, SHOWN)
    dataset.client.create_table(tables.table_resource(dataset.table("refusals")))
    assert POLICIES in publish(dataset, SHOWN)
    assert policies(dataset, "refusals").keys() == {"accounts", "people"}


def test_without_readers_only_accounts_see_rows_and_the_views_stay(dataset: Dataset) -> None:
    gone = f"readers of {VIEWS}: shop.example is not expected, shop@example.com is not expected"
    assert run_reports("--check") == {"differences": [POLICIES, gone]}
    assert run_reports() == {"mended": [POLICIES, gone]}
    assert run_reports("--check") == {"differences": []}
    assert all(policies(dataset, table).keys() == {"accounts"} for table in row_access.PROTECTED)
    assert not {"shop@example.com", "shop.example"} & {each.entity_id for each in entries(dataset)}
    assert {each.table_id for each in dataset.client.list_tables(VIEWS)} == set(row_access.REPORTS)


def test_it_is_not_as_it_should_be_while_the_views_behind_it_are_older(dataset: Dataset) -> None:
    readers = [f"--reader={member}" for member in READERS]
    assert run_reports("--check", *readers) == {"differences": []}
    dataset.ask("DROP VIEW outcomes")
    old = "the underlying tables and views have another version"
    assert run_reports("--check", *readers) == {"differences": [old]}
    migrate(dataset)
    assert run_reports("--check", *readers) == {"differences": []}


def test_a_member_that_is_written_wrongly_is_refused_before_anything_is_changed(dataset: Dataset) -> None:
    with pytest.raises(Rejected, match="not a valid reader"):
        publish(dataset, ReportingDataset(VIEWS, ["everybody"], SHOWN.accounts))
    assert differences(dataset, SHOWN) == []
