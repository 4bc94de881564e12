"""The option --engine of backfills: what Spark does not do, and what it needs."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from app_factory import build

from tillstream.app import App
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.model.errors import Rejected
from tillstream.settings import Settings

REFUSALS = [
    ({"engine": "local", "master": "local[2]"}, {}, "A master belongs to the engine spark: add --engine spark."),
    ({"engine": "flink"}, {}, "There is no engine flink. The engines are local, spark, dataproc."),
    ({"engine": "spark", "job": True}, {}, "With --job, the server stages the files. Leave out --job or --engine"),
    ({"engine": "dataproc"}, {}, "The engine dataproc belongs to a project: set TILLSTREAM_PROJECT, or use --engine"),
    ({"engine": "spark", "subnet": "jobs"}, {}, "A subnet belongs to the engine dataproc: add --engine dataproc."),
    ({"engine": "spark"}, {"has_worker": True}, "The server of this home stages its files. Stop the server, then run"),
]


@pytest.fixture
def app(tmp_path: Path) -> App:
    return build(Settings(home=tmp_path / "home", samples=False, threads=1))


@pytest.mark.parametrize(("arguments", "of_app", "sentence"), REFUSALS)
def test_a_backfill_that_spark_does_not_run_is_refused(
    app: App, tmp_path: Path, arguments: dict[str, Any], of_app: dict[str, Any], sentence: str
) -> None:
    settings = app.settings.model_copy(update={"project": of_app.get("project", "")})
    opened = replace(app, settings=settings, has_worker=of_app.get("has_worker", False))
    with pytest.raises(Rejected, match=sentence.split(". ", maxsplit=1)[0]) as error:
        COMMANDS["backfill"](opened, quiet, paths=[str(tmp_path)], contract="UK", **arguments)
    assert str(error.value).startswith(sentence)
    app.close()


def test_without_spark_the_command_names_what_to_install(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(Rejected, match="needs the package pyspark"):
        COMMANDS["backfill"](app, quiet, paths=[str(tmp_path)], contract="UK", engine="spark")
    app.close()


def test_without_gcloud_nothing_is_taken_in(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    in_a_project = replace(app, settings=app.settings.model_copy(update={"project": "demo"}))
    with pytest.raises(Rejected, match="gcloud is not installed"):
        COMMANDS["backfill"](in_a_project, quiet, paths=[str(tmp_path)], contract="UK", engine="dataproc")
    app.close()


def test_a_dry_run_needs_no_spark(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    (tmp_path / "history").mkdir()
    planned = COMMANDS["backfill"](app, quiet, paths=[str(tmp_path / "history")], engine="spark", dry=True)
    assert planned.data["files"] == 0
    app.close()
