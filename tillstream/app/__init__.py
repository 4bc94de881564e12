"""Composition root: the only package that imports adapters, one module per family, loaded on demand."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from tillstream.app.app import App
from tillstream.ports import Clock
from tillstream.settings import Settings

__all__ = ["App", "build", "open_app", "open_read_only", "owned"]


def build(settings: Settings, clock: Clock | None = None, *, rates: bool = True) -> App:
    """Build the app on the Google Cloud project of the settings, if any, else on the local home folder.

    The caller must own that folder (`open_app` acquires it). Raises `Rejected` if the folder is not a Tillstream home.

    rates: whether to load exchange rates; ingestion does not need them.
    """
    if settings.project:
        from tillstream.app.google import build as google

        return google.build_google(settings, clock)
    from tillstream.app import local

    return local.build_local(settings, clock, rates=rates)


@contextmanager
def open_app(
    settings: Settings, wait: float | None = None, *, rates: bool = True, clock: Clock | None = None
) -> Iterator[App]:
    """Build the app and close it on exit, owning the local folder. Raises `Occupied` if it is not free in time."""
    with nullcontext() if settings.project else owned(settings, wait):
        app = build(settings, clock, rates=rates)
        try:
            yield app
        finally:
            app.close()


@contextmanager
def open_read_only(settings: Settings) -> Iterator[App]:
    """Build the app on a home folder without writing to it, and close it on exit. Only for commands that read."""
    from tillstream.app import local

    app = local.build_local(settings, read_only=True)
    try:
        yield app
    finally:
        app.close()


@contextmanager
def owned(settings: Settings, wait: float | None) -> Iterator[None]:
    """Own the local folder. Raises `Occupied` if it is not free in time, `ReadOnly` if it cannot be written."""
    from tillstream.app.local import local_home_folder

    with local_home_folder(settings).own(wait):
        yield
