"""The commands `looker …`: links from the setting, and the files for Looker and dbt."""

import json
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import lkml
import pytest
import yaml
from click.testing import CliRunner, Result

from looker.definitions import reports, sources
from tillstream.cli.looker import looker
from tillstream.settings import InvalidSettings, Settings


@pytest.fixture(autouse=True)
def without_a_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TILLSTREAM_PROJECT", raising=False)


def run(words: Sequence[str]) -> Result:
    return CliRunner().invoke(looker, words)


def report_id(address: str) -> str | None:
    return parse_qs(urlsplit(address).query).get("c.reportId", [None])[0]


def test_links_copy_the_reports_of_the_setting_and_of_the_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TILLSTREAM_LOOKER_REPORT_IDS", "regions=abc, stock=d-e_f")
    links = json.loads(run(["links", "--project", "shop", "--template", "regions=xyz", "--json"]).output)
    assert [one["report"] for one in links] == list(reports())
    copies = {one["report"]: report_id(one["address"]) for one in links if one["is_copy"]}
    assert copies == {"regions": "xyz", "stock": "d-e_f"}
    assert {report_id(one["address"]) for one in links if not one["is_copy"]} == {None}
    assert all("tillstream_reports" in one["address"] for one in links)


def test_without_ids_the_command_explains_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TILLSTREAM_LOOKER_REPORT_IDS", raising=False)
    result = run(["links", "--project", "shop"])
    assert result.exit_code == 0
    explanation = result.output.splitlines()[-1]
    assert all(name in explanation for name in (*reports(), "looker/TEMPLATE.md", "TILLSTREAM_LOOKER_REPORT_IDS"))


def test_with_all_ids_there_is_nothing_to_explain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TILLSTREAM_LOOKER_REPORT_IDS", ",".join(f"{name}=id" for name in reports()))
    assert "TEMPLATE.md" not in run(["links", "--project", "shop"]).output


def test_an_unknown_report_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    option = run(["links", "--project", "shop", "--template", "sums=abc"])
    monkeypatch.setenv("TILLSTREAM_LOOKER_REPORT_IDS", "sums=abc")
    setting = run(["links", "--project", "shop"])
    assert (option.exit_code, setting.exit_code) == (2, 2)
    assert "--template" in option.output
    assert "TILLSTREAM_LOOKER_REPORT_IDS" in setting.output
    assert "executive-summary" in setting.output


@pytest.mark.parametrize("words", [["links"], ["lookml", "--out", "x"], ["dbt", "--out", "x"]], ids=lambda one: one[0])
def test_without_a_project_a_command_fails_and_writes_nothing(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(words)
    assert result.exit_code == 1
    assert "--project" in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["regions", "regions=", "=abc", "regions=a;stock=b", "regions=a stock=b"])
def test_the_setting_is_report_and_id(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TILLSTREAM_LOOKER_REPORT_IDS", text)
    with pytest.raises(InvalidSettings, match="REPORT=ID"):
        Settings.read()


def test_lookml_is_written_with_the_views_of_the_project(tmp_path: Path) -> None:
    words = ["lookml", "--project", "shop", "--dataset", "shown", "--connection", "warehouse", "--out", str(tmp_path)]
    files = json.loads(run([*words, "--json"]).output)["files"]
    assert sorted(files) == sorted(str(path) for path in tmp_path.rglob("*.lkml"))
    manifest = lkml.load((tmp_path / "manifest.lkml").read_text(encoding="utf-8"))
    assert {one["name"]: one["value"] for one in manifest["constants"]} == {"PROJECT": "shop", "DATASET": "shown"}
    model = lkml.load((tmp_path / "tillstream.model.lkml").read_text(encoding="utf-8"))
    assert model["connection"] == "warehouse"
    view = lkml.load((tmp_path / "views" / "sales.view.lkml").read_text(encoding="utf-8"))["views"][0]
    assert {"revenue", "orders"} <= {one["name"] for one in view["measures"]}


def test_dbt_sources_are_written_with_the_views_of_the_project(tmp_path: Path) -> None:
    path = tmp_path / "models" / "tillstream.yml"
    result = run(["dbt", "--project", "shop", "--out", str(path)])
    assert result.output == f"{path}\n"
    (source,) = yaml.safe_load(path.read_text(encoding="utf-8"))["sources"]
    assert (source["database"], source["schema"]) == ("shop", "tillstream_reports")
    assert [table["name"] for table in source["tables"]] == list(sources())
