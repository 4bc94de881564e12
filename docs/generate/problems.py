"""docs/problems.md, from the catalogue."""

from docs.generate.markdown import page as markdown
from tillstream.model.problems import CATALOGUE, ProblemType, Severity

INTRO = """
Every problem with a row or a file has a stable code, a message and a remedy; nothing is dropped, guessed or repaired
without notice. The portal shows this list under Help.
"""
GROUPS = {
    Severity.ERROR: (
        "Errors: the row is rejected",
        "The row does not count until someone corrects, accepts or discards it.",
    ),
    Severity.WARNING: ("Warnings: the row counts and is flagged", "If the row is right, no action is needed."),
    Severity.HOLD: (
        "Holds: the file is held for review",
        "No row of the file counts until a user imports or discards the file.",
    ),
    Severity.REJECTION: (
        "Rejections: the file is rejected",
        "No row of the file counts. Correct the file and upload it again.",
    ),
}
PLACES = {"column": "COLUMN", "value": "VALUE", "detail": "…"}


def page() -> str:
    parts = []
    for severity, (title, words) in GROUPS.items():
        entries = [_describe(problem) for problem in CATALOGUE.values() if problem.severity is severity]
        parts += [f"## {title}", words, *entries]
    return markdown("Problems", INTRO, *parts)


def _describe(problem: ProblemType) -> str:
    return f"### {problem.code}\n\n{problem.title}. Message: “{problem.message.format(**PLACES)}”\n\n{problem.advice()}"
