"""Two contents of one key in one file, and bytes that two contracts loaded: ADR 012."""

from pathlib import Path
from typing import Any

import pytest

from tillstream.app import App, open_app
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.settings import Settings

CONTRACT = """\
name: {name}
region: {region}
currency: EUR
refused_threshold: 1
columns: {{sale_id: No, line_key: Line, date: Day, net_amount: Total}}
identity: {{ids: region-wide}}
"""
HEAD = "No,Line,Day,Total\n"
REPEATED = "known-bytes-under-another-contract"


class Shop:
    def __init__(self, app: App, folder: Path) -> None:
        self._app, self._folder = app, folder

    def run(self, name: str, /, **arguments: Any) -> Any:
        return COMMANDS[name](self._app, quiet, **arguments).data

    def ingest(self, contract: str, *lines: str) -> Any:
        path = self._folder / "file.csv"
        path.write_text(HEAD + "".join(f"{line}\n" for line in lines))
        return self.run("ingest", files=[str(path)], contract=contract)

    def lines(self) -> list[tuple[str, str, str]]:
        rows = self.run("query", name="sale-lines", params={})["rows"]
        return sorted((row["region"], row["sale_id"], f"{row['net_amount']:.2f}") for row in rows)


@pytest.fixture
def shop(tmp_path: Path) -> Any:
    (tmp_path / "contracts").mkdir()
    for name, region in (("here", "Here"), ("there", "There")):
        (tmp_path / "contracts" / f"{name}.yaml").write_text(CONTRACT.format(name=name, region=region))
    with open_app(Settings(home=tmp_path, samples=False, threads=1)) as app:
        yield Shop(app, tmp_path)


def test_two_contents_of_one_key_in_one_file_are_both_quarantined(shop: Shop) -> None:
    receipt = shop.ingest("here", "7,1,2026-03-01,5.00", "7,1,2026-03-01,9.00", "8,1,2026-03-01,1", "8,1,2026-03-01,1")
    assert [(one["code"], one["count"]) for one in receipt["problems"]] == [("conflicting-contents", 2)]
    assert (receipt["rows"]["new"], receipt["rows"]["duplicate"], receipt["rows"]["quarantined"]) == (1, 1, 2)
    assert shop.lines() == [("Here", "8", "1.00")]


def test_a_replay_of_bytes_that_another_contract_also_loaded_is_held_and_replaces_nothing_yet(shop: Shop) -> None:
    first = shop.ingest("here", "1,1,2026-03-01,5.00")
    second = shop.ingest("there", "1,1,2026-03-01,5.00")
    assert [hold["code"] for hold in second["holds"]] == [REPEATED]
    shop.run("confirm", batch=second["batch_id"])
    both = [("Here", "1", "5.00"), ("There", "1", "5.00")]
    assert shop.lines() == both
    replay = shop.run("replay", batch=first["batch_id"])
    assert [hold["code"] for hold in replay["holds"]] == [REPEATED]
    assert shop.lines() == both, "the replayed batch still counts"
    shop.run("confirm", batch=replay["batch_id"])
    assert shop.lines() == both
    assert shop.run("receipts", batch=first["batch_id"])["status"] == "replayed"


def test_a_held_replay_that_is_rejected_leaves_the_batch_as_it_was(shop: Shop) -> None:
    first = shop.ingest("here", "1,1,2026-03-01,5.00")
    shop.run("confirm", batch=shop.ingest("there", "1,1,2026-03-01,5.00")["batch_id"])
    replay = shop.run("replay", batch=first["batch_id"])
    shop.run("reject", batch=replay["batch_id"], reason="not needed")
    assert shop.lines() == [("Here", "1", "5.00"), ("There", "1", "5.00")]
    assert shop.run("receipts", batch=first["batch_id"])["status"] == "settled"


def test_a_confirmed_batch_is_replayed_without_the_same_question(shop: Shop) -> None:
    shop.ingest("here", "1,1,2026-03-01,5.00")
    second = shop.ingest("there", "1,1,2026-03-01,5.00")
    shop.run("confirm", batch=second["batch_id"])
    assert shop.run("replay", batch=second["batch_id"])["status"] == "settled"
    assert shop.lines() == [("Here", "1", "5.00"), ("There", "1", "5.00")]


@pytest.fixture
def held(shop: Shop) -> str:
    """A file of `here` that was held because `there` had its bytes, which were undone since; then a later correction of
    its line, and the same bytes again, which count."""
    other = shop.ingest("there", "1,1,2026-03-01,5.00")
    batch: str = shop.ingest("here", "1,1,2026-03-01,5.00")["batch_id"]
    shop.run("undo", batch=other["batch_id"])
    shop.ingest("here", "1,1,2026-03-01,7.00")
    assert shop.ingest("here", "1,1,2026-03-01,5.00")["status"] == "settled"
    return batch


def test_a_held_upload_gives_no_place_to_the_same_bytes(shop: Shop, held: str) -> None:
    assert shop.lines() == [("Here", "1", "5.00")], "received after the correction"
    shop.run("reject", batch=held, reason="not needed")
    assert shop.lines() == [("Here", "1", "5.00")]


def test_a_confirmed_upload_gives_its_place_to_the_same_bytes(shop: Shop, held: str) -> None:
    shop.run("confirm", batch=held)
    assert shop.lines() == [("Here", "1", "7.00")], "both repeats take the place of the first, before the correction"
    assert shop.run("rebuild")["differences"] == []
