"""Logs: one structured line per event, for people on a terminal and as JSON everywhere else."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from tillstream.settings import Settings


def configure(settings: Settings) -> None:
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    console = settings.log_format == "console" or (settings.log_format == "auto" and sys.stderr.isatty())
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


@contextmanager
def only_warnings(settings: Settings) -> Iterator[None]:
    """Within the block no lower level is logged to a terminal, where somebody reads other lines just then.

    A level that was asked for stays.
    """
    if not sys.stderr.isatty() or "log_level" in settings.model_fields_set:
        yield
        return
    configure(settings.model_copy(update={"log_level": "warning"}))
    try:
        yield
    finally:
        configure(settings)
