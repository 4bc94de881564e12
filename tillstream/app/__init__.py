"""The composition root: the one place that knows adapters, a module a family, loaded only where it is chosen."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from tillstream.app.app import App
from tillstream.ports import Clock
from tillstream.settings import Settings

__all__ = ["App", "build", "open_app"]


def build(settings: Settings, clock: Clock | None = None, *, rates: bool = True) -> App:
    """The app on a project of Google's where the settings name one, else on the folder of everything local.

    The caller owns that folder (`open_app` does so itself). Raises `Rejected`: the folder is not ours.

    rates: whether exchange rates must be ready; who only takes sales in leaves them to whoever asks for numbers.
    """
    if settings.project:
        from tillstream.app.google import build as google

        return google.build(settings, clock)
    from tillstream.app import local

    return local.build(settings, clock, rates=rates)


@contextmanager
def open_app(settings: Settings, wait: float | None = None, *, rates: bool = True) -> Iterator[App]:
    """Build, and close again; owns the local folder meanwhile. Raises `Occupied` when it is not free in time."""
    with nullcontext() if settings.project else _owned(settings, wait):
        app = build(settings, rates=rates)
        try:
            yield app
        finally:
            app.close()


@contextmanager
def _owned(settings: Settings, wait: float | None) -> Iterator[None]:
    from tillstream.app.local import folder

    with folder(settings).own(wait):
        yield
