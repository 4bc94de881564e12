"""Holidays are loaded for the countries that sales name, once, and for nothing else."""

from datetime import date
from pathlib import Path

import pytest

from tillstream.analytics import holidays
from tillstream.analytics.holidays import LAST_SETTLEMENT_QUERY, public_holidays, refresh_holidays
from tillstream.app import App, open_app
from tillstream.commands.ingest import ingest
from tillstream.commands.result import quiet
from tillstream.commands.review import confirm
from tillstream.settings import Settings

CONTRACT = """\
name: shop
region: Shop
currency: EUR
columns: {sale_id: No, date: Day, net_amount: Total, country: Land}
identity: {ids: region-wide}
"""


@pytest.mark.parametrize("name", ["Germany", " germany ", "DE", "DEU", "Deutschland", "Allemagne", "ドイツ"])
def test_a_country_is_known_by_its_name_or_code_and_keeps_the_spelling_of_the_source(name: str) -> None:
    rows = public_holidays([name], 2024, 2024).to_pylist()
    assert {"country": name, "holiday_date": date(2024, 10, 3), "name": "German Unity Day"} in rows
    assert {row["country"] for row in rows} == {name}


def test_names_of_several_words_and_usual_short_forms_are_known() -> None:
    for name in ("United States", "USA", "United Kingdom", "UK", "Hong Kong"):
        assert public_holidays([name], 2024, 2024).num_rows > 5


@pytest.mark.parametrize("name", ["Unspecified", "", "European Community", "NA!"])
def test_what_is_no_country_has_none(name: str) -> None:
    assert public_holidays([name], 2024, 2024).num_rows == 0


def take_in(app: App, path: Path, *countries: str) -> None:
    lines = [f"{path.stem}{n},2024-01-02,5,{country}" for n, country in enumerate(countries)]
    path.write_text("\n".join(["No,Day,Total,Land", *lines]) + "\n")
    receipt = ingest(app, quiet, files=[str(path)], contract="shop").data
    if receipt["status"] == "held":  # a country that is new to the region
        receipt = confirm(app, quiet, batch=receipt["batch_id"]).data
    assert receipt["status"] == "settled"


def countries_loaded(app: App) -> set[str]:
    return set(app.ports.warehouse.query("SELECT DISTINCT country FROM holidays").column("country").to_pylist())


def test_countries_are_added_as_sales_name_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "shop.yaml").write_text(CONTRACT)
    loads = []
    original = holidays.public_holidays
    monkeypatch.setattr(
        holidays, "public_holidays", lambda names, *years: loads.append(list(names)) or original(names, *years)
    )
    with open_app(Settings(home=tmp_path, threads=1)) as app:
        state = refresh_holidays(app.ports)
        assert countries_loaded(app) == set()
        take_in(app, tmp_path / "a.csv", "France", "Nowhere")
        state = refresh_holidays(app.ports, state)
        take_in(app, tmp_path / "b.csv", "Japan", "France")
        assert countries_loaded(app) == {"France"}
        state = refresh_holidays(app.ports, state)
        take_in(app, tmp_path / "c.csv", "Japan", "Nowhere")
        assert (
            refresh_holidays(app.ports, refresh_holidays(app.ports, state))
            == app.ports.warehouse.query(LAST_SETTLEMENT_QUERY).to_pylist()[0]["settlement_no"]
        )
        assert countries_loaded(app) == {"France", "Japan"}
        assert loads == [["France"], ["France", "Japan"]]
        days = "SELECT MIN(holiday_date) AS first, MAX(holiday_date) AS last FROM holidays WHERE country = 'France'"
        (span,) = app.ports.warehouse.query(days).to_pylist()
        assert span["first"].year == 2000
        assert span["last"].year == app.ports.clock.now().year + holidays.FUTURE_YEARS
