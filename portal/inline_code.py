"""Marks: what stands between backticks in our own words is written as code."""

import re

from flask import Flask
from markupsafe import Markup, escape

MARK = re.compile(r"`([^`]+)`")


def marked(text: str) -> Markup:
    """As HTML; everything else of the text stays text."""
    return Markup(MARK.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before it is marked


def register(app: Flask) -> None:
    app.add_template_filter(marked)
