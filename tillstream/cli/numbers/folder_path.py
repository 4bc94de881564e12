"""Type of an option: a folder on this machine, or an address."""

from typing import Any

import click


class FolderPath(click.Path):
    """The path of a folder, or an address with ://, which is passed on."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return value if "://" in value else super().convert(value, param, ctx)
