"""Settings on the command line, as KEY=VALUE."""

from collections.abc import Sequence

import click


def parse_settings(settings: Sequence[str]) -> dict[str, str]:
    """Name → value. Raises `UsageError` for one without =."""
    pairs = [setting.partition("=") for setting in settings]
    if any(not sign for _, sign, _ in pairs):
        raise click.UsageError("Write each setting as --set KEY=VALUE.")
    return {key.strip(): value for key, _, value in pairs}
