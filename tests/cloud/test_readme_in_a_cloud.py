"""The tour of the README in the cloud on one machine prints the same receipts and figures as on a laptop."""

import re
from collections.abc import Iterator
from contextlib import closing
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path

import pytest
from cloud.uploads_to_a_cloud import ask
from docs.pages.tours import walk
from emulator_fixtures import require

from devtools.cloud_local import CloudLocal, missing, running
from tillstream.app import build
from tillstream.people import personal_tokens
from tillstream.settings import Settings

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
LAPTOPS = "tillstream rebuild"
"""A project is rebuilt by other means."""


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[CloudLocal]:
    """One of its own, because its figures are those of the README's file alone."""
    require(missing())
    with running(tmp_path / "cloud") as cloud, pytest.MonkeyPatch.context() as patch:
        for name, value in cloud.variables.items():
            patch.setenv(name, value)
        yield cloud


@pytest.mark.long
def test_the_tour_prints_what_the_readme_shows(cloud: CloudLocal, tmp_path: Path) -> None:
    walk(README, tmp_path, cloud.variables, without=LAPTOPS)
    figures = dict(re.findall(r"^(\w+) {2,}(\S+)$", README.partition("$ tillstream query kpis")[2], flags=re.MULTILINE))
    assert len(figures) >= 15
    with closing(build(Settings.read())) as app:
        token = personal_tokens.issue_personal_token(app.ports, "admin", "test", ["numbers"], by="test")[1]
    answered = ask(cloud, token, "GET", "/api/kpis")[0]
    shown = {name: value(text) for name, text in figures.items()}
    assert {name: with_digits_of(shown[name], value(answered[name])) for name in shown} == shown


def value(shown: object) -> object:
    """A number by its value, another text as it is."""
    try:
        return Decimal(str(shown))
    except InvalidOperation:
        return shown


def with_digits_of(shown: object, answered: object) -> object:
    """A number of the API, which has all digits, as the page rounds it."""
    is_number = isinstance(shown, Decimal) and isinstance(answered, Decimal)
    return answered.quantize(shown, ROUND_HALF_UP) if is_number else answered
