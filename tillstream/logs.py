"""Logs: one structured line per event, for people on a terminal and as JSON everywhere else."""

import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import structlog

from tillstream.settings import Settings

TRACE = "logging.googleapis.com/trace"
W3C, GOOGLE = re.compile("[0-9a-f]{2}-([0-9a-f]{32})-"), re.compile("([0-9a-f]{32})(?:/|$)")


def configure(settings: Settings) -> None:
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    json = structlog.processors.JSONRenderer(ensure_ascii=False)
    last: dict[str, list[structlog.typing.Processor]] = {
        "console": [structlog.dev.ConsoleRenderer()],
        "json": [json],
        "google": [_as_cloud_logging_reads, json],
    }
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            *last[_format(settings)],
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _format(settings: Settings) -> str:
    if settings.log_format != "auto":
        return settings.log_format
    if settings.project:
        return "google"
    return "console" if sys.stderr.isatty() else "json"


def _as_cloud_logging_reads(
    _: structlog.typing.WrappedLogger, __: str, line: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """The fields that Cloud Logging takes out of a JSON line: what was said, how grave it is, to which request."""
    line["message"] = "\n".join([line.pop("event"), *([line.pop("exception")] if "exception" in line else [])])
    line["severity"] = line.pop("level").upper()
    line["time"] = line.pop("timestamp")
    return line


class _OfOthers(logging.Handler):
    """Lines of the libraries, and of Flask's faults, in the same form."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger(record.name)
        log.log(record.levelno, record.getMessage(), exc_info=record.exc_info or None, logger=record.name)


def take_over() -> None:
    """From now on what is logged by Python's own means comes out in our form; warnings and worse."""
    logging.basicConfig(handlers=[_OfOthers()], level=logging.WARNING, force=True)


@contextmanager
def traced(settings: Settings, headers: Mapping[str, str]) -> Iterator[None]:
    """Within the block each line names the trace of the request, by W3C's header or by Google's older one.

    headers: by their names in lower case.
    """
    found = W3C.match(headers.get("traceparent", "")) or GOOGLE.match(headers.get("x-cloud-trace-context", ""))
    if not found or not settings.project:
        yield
        return
    with structlog.contextvars.bound_contextvars(**{TRACE: f"projects/{settings.project}/traces/{found[1]}"}):
        yield


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
