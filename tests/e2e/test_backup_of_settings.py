"""A backup brings back what people have set, and what stores need: each collection of documents."""

from pathlib import Path
from types import ModuleType

import pytest
import settings_of_people
import settings_of_stores

from tests.e2e.conftest import Run
from tillstream.app import build
from tillstream.settings import Settings


@pytest.mark.parametrize("settings", [settings_of_people, settings_of_stores], ids=["of people", "of stores"])
def test_what_people_and_stores_have_set_comes_back(
    tmp_path: Path, home: Path, run: Run, monkeypatch: pytest.MonkeyPatch, settings: ModuleType
) -> None:
    app = build(Settings(home=home, samples=False, threads=1))
    settings.add(app)
    before = settings.read(app)
    assert app.backup is not None
    app.backup(str(tmp_path / "people.tar"), lambda _: None)
    settings.change(app)
    assert settings.read(app) != before
    app.close()
    new = tmp_path / "new"
    monkeypatch.setenv("TILLSTREAM_HOME", str(new))
    assert run("restore", str(tmp_path / "people.tar"))[0] == 0
    app = build(Settings(home=new, samples=False, threads=1))
    try:
        assert settings.read(app) == before
    finally:
        app.close()
