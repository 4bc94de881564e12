"""Places in the text of a statement, for messages."""

from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import ParseError


@dataclass(frozen=True)
class Place:
    """line, column: from 1; 0 if unknown."""

    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """The beginning of a message; empty if unknown."""
        return f"Line {self.line}, column {self.column}: " if self.line else ""


def place_of(node: exp.Expr) -> Place:
    """The first place of a part of a statement. The parser records those of names and of functions."""
    places = [(one.meta["line"], one.meta["start"], one) for one in node.walk() if "line" in one.meta]
    if not places:
        return Place()
    line, _, first = min(places, key=lambda one: one[:2])
    return Place(line, first.meta["col"] - (first.meta["end"] - first.meta["start"]))


def of_parser(error: Exception) -> str:
    """What the parser could not read, in a sentence with its place."""
    if isinstance(error, ParseError) and error.errors:
        first = error.errors[0]
        near = first.get("highlight") or ""
        place = Place(int(first.get("line") or 0), max(1, int(first.get("col") or 0) - len(near) + 1))
        return f"{place}This is not GoogleSQL near {near}. {_why(str(first.get('description') or ''))}"
    return "This is not GoogleSQL: a quotation mark or a comment is not closed."


def _why(description: str) -> str:
    """What the parser states, in words for people: without names of its classes."""
    if description.startswith("Required keyword"):
        return "Something is missing after it."
    if description.startswith("Invalid expression"):
        return "It is not expected here; is a comma missing before it, or one too many?"
    return description.partition(" but got ")[0] + "."
