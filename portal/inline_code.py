"""Template filters for texts in backticks, and for what the problem catalogue advises."""

import re

from flask import Flask
from markupsafe import Markup, escape

COMMAND = re.compile(r",? or with `[^`]+`( on the command line)?")
PLACE = re.compile(r"(receipt|questions) in the portal")
ANSWER = re.compile(r"\b(confirm|reject)\b", re.IGNORECASE)
BUTTONS = {"confirm": "import", "reject": "discard", "Confirm": "Import", "Reject": "Discard"}
"""Answer on the command line → the word of its button."""
MARK = re.compile(r"`([^`]+)`")


def marked(text: str) -> Markup:
    """Escaped HTML, with the parts in backticks as code elements."""
    return Markup(MARK.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped first


def remedy(text: str) -> Markup:
    """As `marked`, for a page: without commands, with the words of the buttons."""
    shown = PLACE.sub(r"\1", COMMAND.sub("", text))
    return marked(ANSWER.sub(lambda match: BUTTONS[match[0]], shown))


def register(app: Flask) -> None:
    app.add_template_filter(marked)
    app.add_template_filter(remedy)
