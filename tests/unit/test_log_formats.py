"""Lines of the log as Cloud Logging takes them apart: severity, message, time, and the trace of the request."""

import json

import pytest
import structlog

from tillstream.logs import bind_trace, configure
from tillstream.settings import Settings

SETTINGS = Settings(project="shop-1")
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def log_lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_with_a_project_a_line_has_the_fields_that_cloud_logging_reads(capsys: pytest.CaptureFixture[str]) -> None:
    configure(SETTINGS)
    structlog.get_logger().warning("handled", outcome="rejected", rows=3)
    (line,) = log_lines(capsys)
    assert (line["severity"], line["message"], line["outcome"], line["rows"]) == ("WARNING", "handled", "rejected", 3)
    assert str(line["time"]).endswith("Z")
    assert {"level", "event", "timestamp"}.isdisjoint(line)


def test_an_error_carries_its_stack_in_the_message_where_error_reporting_finds_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure(SETTINGS)
    try:
        int("a day")
    except ValueError:
        structlog.get_logger().exception("failed")
    (line,) = log_lines(capsys)
    assert line["severity"] == "ERROR"
    assert str(line["message"]).startswith("failed\nTraceback")
    assert str(line["message"]).endswith("'a day'")


@pytest.mark.parametrize(
    "headers",
    [
        {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"},
        {"x-cloud-trace-context": f"{TRACE}/67667974448284343;o=1"},
        {"x-cloud-trace-context": TRACE},
        {"traceparent": "broken", "x-cloud-trace-context": f"{TRACE}/1"},
    ],
)
def test_a_line_names_the_trace_of_its_request(headers: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    configure(SETTINGS)
    with bind_trace(SETTINGS, headers):
        structlog.get_logger().info("inside")
    structlog.get_logger().info("outside")
    inside, outside = log_lines(capsys)
    assert inside["logging.googleapis.com/trace"] == f"projects/shop-1/traces/{TRACE}"
    assert "logging.googleapis.com/trace" not in outside


def test_a_request_without_a_trace_names_none(capsys: pytest.CaptureFixture[str]) -> None:
    configure(SETTINGS)
    with bind_trace(SETTINGS, {"traceparent": "00-xyz"}), bind_trace(Settings(), {"traceparent": f"00-{TRACE}-1-01"}):
        structlog.get_logger().info("inside")
    assert "logging.googleapis.com/trace" not in log_lines(capsys)[0]
