"""Sales of a currency or country that a region never had: one question holds the file, and the answer is kept."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

Run = Callable[..., tuple[int, Any]]
Ingest = Callable[..., tuple[int, dict[str, Any]]]
CODE = "foreign-sales"
CONTRACTS: dict[str, dict[str, Any]] = {
    "leeds": {"region": "Britain", "currency": "GBP", "country": "United Kingdom"},
    "hamburg": {"region": "Britain", "currency": "EUR", "country": "Germany"},
    "till": {"region": "Britain", "currency": "GBP", "mapped": {"currency": "Cur", "country": "Land"}},
    "web": {"region": "Web", "currency": "EUR", "mapped": {"country": "Land"}},
}
START = {name: number * 1000 for number, name in enumerate(CONTRACTS)}


@pytest.fixture
def ingest(home: Path, tmp_path: Path, run: Run) -> Ingest:
    """Load sales with a contract; each is (currency, country), and has an amount of 10."""
    (home / "contracts").mkdir(parents=True)
    for name, settings in CONTRACTS.items():
        columns = {"sale_id": f"No {name}", "date": "Day", "net_amount": "Net"} | settings.get("mapped", {})
        contract = {"name": name, "columns": columns, "identity": {"store": name}}
        contract |= {key: value for key, value in settings.items() if key != "mapped"}
        (home / "contracts" / f"{name}.yaml").write_text(yaml.safe_dump(contract))
    count = iter(range(100))

    def load(name: str, *sales: tuple[str, str], options: tuple[str, ...] = ()) -> tuple[int, dict[str, Any]]:
        file = next(count)
        mapped = CONTRACTS[name].get("mapped", {})
        path = tmp_path / f"{name}-{file}.csv"
        rows = [f"No {name},Day,Net" + "".join(f",{header}" for header in mapped.values())]
        for at, (currency, country) in enumerate(sales or [("", "")] * 4):
            cells = {"currency": currency, "country": country}
            number = START[name] + file * 20 + at
            rows.append(f"{number},2026-03-{at % 28 + 1:02},10.00" + "".join(f",{cells[one]}" for one in mapped))
        path.write_text("\n".join([*rows, ""]))
        code, receipt = run("ingest", str(path), "--region", name, *options)
        return code, dict(receipt)

    return load


def codes(receipt: dict[str, Any]) -> list[str]:
    return [hold["code"] for hold in receipt["holds"]]


def test_german_euros_for_a_british_region_are_held_once_and_then_known(ingest: Ingest, run: Run) -> None:
    assert ingest("leeds")[1]["status"] == "settled", "a new region has nothing to compare with"
    code, held = ingest("hamburg")
    assert (code, held["status"], codes(held)) == (4, "held", [CODE])
    (message,) = (hold["message"] for hold in held["holds"])
    assert message == (
        "Britain never had such sales: amounts in EUR, and Britain has sales in GBP; "
        "4 rows of Germany, and Britain has sales of United Kingdom."
    )
    assert run("query", "kpis")[1]["rows"][0]["lines"] == 4
    code, settled = run("confirm", held["batch_id"])
    assert (code, settled["status"], settled["rows"]["new"]) == (0, "settled", 4)
    assert ingest("hamburg")[1]["status"] == "settled"
    assert run("replay", held["batch_id"])[1]["status"] == "settled"


def test_a_dry_run_has_the_question_and_an_undone_file_brings_it_back(ingest: Ingest, run: Run) -> None:
    ingest("leeds")
    assert codes(ingest("hamburg", options=("--dry-run",))[1]) == [CODE]
    _, held = ingest("hamburg")
    run("confirm", held["batch_id"])
    run("undo", held["batch_id"], "--yes")
    assert codes(ingest("hamburg")[1]) == [CODE]


def test_the_order_of_the_files_does_not_matter(ingest: Ingest) -> None:
    ingest("hamburg")
    assert codes(ingest("leeds")[1]) == [CODE]


def test_few_foreign_rows_among_many_are_questioned_and_the_contract_counts_from_the_first_file_on(
    ingest: Ingest, run: Run
) -> None:
    british = [("GBP", "UK")] * 9
    _, held = ingest("till", *british, ("EUR", "Germany"))
    assert codes(held) == [CODE]
    run("confirm", held["batch_id"])
    assert ingest("till", *british, ("EUR", "Germany"))[1]["status"] == "settled"
    assert codes(ingest("till", *british, ("USD", "Germany"))[1]) == [CODE]


@pytest.mark.parametrize("spelling", ["GB", "great britain", "United Kingdom"])
def test_another_spelling_of_a_known_country_is_no_question(ingest: Ingest, spelling: str) -> None:
    ingest("leeds")
    assert ingest("till", ("GBP", spelling))[1]["status"] == "settled"


def test_a_region_that_sells_abroad_has_a_question_only_for_a_file_of_new_countries(ingest: Ingest) -> None:
    countries = ["Austria", "Belgium", "Denmark", "France", "Italy", "Spain"]
    home_market = [("EUR", country) for country in countries]
    assert ingest("web", *home_market)[1]["status"] == "settled"
    assert ingest("web", *home_market, ("EUR", "Malta"))[1]["status"] == "settled"
    assert codes(ingest("web", ("EUR", "Japan"), ("EUR", "Austria"), ("EUR", "Kenya"))[1]) == [CODE]


def test_the_file_can_be_read_with_the_source_of_another_region(ingest: Ingest, run: Run, home: Path) -> None:
    ingest("leeds")
    _, held = ingest("hamburg")
    german = yaml.safe_load((home / "contracts" / "hamburg.yaml").read_text())
    german |= {"name": "germany", "region": "Germany"}
    (home / "contracts" / "germany.yaml").write_text(yaml.safe_dump(german))
    moved = run("confirm", held["batch_id"], "--region", "germany")[1]
    assert (moved.get("status"), moved.get("region")) == ("settled", "Germany"), moved
