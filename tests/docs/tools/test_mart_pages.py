"""The pages about tools that read the marts: their statements run on DuckDB and PostgreSQL, their commands exist."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import duckdb
import pytest
import yaml
from click.testing import CliRunner
from docs.pages.page_commands import Page

from tests.docs.tools.page_blocks import PAGES, blocks
from tests.e2e.marts.copied_shop import Copies, copies, database, postgresql_server
from tests.e2e.marts.exported_shop import export
from tillstream.cli.main import main

__all__ = ["copies", "database", "postgresql_server"]
WITH_SQL = ("metabase.md", "superset.md", "dbt.md")
SOURCE = re.compile(r"\{\{ source\('tillstream', '(\w+)'\) \}\}")


def statements() -> list[str]:
    listed = [SOURCE.sub(r"tillstream.\1", block) for page in WITH_SQL for block in blocks(page, "sql")]
    assert len(listed) == len(WITH_SQL)
    return listed


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_exist_with_their_options(page: str) -> None:
    Page(f"tools/{page}").check_tillstream()


def test_the_statements_run_on_a_copy_in_postgresql(copies: Copies) -> None:
    copies.copy()
    for statement in statements():
        assert copies.rows(statement), statement
    (store,) = copies.rows(statements()[0])
    assert store[1:] == (390, 3)


def test_the_statements_run_on_a_duckdb_file(copies: Copies) -> None:
    export(copies.app, copies.folder)
    for page in ("metabase.md", "superset.md"):
        (program,) = blocks(page, "python")
        exec(program.replace("/data/", f"{copies.folder}/"), {})
    with duckdb.connect(copies.folder / "marts.duckdb", read_only=True) as connection:
        for statement in statements():
            assert connection.execute(statement).fetchall(), statement


def written(folder: Path, name: str) -> str:
    out = folder / name
    arguments = ["--host", "127.0.0.1", "--database", "sales", "--user", "reader", "--out", str(out)]
    result = CliRunner().invoke(main, ["marts", "connection-file", *arguments])
    assert result.exit_code == 0, result.output
    return out.read_text(encoding="utf-8")


def test_the_joins_of_tableau_lose_no_line_of_the_copy(copies: Copies, tmp_path: Path) -> None:
    copies.copy()
    relation = ET.fromstring(written(tmp_path, "sales.tds")).find("connection/relation")
    assert relation is not None
    (counted,) = copies.rows(f"SELECT COUNT(*) FROM {_joined(relation)}")
    assert counted == (copies.count(),)


def _joined(relation: ET.Element) -> str:
    """The FROM clause of a relation."""
    if relation.get("type") == "table":
        return str(relation.get("table")).replace("[", "").replace("]", "") + f" AS {relation.get('name')}"
    left, right = relation.findall("relation")
    keys = [str(one.get("op")).replace("[", "").replace("]", "") for one in relation.findall("clause/expression/*")]
    return f"{_joined(left)} JOIN {_joined(right)} ON {' = '.join(keys)}"


def test_the_sources_of_dbt_are_the_tables_of_the_copy(copies: Copies, tmp_path: Path) -> None:
    copies.copy()
    (source,) = yaml.safe_load(written(tmp_path, "sales.yml"))["sources"]
    for table in source["tables"]:
        query = (
            f"SELECT column_name FROM information_schema.columns WHERE table_schema = '{source['schema']}'"
            f" AND table_name = '{table['name']}' ORDER BY ordinal_position"
        )
        assert [name for (name,) in copies.rows(query)] == [one["name"] for one in table["columns"]]
    used = {name for block in blocks("dbt.md", "sql") for name in SOURCE.findall(block)}
    assert used <= {table["name"] for table in source["tables"]}
