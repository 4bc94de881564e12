"""What users and machines see from outside stays as the files of `outside/` hold it.

After a change that is meant: `pytest tests/golden --golden-write`, and read what changed in the files.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.golden import addresses, commands, declared, stored
from tests.golden.snapshots import FOLDER, Collector, difference, write

FILES: dict[str, Collector] = {
    "commands-help.txt": commands.help_texts,
    "commands-answers.json": commands.answers,
    "http-routes.txt": addresses.routes,
    "http-openapi.json": addresses.openapi,
    "settings.json": declared.settings,
    "contract-schema.json": declared.contract_schema,
    "contracts.json": declared.contracts,
    "store-sale-schema.json": declared.store_sale,
    "problems.txt": declared.problems,
    "people.json": declared.people,
    "packages.json": declared.packages,
    "warehouse-bigquery.json": stored.bigquery_tables,
}
OF_A_HOME: dict[str, Callable[[Path], str]] = {
    "warehouse-duckdb.txt": stored.duckdb_columns,
    "warehouse-queries.json": stored.query_columns,
    "documents.json": stored.documents,
    "staged-files.json": stored.staged_files,
    "messages.json": stored.messages,
}
"""Read from one home, in this order: the last one empties its queue."""
FORMS = "http-forms.txt"
SLOW = {"commands-answers.json": pytest.mark.system}
"""Takes seconds, because it runs the commands on a home."""
pytestmark = pytest.mark.filterwarnings("ignore:Requested Holidays")  # those of some countries are known for few years


def compare(name: str, now: str, request: pytest.FixtureRequest) -> str:
    """A unified diff, empty where the file holds what is there now."""
    if request.config.getoption("--golden-write"):
        write(name, now)
    return difference(name, now)


def fail(difference: str) -> None:
    pytest.fail(f"{difference}\nIf this is meant: pytest tests/golden --golden-write", pytrace=False)


@pytest.mark.parametrize("name", [pytest.param(name, marks=SLOW.get(name, ())) for name in FILES])
def test_what_is_declared_is_as_it_was(name: str, request: pytest.FixtureRequest) -> None:
    if difference := compare(name, FILES[name](), request):
        fail(difference)


@pytest.mark.system
def test_what_a_home_holds_is_as_it_was(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    home = stored.lived(tmp_path)
    if difference := "\n".join(filter(None, (compare(name, read(home), request) for name, read in OF_A_HOME.items()))):
        fail(difference)


@pytest.mark.long
def test_forms_have_the_fields_that_they_had(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if difference := compare(FORMS, addresses.forms(stored.lived(tmp_path)), request):
        fail(difference)


def test_every_kept_file_is_compared() -> None:
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted([*FILES, *OF_A_HOME, FORMS])
