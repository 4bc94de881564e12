"""Template filter for texts in backticks."""

import re

from flask import Flask
from markupsafe import Markup, escape

MARK = re.compile(r"`([^`]+)`")


def marked(text: str) -> Markup:
    """Escaped HTML, with the parts in backticks as code elements."""
    return Markup(MARK.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped first


def register(app: Flask) -> None:
    app.add_template_filter(marked)
