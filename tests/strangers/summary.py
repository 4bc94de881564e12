"""The score of all cases by family, as docs/benchmarks.md shows it."""

from collections.abc import Iterable
from dataclasses import dataclass

from tests.strangers.registry import cases
from tests.strangers.scoring import Result, home, score

FEW = 4
"""Questions that an ordinary clerk answers without help."""


@dataclass(frozen=True)
class Row:
    """The score of one family of shapes, or of all."""

    family: str
    files: int
    right: int
    right_with_few: int
    """Right with at most `FEW` questions."""
    refused: int
    """Wrongly refused."""
    held: int
    """Wrongly held, or loaded with rows in quarantine."""
    stuck: int
    """A question has no answer that a clerk can give."""
    wrong: int
    """Loaded to other figures without a word."""
    questions: float
    """Questions asked for each file whose questions were all answered."""


def measure() -> list[Result]:
    with home() as app:
        return [score(case, app) for case in cases().values()]


def rows(results: Iterable[Result]) -> list[Row]:
    """One row for each family, then that of all."""
    by_family: dict[str, list[Result]] = {}
    everything = list(results)
    for result in everything:
        by_family.setdefault(cases()[result.case].family, []).append(result)
    return [*(_row(family, some) for family, some in by_family.items()), _row("all", everything)]


def _row(family: str, results: list[Result]) -> Row:
    def count(*words: str) -> int:
        return sum(result.result in words for result in results)

    loaded = [result for result in results if result.outcome not in {"refused", "stuck"}]
    answered = sum(len(result.questions) for result in loaded)
    few = sum(result.result == "right" and len(result.questions) <= FEW for result in results)
    return Row(
        family, len(results), count("right"), few, count("refused"), count("held", "quarantined"), count("stuck"),
        count("wrong"), answered / len(loaded) if loaded else 0.0,
    )  # fmt: skip
