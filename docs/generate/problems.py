"""docs/problems.md, from the catalogue."""

from docs.generate.markdown import page as markdown
from tillstream.domain.problems import CATALOGUE, ProblemType, Severity

INTRO = """
Nothing is dropped, guessed or repaired in silence: what is wrong with a row or a file has a stable code, words for a
person, and a next step. The portal shows this list under Help.
"""
GROUPS = {
    Severity.ERROR: (
        "Errors: the row is refused",
        "It waits in quarantine until it is corrected, accepted or discarded.",
    ),
    Severity.WARNING: ("Warnings: the row counts and is flagged", "Nothing has to be done if the row is right."),
    Severity.HOLD: (
        "Holds: the file waits for a person",
        "Nothing of it counts until somebody confirms or rejects it.",
    ),
    Severity.REJECTION: ("Rejections: the file is refused", "Nothing of it counts; correct it and give it again."),
}
PLACES = {"column": "COLUMN", "value": "VALUE", "detail": "…"}


def page() -> str:
    parts = []
    for severity, (title, words) in GROUPS.items():
        entries = [_describe(problem) for problem in CATALOGUE.values() if problem.severity is severity]
        parts += [f"## {title}", words, *entries]
    return markdown("Problems", INTRO, *parts)


def _describe(problem: ProblemType) -> str:
    return f"### {problem.code}\n\n{problem.title}. Says: “{problem.message.format(**PLACES)}”\n\n{problem.remedy}"
