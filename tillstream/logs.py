"""Logging: one structured line per event, readable on a terminal and JSON elsewhere."""

import logging
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import structlog

from tillstream.model.document_json import ActionFacts
from tillstream.model.errors import Rejected
from tillstream.settings import Settings

TRACE = "logging.googleapis.com/trace"
W3C, GOOGLE = re.compile("[0-9a-f]{2}-([0-9a-f]{32})-"), re.compile("([0-9a-f]{32})(?:/|$)")


def configure(settings: Settings) -> None:
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    json = structlog.processors.JSONRenderer(ensure_ascii=False)
    renderers: dict[str, list[structlog.typing.Processor]] = {
        "console": [structlog.dev.ConsoleRenderer()],
        "json": [json],
        "google": [_for_cloud_logging, json],
    }
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            *renderers[_format(settings)],
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


def _for_cloud_logging(
    _: structlog.typing.WrappedLogger, __: str, line: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Rename fields to those that Cloud Logging extracts from JSON: message, severity and time."""
    line["message"] = "\n".join([line.pop("event"), *([line.pop("exception")] if "exception" in line else [])])
    line["severity"] = line.pop("level").upper()
    line["time"] = line.pop("timestamp")
    return line


def spare_output() -> None:
    """Log only warnings and errors, to standard error, in a command whose output is its result.

    No-op in a process that has configured its log.
    """
    if not structlog.is_configured():
        structlog.configure(
            wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
            logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        )


def warn(event: str, sentences: Sequence[str]) -> None:
    """Log a warning with its sentences for operators; nothing without any."""
    if sentences:
        spare_output()
        structlog.get_logger("tillstream").warning(event, reason=" ".join(sentences))


def note(event: str, sentence: str) -> None:
    """Log what a terminal would show as a sentence."""
    structlog.get_logger("tillstream").info(event, text=sentence.strip())


@contextmanager
def bind_function(function: str) -> Iterator[None]:
    """Add the function's name to each line logged in the block."""
    with structlog.contextvars.bound_contextvars(function=function):
        yield


@contextmanager
def log_handled(type_: str, id_: str = "") -> Iterator[ActionFacts]:
    """Log one line `handled` when the block ends, with the facts that it adds to the yielded ones, and its seconds.

    Facts without an outcome have that of "done". Errors are logged, as "rejected" or "failed", and propagate.
    """
    line = structlog.get_logger("tillstream").bind(type=type_, **({"id": id_} if id_ else {}))
    facts: ActionFacts = {"outcome": "done"}  # no `event`: structlog uses that key for the message
    started = time.perf_counter()
    try:
        yield facts
    except Rejected as error:
        line.warning("handled", **facts | {"outcome": "rejected"}, reason=str(error), seconds=_since(started))
        raise
    except Exception as error:
        line.error("handled", **facts | {"outcome": "failed"}, reason=repr(error), seconds=_since(started))
        raise
    line.info("handled", **facts, seconds=_since(started))


def _since(started: float) -> float:
    return round(time.perf_counter() - started, 3)


class _StructlogHandler(logging.Handler):
    """Forward records of the standard library's logging, such as Flask's errors, to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger(record.name)
        log.log(record.levelno, record.getMessage(), exc_info=record.exc_info or None, logger=record.name)


def redirect_stdlib_logging() -> None:
    """Route the standard library's logging, from warnings up, through structlog."""
    logging.basicConfig(handlers=[_StructlogHandler()], level=logging.WARNING, force=True)


@contextmanager
def bind_trace(settings: Settings, headers: Mapping[str, str]) -> Iterator[None]:
    """Add the request's trace, from the W3C header or Google's older one, to each line logged in the block.

    headers: keys in lower case.
    """
    match = W3C.match(headers.get("traceparent", "")) or GOOGLE.match(headers.get("x-cloud-trace-context", ""))
    if not match or not settings.project:
        yield
        return
    with structlog.contextvars.bound_contextvars(**{TRACE: f"projects/{settings.project}/traces/{match[1]}"}):
        yield


@contextmanager
def quiet_terminal(settings: Settings) -> Iterator[None]:
    """Log only warnings and errors to a terminal within the block, which prints other lines for the user.

    A log level set explicitly stays in force.
    """
    if not sys.stderr.isatty() or "log_level" in settings.model_fields_set:
        yield
        return
    configure(settings.model_copy(update={"log_level": "warning"}))
    try:
        yield
    finally:
        configure(settings)
