"""A measure that `definitions.toml` declares is in the API, in Explore, in files and in the views of other tools."""

from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from visitor import Visitor, indian_file, indian_sale

from tillstream.analytics.measures import definitions
from tillstream.analytics.measures.view_measures import view_measures

DECLARED = """
[measures.line_value]
label = "Value of a line"
format = "money"
grain = "measure"
expression = "revenue / lines"
lines = "active"
description = "Average revenue of a sale line."
formula = "revenue ÷ lines"
rules = ["revenue"]
owner = "Finance"
"""


@pytest.fixture
def declare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Declare it in a copy of the file; it is gone after the test."""
    file = Path(definitions.__file__).parent / "definitions.toml"

    def forget() -> None:
        for cached in (definitions.all_measures, view_measures):
            cached.cache_clear()

    def add() -> None:
        (tmp_path / file.name).write_text(file.read_text(encoding="utf-8") + DECLARED, encoding="utf-8")
        monkeypatch.setattr(
            definitions.resources,
            "files",
            lambda package: tmp_path if package == definitions.__package__ else files(package),
        )
        forget()

    yield add
    monkeypatch.undo()
    forget()


def test_a_declared_measure_is_everywhere(
    person: Callable[..., Visitor], work: Callable[[], None], declare: Callable[[], None]
) -> None:
    admin = person()
    admin.upload(indian_file(indian_sale("1", "30.00"), indian_sale("2", "10.00")))
    work()
    values = "/api/v1/measures/values?measures=line_value&by=store"
    assert admin.get(values).status_code == 404
    declare()
    (row,) = admin.get(values).json["rows"]
    assert (row["store"], float(row["line_value"])) == ("MUM01", 20.0)
    assert "Value of a line" in admin.get("/explore?measure=line_value&by=store").text
    assert "20.00" in admin.get("/explore?measure=line_value&by=store").text
    assert "Average revenue of a sale line." in admin.get("/measures?q=value+of+a+line").text
    assert "revenue ÷ lines" in admin.get("/why/line_value").text
    assert "line_value" in admin.get("/files/measures.csv?measures=line_value&by=store").text
    assert "line_value" in view_measures("sales")
    assert {one["name"] for one in admin.get("/api/v1/measures").json["measures"]} >= {"line_value"}
