"""The texts of the problem catalogue, and what a person reads of an error of the system or the network."""

import re
import socket
from pathlib import Path

import pytest

from tillstream.model.errors import reason_of
from tillstream.model.problems import CATALOGUE, ProblemType, Severity

PORTAL = Path(__file__).resolve().parents[3] / "portal"
PAGES = "\n".join(
    path.read_text(encoding="utf-8")
    for path in [*PORTAL.glob("*/templates/*/*.html"), PORTAL / "uploads" / "held_questions.py"]
)
PROBLEMS = pytest.mark.parametrize("problem", CATALOGUE.values(), ids=CATALOGUE)
ON_THE_COMMAND_LINE = re.compile(r"\b(contract|confirm|reject|BATCH|command)\b", re.IGNORECASE)


@PROBLEMS
def test_the_buttons_of_a_remedy_are_on_the_pages(problem: ProblemType) -> None:
    for button in re.findall("“([^”]+)”", problem.remedy):
        assert f">{button}</button>" in PAGES or f'"{button}"' in PAGES, button


@PROBLEMS
def test_what_a_person_reads_has_no_command_and_no_contract(problem: ProblemType) -> None:
    for text in (problem.title, problem.message, problem.remedy):
        assert not ON_THE_COMMAND_LINE.search(text), text


@PROBLEMS
def test_a_hold_has_its_commands(problem: ProblemType) -> None:
    assert problem.severity is not Severity.HOLD or "`reject BATCH`" in problem.command
    assert ("`accept BATCH`" in problem.command) == ("“Accept and import the file”" in problem.remedy)
    assert problem.command in problem.advice()


def test_the_advice_names_the_batch() -> None:
    advice = CATALOGUE["superseded"].advice("b1")
    assert advice.endswith(" On the command line: `confirm b1 --as-new`.")
    assert CATALOGUE["empty-file"].advice() == CATALOGUE["empty-file"].remedy


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        (ConnectionRefusedError(111, "Connect call failed ('127.0.0.1', 9)"), "connection refused"),
        (OSError(113, "No route to host"), "No route to host"),
        (TimeoutError(), "no answer in time"),
        (ValueError("label too long"), "label too long"),
    ],
)
def test_a_reason_has_no_number_and_is_never_empty(error: Exception, reason: str) -> None:
    assert reason_of(error) == reason
