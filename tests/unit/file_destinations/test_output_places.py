"""Where people may let files be written: not in the home, with credentials, or in a folder of the system."""

import os
from pathlib import Path

import pytest
from app_factory import build

from tillstream.app import mart_destinations
from tillstream.app.output_places import check_output
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.marts.destinations import MartDestinationDraft
from tillstream.model.errors import Rejected
from tillstream.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "link").symlink_to(home)
    return Settings(home=home, secrets=tmp_path / "keys", drop=tmp_path / "drop", samples=False, threads=1)


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("home", "holds the data of Tillstream"),
        ("home/objects/inbox", "holds the data of Tillstream"),
        ("home/deliveries/../contracts", "holds the data of Tillstream"),
        ("other/../home", "holds the data of Tillstream"),
        ("link/marts", "holds the data of Tillstream"),
        ("keys/marts", "holds credentials"),
        ("drop", "from which every file is loaded"),
    ],
)
def test_own_folders_take_no_output(settings: Settings, tmp_path: Path, place: str, reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        check_output(settings, tmp_path / place)


@pytest.mark.skipif(os.name == "nt", reason="folders of POSIX")
@pytest.mark.parametrize("place", ["/", "/etc/cron.d", "/usr/lib/marts", "/dev", "/proc/1", "/bin/../etc"])
def test_folders_of_the_system_take_no_output(settings: Settings, place: str) -> None:
    with pytest.raises(Rejected):
        check_output(settings, place)


@pytest.mark.parametrize("place", ["", " "])
def test_an_empty_path_is_no_place(settings: Settings, place: str) -> None:
    with pytest.raises(Rejected, match="Enter the path of a folder"):
        check_output(settings, place)


def test_other_folders_take_output(settings: Settings, tmp_path: Path) -> None:
    deliveries = tmp_path / "home" / "deliveries" / "bi"
    for place in (tmp_path, tmp_path / "home-of-marts", deliveries, Path("/usr/local/data")):
        check_output(settings, place)


def test_destinations_and_commands_check_their_place(settings: Settings, tmp_path: Path) -> None:
    app = build(settings)
    inside = str(tmp_path / "link" / "marts")
    with pytest.raises(Rejected, match="holds the data"):
        mart_destinations.add_mart_destination(app, MartDestinationDraft(name="bi", to=inside), "boss")
    for name, arguments in {
        "marts-export": {"to": inside},
        "export": {"query": "kpis", "params": {}, "out": f"{inside}.csv"},
        "backup": {"out": f"{inside}.tar"},
    }.items():
        with pytest.raises(Rejected, match="holds the data"):
            COMMANDS[name](app, quiet, **arguments)
    app.close()


@pytest.mark.parametrize("name", ["HOME", "DROP", "SECRETS"])
@pytest.mark.parametrize("value", ["", " "])
def test_an_empty_setting_of_a_folder_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"TILLSTREAM_{name}", value)
    with pytest.raises(Rejected, match=f"TILLSTREAM_{name} is .*: enter the path of a folder, or remove the variable"):
        Settings.read()
