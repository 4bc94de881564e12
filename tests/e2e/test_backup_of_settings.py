"""A backup brings back what people have set: annotations, views, start views, and expected deliveries."""

from pathlib import Path

import pytest
import settings_of_people

from tests.e2e.conftest import Run
from tillstream.app import build
from tillstream.settings import Settings


def test_annotations_views_and_expected_deliveries_come_back(
    tmp_path: Path, home: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = build(Settings(home=home, samples=False, threads=1))
    settings_of_people.add(app)
    before = settings_of_people.read(app)
    assert app.backup is not None
    app.backup(str(tmp_path / "people.tar"), lambda _: None)
    settings_of_people.change(app)
    assert settings_of_people.read(app) != before
    app.close()
    new = tmp_path / "new"
    monkeypatch.setenv("TILLSTREAM_HOME", str(new))
    assert run("restore", str(tmp_path / "people.tar"))[0] == 0
    app = build(Settings(home=new, samples=False, threads=1))
    try:
        assert settings_of_people.read(app) == before
    finally:
        app.close()
