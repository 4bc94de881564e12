"""Restore a backup of one machine, whose kept originals are compared with the records in it."""

from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from tillstream.adapters.local.clock import SystemClock
from tillstream.adapters.local.files import restore
from tillstream.app.local import build, folder
from tillstream.domain.errors import Rejected
from tillstream.settings import Settings
from tillstream.workflows.operations import kept_originals


def restore_home(
    settings: Settings, archive: Path, *, replace: bool, without_damaged: bool = False, wait: float | None = None
) -> dict[str, Any]:
    """Restore a backup into the home folder after a complete check. Raises `Rejected`, `Occupied`.

    without_damaged: restore the rest, if files are damaged.
    """
    if settings.project:
        raise Rejected(f"Data of the project {settings.project} can only be restored to that project.")
    with folder(settings).own(wait):
        aside = f"set-aside-{SystemClock().now():%Y%m%dT%H%M%S}"
        inspect = partial(_damaged_originals, settings)
        return restore.restore(settings.home, archive, aside, inspect, replace=replace, without_damaged=without_damaged)


def _damaged_originals(settings: Settings, home: Path) -> list[str]:
    """A sentence about each kept original that is not whole, in a home that is only read."""
    with closing(build(settings.model_copy(update={"home": home}), read_only=True)) as app:
        return kept_originals.damaged(app.ports)
