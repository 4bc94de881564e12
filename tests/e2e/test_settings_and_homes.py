"""Wrong settings are usage errors, and a home that cannot be used is a failure: one sentence, never a traceback."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from tillstream.cli.main import main
from tillstream.settings import Settings

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


def test_the_environment_completes_the_values_of_the_caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TILLSTREAM_PORT": "81", "tillstream_stage": "prod", "TILLSTREAM_THREADS": "2"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("THREADS", "3")
    settings = Settings(home=tmp_path, threads=1)
    assert (settings.port, settings.stage, settings.threads, settings.host) == (81, "prod", 1, "127.0.0.1")
    assert {"port", "stage", "threads", "home"} <= settings.model_fields_set
    assert "host" not in settings.model_fields_set


def test_the_first_variable_of_a_screen_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    for names, display in ((["DISPLAY"], ":0"), (["WAYLAND_DISPLAY", "DISPLAY"], ":1"), (["TILLSTREAM_DISPLAY"], "")):
        for name in names:
            monkeypatch.setenv(name, display)
        assert Settings().display == display


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
