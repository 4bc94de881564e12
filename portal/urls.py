"""Links: lists that keep what was asked, and files that may be cached for a year."""

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask, current_app, url_for

from portal.plotly import style_ids


def with_args(args: Mapping[str, Any], **changes: Any) -> str:
    """A query string of `args` with `changes`; empty values leave, lists stay lists."""
    merged = {**args, **changes}
    pairs = [(name, value) for name, values in merged.items() for value in _several(values) if value not in ("", None)]
    return urlencode(pairs)


def _several(values: Any) -> list[Any]:
    return list(values) if isinstance(values, list | tuple) else [values]


def asset(filename: str) -> str:
    """The address of a file of ours, another one for each content."""
    path = Path(str(current_app.static_folder), filename)
    return url_for("static", filename=filename, v=f"{path.stat().st_mtime_ns:x}")


def own_page(wanted: str) -> str:
    """Where the person wanted to go, if that is a page of ours; else where everybody starts."""
    ours = (
        wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not any(ord(sign) < 32 for sign in wanted)
    )
    return wanted if ours else url_for("dashboard.show")


def charts() -> str:
    return url_for("plotly", v=version("plotly"))


def outlines() -> str:
    """The countries of the world map; another address for another edition of them."""
    return url_for("world", v=version("countryinfo"))


def register(app: Flask) -> None:
    for link in (with_args, asset, charts, outlines, style_ids):
        app.add_template_global(link)
