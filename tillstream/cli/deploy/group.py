"""The group `deploy`, and how its commands end."""

from collections.abc import Callable
from typing import Any

import click

from tillstream.cli.runner import fail
from tillstream.model.errors import TillstreamError


@click.group()
def deploy() -> None:
    """Deploy Tillstream to a Google Cloud project; requires the gcloud command line, signed in."""


def run_or_fail(work: Callable[[], Any], *, json_: bool) -> Any:
    """Return the result of `work`; print an error and exit if it fails."""
    try:
        return work()
    except TillstreamError as error:
        fail(str(error), json_=json_)
