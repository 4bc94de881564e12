"""In a proof, our own commands run as the account of a function: by credentials that exist only meanwhile."""

import json
import os
from pathlib import Path

import pytest

from devtools.prove.google import GoogleProject
from devtools.prove.proof import RUNS_AS, impersonation
from infra import stage
from infra.gcloud import CREDENTIALS, QUOTA_PROJECT, Gcloud

STAGE = stage.read("prove", "demo", "123")
OWN = {"type": "authorized_user", "refresh_token": "own"}
GCLOUD = """#!/bin/sh
echo "$@" >> {log}
case "$*" in
  "info --format=value(config.paths.global_config_dir)") echo {folder} ;;
  "config get-value account") echo ana@shop.example ;;
  *) echo token ;;
esac
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GoogleProject:
    """Its gcloud is a script that answers where the credentials are, and logs its arguments."""
    program = tmp_path / "bin" / "gcloud"
    program.parent.mkdir()
    program.write_text(GCLOUD.format(log=tmp_path / "log", folder=tmp_path), encoding="utf-8")
    program.chmod(0o755)
    (tmp_path / "application_default_credentials.json").write_text(json.dumps(OWN), encoding="utf-8")
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return GoogleProject(STAGE, Gcloud("demo", tmp_path), tmp_path / "proof")


@pytest.mark.parametrize("before", ["", "/own.json"])
def test_the_credentials_of_a_function_are_used_within_the_block_only(
    project: GoogleProject, before: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(CREDENTIALS, raising=False)
    if before:
        monkeypatch.setenv(CREDENTIALS, before)
    monkeypatch.setenv(QUOTA_PROJECT, "demo")
    with project.as_function():
        assert QUOTA_PROJECT not in os.environ, "the account of a function has no right to use it"
        file = Path(os.environ[CREDENTIALS])
        credentials = json.loads(file.read_text(encoding="utf-8"))
        assert file.stat().st_mode & 0o077 == 0
    assert credentials["source_credentials"] == OWN
    assert f"/{STAGE.account(RUNS_AS)}:generateAccessToken" in credentials["service_account_impersonation_url"]
    assert not file.exists()
    assert (os.environ.get(CREDENTIALS, ""), os.environ[QUOTA_PROJECT]) == (before, "demo")


def test_the_operator_is_the_signed_in_account(project: GoogleProject, tmp_path: Path) -> None:
    project.do(impersonation(STAGE, RUNS_AS))
    assert "--member=user:ana@shop.example" in (tmp_path / "log").read_text(encoding="utf-8")
