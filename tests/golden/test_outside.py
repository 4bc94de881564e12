"""What users and machines see from outside stays as the files of `outside/` hold it.

After a change that is meant: `pytest tests/golden --golden-write`, and read what changed in the files.
"""

import pytest

from tests.golden import commands
from tests.golden.frozen import FOLDER, Collector, difference, write

FILES: dict[str, Collector] = {
    "commands-help.txt": commands.help_texts,
    "commands-answers.json": commands.answers,
}


@pytest.mark.filterwarnings("ignore:Requested Holidays")  # those of some countries are known for few years
@pytest.mark.parametrize("name", FILES)
def test_it_is_as_it_was(name: str, request: pytest.FixtureRequest) -> None:
    now = FILES[name]()
    if request.config.getoption("--golden-write"):
        write(name, now)
    found = difference(name, now)
    if found:
        pytest.fail(f"{found}\nIf this is meant: pytest tests/golden --golden-write", pytrace=False)


def test_every_kept_file_is_compared() -> None:
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(FILES)
