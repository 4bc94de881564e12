"""Currencies and countries that a store or region never had, asked in a way that BigQuery takes as well."""

from pathlib import Path
from typing import Any

from tillstream.app import App, open_app
from tillstream.commands.ingest import ingest
from tillstream.commands.result import quiet
from tillstream.model.money import CURRENCIES
from tillstream.pipeline.validating.sold_before import sold_before
from tillstream.ports import Warehouse
from tillstream.settings import Settings

CONTRACT = """\
name: shop
region: Shop
{currency}
refused_threshold: 1
columns: {{sale_id: No, date: Day, store_id: Store, net_amount: Total, currency: Cur}}
identity: {{ids: region-wide}}
"""


def shop(home: Path, currency: str = "") -> Settings:
    (home / "contracts").mkdir(parents=True)
    (home / "contracts" / "shop.yaml").write_text(CONTRACT.format(currency=currency))
    return Settings(home=home, samples=False, threads=1)


def problems(app: App, path: Path, *lines: str) -> list[tuple[str, str, int, str]]:
    """Ingest a file; code, severity, count and example of its problems."""
    path.write_text("No,Day,Store,Total,Cur\n" + "".join(f"{line}\n" for line in lines))
    receipt: Any = ingest(app, quiet, files=[str(path)], contract="shop").data
    return [(one["code"], one["severity"], one["count"], one["example"]) for one in receipt["problems"]]


def test_a_store_with_a_currency_of_its_own_is_warned_about_another_one(tmp_path: Path) -> None:
    with open_app(shop(tmp_path)) as app:
        first = ("1,2026-03-01,S1,5.00,EUR", "2,2026-03-01,S2,5.00,PLN")
        assert problems(app, tmp_path / "a.csv", *first) == [], "nothing is usual yet"
        later = ("3,2026-03-02,S1,5.00,EUR", "4,2026-03-02,S1,5.00,PLN", "5,2026-03-02,S2,5.00,PLN")
        assert problems(app, tmp_path / "b.csv", *later) == [
            ("unusual-currency", "warning", 1, "PLN; store S1 uses EUR")
        ]
        new_store = ("6,2026-03-03,S3,5.00,EUR", "7,2026-03-03,S3,5.00,USD", "8,2026-03-03,S3,5.00,USD")
        assert problems(app, tmp_path / "c.csv", *new_store) == [
            ("unusual-currency", "warning", 2, "USD; this region uses EUR, PLN")
        ]


def test_the_currency_of_the_contract_is_usual_from_the_first_file_on(tmp_path: Path) -> None:
    with open_app(shop(tmp_path, "currency: EUR")) as app:
        lines = ("1,2026-03-01,S1,5.00,EUR", "2,2026-03-01,S1,5.00,USD")
        assert problems(app, tmp_path / "a.csv", *lines) == [  # the file is also held for them
            ("unusual-currency", "warning", 1, "USD; this region uses EUR")
        ]


def test_an_unknown_currency_is_rejected(tmp_path: Path) -> None:
    with open_app(shop(tmp_path)) as app:
        lines = ("1,2026-03-01,S1,5.00,EUR", "2,2026-03-01,S1,5.00,EUP", "3,2026-03-01,S1,5.00,XXX")
        lines += ("4,1998-03-01,S1,5.00,DEM",)
        assert problems(app, tmp_path / "a.csv", *lines) == [("not-a-currency", "error", 2, "EUP")]


def test_the_list_has_codes_of_three_letters_and_no_code_for_no_currency() -> None:
    assert {len(code) for code in CURRENCIES} == {3}
    assert {"USD", "EUR", "INR", "JPY", "GBP", "BRL", "DEM"} <= CURRENCIES
    assert "XXX" not in CURRENCIES


class Recorded:
    """A warehouse that keeps the parameters of its queries."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse, self.params = warehouse, dict[str, Any]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.warehouse, name)

    def query(self, text: str, params: dict[str, Any] | None = None) -> Any:
        self.params |= params or {}
        return self.warehouse.query(text, params)


def test_no_list_is_empty_if_every_day_is_in_the_totals(app: App) -> None:
    warehouse: Any = Recorded(app.ports.warehouse)
    assert sold_before(warehouse, "North") == frozenset()
    assert warehouse.params["region"] == "North"
    assert [] not in warehouse.params.values(), "an empty list has no type, so BigQuery compares no day with it"
