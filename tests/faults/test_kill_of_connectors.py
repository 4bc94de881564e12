"""The process of a connector is killed at each step of a run: no sale is lost, and none is counted twice."""

import json
from pathlib import Path
from typing import Any

import pytest
from connectors import listed_kind
from faults.connector_rig import FILES, PAGES, SALES, Rig, killed_at
from unit.connectors.connector_steps import REFERENCE, sales, store_sale

OFTEN = [("documents.put batches received", "before", 1), ("documents.put connector_states", "before", 2)]
"""The object is stored and its record is not; the record is, and the cursor or the keys are not."""


def rig(folder: Path, entries: list[dict[str, Any]], lines: int, contract: str = "online-retail-uk") -> Rig:
    path = folder / "list.json"
    listed_kind.write(path, entries)
    settings = {"list": str(path), "password": REFERENCE}
    environment = {"TILLSTREAM_SOURCE_LIST": listed_kind.PASSWORD}
    return Rig(listed_kind.NAME, settings, lines, contract, "connectors.listed_kind", environment)


def of_files(folder: Path) -> Rig:
    entries = [{"key": f"{n}@1", "file": f"{n}.csv", "text": sales(n, n + 10)} for n in range(1, 4)]
    return rig(folder, entries, 6)


def of_pages(folder: Path) -> Rig:
    return rig(folder, [{"text": sales(n, n + 10)} for n in range(1, 4)], 6)


def of_sales(folder: Path) -> Rig:
    entries = [{"text": json.dumps(store_sale(str(n))), "is_sales": True} for n in range(1, 4)]
    return rig(folder, entries, 3, "")


@pytest.mark.parametrize(("step", "when", "count"), [pytest.param(*OFTEN[0], marks=pytest.mark.long), OFTEN[1]])
def test_files_are_exact_after_a_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, when: str, count: int
) -> None:
    killed_at(tmp_path, of_files(tmp_path), monkeypatch, step, when, count)


def test_pages_are_exact_after_a_kill_between_the_record_and_the_cursor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_at(tmp_path, of_pages(tmp_path), monkeypatch, "documents.put connector_states", "before", 2)


def test_store_sales_are_exact_after_a_kill_between_the_message_and_the_cursor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_at(tmp_path, of_sales(tmp_path), monkeypatch, "bus.publish store-sales", "after", 1)


@pytest.mark.long
@pytest.mark.parametrize(("step", "when", "count"), FILES)
def test_files_are_exact_after_a_kill_at_any_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, when: str, count: int
) -> None:
    killed_at(tmp_path, of_files(tmp_path), monkeypatch, step, when, count)


@pytest.mark.long
@pytest.mark.parametrize(("step", "when", "count"), PAGES)
def test_pages_are_exact_after_a_kill_at_any_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, when: str, count: int
) -> None:
    killed_at(tmp_path, of_pages(tmp_path), monkeypatch, step, when, count)


@pytest.mark.long
@pytest.mark.parametrize(("step", "when", "count"), SALES)
def test_store_sales_are_exact_after_a_kill_at_any_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, when: str, count: int
) -> None:
    killed_at(tmp_path, of_sales(tmp_path), monkeypatch, step, when, count)
