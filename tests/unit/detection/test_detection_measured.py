"""Files in random styles: every proposal is right or has questions, and with their answers it loads the whole file."""

import pytest

from bench import detection
from bench.detection import FILES, evaluate
from bench.detection_files import generate_file

FEW = 16


@pytest.mark.parametrize("seed", range(FEW))
def test_no_proposal_is_wrong_and_silent(seed: int) -> None:
    assert evaluate(generate_file(seed)).wrong == []


@pytest.mark.long
def test_of_three_hundred_proposals_none_is_wrong_and_silent() -> None:
    outcomes = detection.measure(FILES)
    assert len(outcomes) == FILES
    assert [(one.seed, one.wrong) for one in outcomes if one.wrong] == []
    assert detection.questions_a_file(outcomes) <= 4.5


def test_a_file_is_the_same_for_a_seed_and_another_for_another() -> None:
    assert generate_file(3) == generate_file(3)
    assert generate_file(3).data != generate_file(4).data


def test_the_judge_sees_a_wrong_proposal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test detects a detection that never asks for the date order and gets it wrong."""
    one = next(file for file in map(generate_file, range(FILES)) if file.truth.style.date_format.startswith("%d/%m/%Y"))
    turned = one.truth.style.date_format.replace("%d/%m", "%m/%d")
    proposed = detection.propose

    def wrong(*arguments: object, **named: object) -> detection.Proposal:
        result = proposed(*arguments, **named)  # type: ignore[arg-type]
        result.contract["dates"]["formats"] = [turned]
        return detection.Proposal(result.contract, result.findings, (), result.rows)

    monkeypatch.setattr(detection, "propose", wrong)
    assert "dates" in evaluate(one).wrong
