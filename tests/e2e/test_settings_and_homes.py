"""Wrong settings are usage errors, and a home that cannot be used is a failure: one sentence, never a traceback."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from tillstream.cli.main import main

WRONG = {
    "TILLSTREAM_PORT": ("abc", "TILLSTREAM_PORT is “abc”: input should be a valid integer"),
    "TILLSTREAM_THREADS": ("-1", "TILLSTREAM_THREADS is “-1”: input should be greater than or equal to 0"),
    "TILLSTREAM_UPLOAD_LIMIT_MB": ("-3", "TILLSTREAM_UPLOAD_LIMIT_MB is “-3”: input should be greater than or equal"),
    "TILLSTREAM_SESSION_DAYS": ("inf", "TILLSTREAM_SESSION_DAYS is “inf”: input should be a finite number"),
    "TILLSTREAM_SAMPLES": ("perhaps", "TILLSTREAM_SAMPLES is “perhaps”: input should be a valid boolean"),
    "TILLSTREAM_API_RATE": ("often", "TILLSTREAM_API_RATE is “often”: write it like “1200 per minute”."),
    "TILLSTREAM_MEMORY_LIMIT": ("0MB", "TILLSTREAM_MEMORY_LIMIT is “0MB”: write it like “256MB”."),
    "TILLSTREAM_SIGN_IN": ("iap", "TILLSTREAM_SIGN_IN=iap requires TILLSTREAM_IAP_AUDIENCE."),
}
COMMANDS = (["status"], ["query", "kpis"], ["serve"], ["rebuild", "--check"], ["rebuild", "--from-originals"])


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_setting_is_a_usage_error(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    value, sentence = WRONG[name]
    monkeypatch.setenv("TILLSTREAM_HOME", str(tmp_path))
    monkeypatch.setenv(name, value)
    for command in (["status"], ["serve"], ["detect", __file__]):
        result = CliRunner().invoke(main, command)
        assert (result.exit_code, type(result.exception)) == (2, SystemExit)
        assert f"Error: {sentence}" in result.output


@pytest.mark.parametrize("command", COMMANDS)
def test_a_home_that_is_a_file_is_reported(command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "file"
    home.write_text("")
    for place, sentence in ((home, "is a file."), (home / "x", "cannot be created: Not a directory.")):
        monkeypatch.setenv("TILLSTREAM_HOME", str(place))
        result = CliRunner().invoke(main, command)
        assert (result.exit_code, type(result.exception)) == (1, SystemExit)
        assert sentence in result.output
        assert result.output.count("\n") == 1


@pytest.mark.parametrize(
    "command", [["receipts", "--limit", "-1"], ["audit", "--limit", "0"], ["demo", "--scale", "-1"]]
)
def test_a_negative_limit_is_a_usage_error(command: list[str]) -> None:
    assert CliRunner().invoke(main, command).exit_code == 2
