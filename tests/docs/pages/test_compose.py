"""compose.yaml is well formed, and agrees with the image and the settings."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tillstream.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
FILE = ROOT / "compose.yaml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SERVICE: dict[str, Any] = COMPOSE["services"]["tillstream"]
RECIPE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
DEFAULT = re.compile(r"\$\{(\w+):-(.*)\}")


def test_the_file_is_what_compose_takes() -> None:
    checker = Path(sys.executable).parent / "check-jsonschema"
    command = [str(checker), "--builtin-schema", "vendor.compose-spec", str(FILE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_data_of_the_image_is_on_a_volume() -> None:
    (volume,) = SERVICE["volumes"]
    name, _, path = volume.partition(":")
    assert name in COMPOSE["volumes"]
    assert f"VOLUME {path}" in RECIPE.splitlines()


def test_the_port_of_the_image_is_published_to_this_machine_only() -> None:
    (port,) = SERVICE["ports"]
    assert port.startswith("127.0.0.1:")
    assert f"EXPOSE {port.rpartition(':')[2]}" in RECIPE.splitlines()


def test_the_check_is_that_of_the_image() -> None:
    (check,) = re.findall(r"^HEALTHCHECK .*CMD (\[.*\])$", RECIPE, flags=re.MULTILINE)
    assert SERVICE["healthcheck"]["test"] == ["CMD", *json.loads(check)]


@pytest.mark.parametrize("name", SERVICE["environment"])
def test_each_variable_is_a_setting_with_its_default(name: str) -> None:
    match = DEFAULT.fullmatch(SERVICE["environment"][name])
    assert match
    assert match[1] == name
    values = Settings(**{name.removeprefix("TILLSTREAM_").lower(): match[2]})
    field = name.removeprefix("TILLSTREAM_").lower()
    if field != "public_url":  # the address at which the port is published
        assert getattr(values, field) == getattr(Settings(), field)
