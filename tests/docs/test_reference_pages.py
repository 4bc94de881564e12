"""The generated pages are fresh, and name everything that users and programs can meet."""

from importlib.resources import files
from pathlib import Path

import click
import pytest

import sql
from docs.generate import PAGES
from docs.generate.api import empty_portal, request_of, routes
from docs.generate.commands import leaves
from tillstream.cli.main import main
from tillstream.model.columns import SALE_LINE
from tillstream.model.contract import MAPPABLE_COLUMNS, Contract
from tillstream.model.messages import store_sale_schema
from tillstream.model.problems import CATALOGUE
from tillstream.model.tables.warehouse_tables import TABLES
from tillstream.settings import Settings

DOCS = Path(__file__).resolve().parents[2] / "docs"
COMMANDS = dict(leaves(main, "tillstream"))

SLOW = {"scale.md": pytest.mark.system}
"""Takes seconds, because it settles a sample of every kind."""
METHODS = ("GET", "POST", "PATCH", "DELETE", "OPTIONS", "HEAD")


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def section(name: str, heading: str) -> str:
    """The text from a heading to the next one of its level or above."""
    level = heading.partition(" ")[0]
    _, separator, rest = page(name).partition(f"\n{heading}\n")
    assert separator, f"docs/{name} has no section {heading!r}"
    ends = [at for depth in range(2, len(level) + 1) if (at := rest.find(f"\n{'#' * depth} ")) >= 0]
    return rest[: min(ends, default=len(rest))]


@pytest.mark.parametrize("name", [pytest.param(name, marks=SLOW.get(name, ())) for name in PAGES])
def test_the_page_matches_the_code(name: str) -> None:
    assert page(name) == PAGES[name](), "run make docs"


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_and_each_of_its_options_is_documented(path: str) -> None:
    command, text = COMMANDS[path], section("cli.md", f"## {path}")
    assert command.help, "a command says what it does"
    assert command.help.splitlines()[0] in text
    for param in command.params:
        name = param.opts[0] if isinstance(param, click.Option) else (param.name or "").upper()
        assert name in text
        assert not isinstance(param, click.Option) or param.help, f"{path} {name} says nothing"


def test_every_setting_is_documented_with_its_meaning() -> None:
    for name, field in Settings.model_fields.items():
        assert f"`TILLSTREAM_{name.upper()}`" in page("settings.md")
        assert field.description
        assert field.description in page("settings.md")


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_problem_has_its_help(code: str) -> None:
    text = section("problems.md", f"### {code}")
    assert CATALOGUE[code].title in text
    assert CATALOGUE[code].advice() in text


def test_every_column_of_a_sale_line_and_of_every_table_is_documented() -> None:
    line = section("warehouse.md", "## A sale line")
    assert all(f"`{column.name}`" in line for column in SALE_LINE)
    for name, fields in TABLES.items():
        text = section("warehouse.md", f"### {name}")
        assert all(f"| `{field.name}` |" in text and field.description for field in fields)


def test_every_file_of_sql_is_documented() -> None:
    for file in (f for folder in files(sql).iterdir() if folder.is_dir() for f in folder.iterdir()):
        if file.name.endswith(".sql"):
            path = f"{Path(str(file)).parent.name}/{file.name.removesuffix('.sql')}"
            heading = path.removeprefix("queries/")
            assert section("warehouse.md", f"### {heading}").strip(), f"{path} says nothing of itself"


def test_every_address_of_the_api_is_documented() -> None:
    with empty_portal() as flask:
        requests = [request_of(rule) for rule in routes(flask)]
    assert "GET /api/v1/kpis" in requests
    lines = [
        line.split("|") for line in page("api.md").splitlines() if line.startswith(tuple(f"| `{m} " for m in METHODS))
    ]
    rows = {cells[1].strip(): cells[3].strip() for cells in lines}
    assert [f"`{request}`" for request in requests] == list(rows)
    assert all(rows.values()), "an address says what it answers"


def test_every_field_of_a_contract_is_documented() -> None:
    text = section("contracts.md", "## The fields of a contract")
    assert all(f"| `{name}` |" in text for name in Contract.model_fields)
    assert all(f"| `{name}` |" in section("contracts.md", "## What `columns` may map") for name in MAPPABLE_COLUMNS)


def test_every_field_of_a_store_sale_is_documented() -> None:
    sale = store_sale_schema()["properties"]
    assert all(f"| `{name}` |" in section("store-sales.md", "## The sale") for name in sale)
    line = sale["lines"]["items"]["properties"]
    assert all(f"| `{name}` |" in section("store-sales.md", "## Lines of a sale") for name in line)
