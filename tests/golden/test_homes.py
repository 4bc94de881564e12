"""Homes and backups that earlier versions made open with the present code, and answer what they answered."""

import json
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.golden.answers import figures, home_answers, missing
from tests.golden.sample_home import home_at, run
from tillstream import __version__

HOMES = Path(__file__).with_name("homes")
VERSIONS = sorted(path.name for path in HOMES.iterdir() if path.is_dir())
pytestmark = pytest.mark.filterwarnings("ignore:Requested Holidays")  # those of some countries are known for few years


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Path]:
    """The place of a home, which every command of the test is about."""
    with home_at(tmp_path / "home"):
        yield tmp_path


def unpack(version: str, name: str, place: Path) -> dict[str, Any]:
    """What the kept version answered; its archive is unpacked into the place."""
    with tarfile.open(HOMES / version / name) as archive:
        archive.extractall(place, filter="data")
    kept: dict[str, Any] = json.loads((HOMES / version / "expected.json").read_text(encoding="utf-8"))["told"]
    return kept


def upgrade() -> bool:
    """Make an older warehouse anew, as the error asks for. A warehouse of the present schema stays as it is."""
    code, answer = run("status")
    if code:
        assert "older Tillstream" in answer["error"]
        assert run("rebuild", "--from-originals")[0] == 0
    return bool(code)


def answers_as_before(expected: dict[str, Any], options: Sequence[str] = ("--check", "--from-originals")) -> None:
    upgraded = upgrade()
    answers = home_answers()
    if upgraded:  # which is recorded itself
        assert answers["audit"].pop(0)["what"] == "data.rebuilt"
    assert missing(expected, answers) == []
    ledger = {name: expected[name] for name in ("receipts", "queries")}
    for option in options:
        code, report = run("rebuild", option)
        assert (code, report["differences"]) == (0, [])
        assert report["settlements"] > 10
    assert missing(ledger, figures()) == []


def test_the_present_version_has_its_home() -> None:
    kept = sorted(path.name for path in (HOMES / __version__).glob("*"))
    assert kept == ["README.md", "backup.tar.xz", "expected.json", "home.tar.xz"], "python -m tests.golden.make_home"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_kept_home_answers_as_before(version: str, opened: Path) -> None:
    answers_as_before(unpack(version, "home.tar.xz", opened))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_kept_backup_comes_back_and_answers_as_before(version: str, opened: Path) -> None:
    expected = unpack(version, "backup.tar.xz", opened)
    assert run("restore", str(opened / "backup.tar"))[0] == 0
    answers_as_before(expected, ["--check"])  # the originals are those of the home, from which it is rebuilt above


@pytest.mark.long
@pytest.mark.parametrize("version", VERSIONS)
def test_what_waits_in_a_kept_home_goes_on(version: str, opened: Path) -> None:
    """Held batches and refused rows of that time are decided by the present code."""
    unpack(version, "home.tar.xz", opened)
    upgrade()
    waits = {receipt["file"]: receipt["batch_id"] for receipt in run("receipts")[1]}
    code, receipt = run("accept", waits["colours.csv"])
    assert (code, receipt["status"], receipt["contract_version"]) == (0, "settled", 2)
    assert run("confirm", waits["held.csv"])[0] == 3
    assert run("undo", waits["again.csv"], "--yes")[0] == 0
    out = opened / "refused.csv"
    run("quarantine", waits["waiting.csv"], "--csv", str(out))
    out.write_text(out.read_text("utf-8-sig").replace(",x,", ",10.00,"), encoding="utf-8")
    assert run("fix", waits["waiting.csv"], str(out))[1]["rows"]["quarantined"] == 0
    assert run("rebuild", "--check")[1]["differences"] == []


def test_changed_answers_of_a_stored_home_are_detected() -> None:
    """What compares them misses nothing: a field that is gone, another value, another number of rows."""
    old = {"rows": [{"a": 1, "b": "2"}]}
    assert missing(old, {"rows": [{"a": 1, "b": "2", "c": 3}], "new": 1}) == []
    assert missing(old, {"rows": [{"a": 1}]}) == ["/rows/0/b is gone"]
    assert missing(old, {"rows": [{"a": 1, "b": "3"}]}) == ["/rows/0/b was '2' and is '3'"]
    assert len(missing(old, {"rows": []})) == 1
