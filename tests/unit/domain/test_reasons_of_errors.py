"""What a person reads of an error of the system or the network."""

import socket

import pytest

from tillstream.model.errors import reason_of


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        (ConnectionRefusedError(111, "Connect call failed ('127.0.0.1', 9)"), "connection refused"),
        (OSError(113, "No route to host"), "No route to host"),
        (TimeoutError(), "no answer in time"),
        (ValueError("label too long"), "label too long"),
    ],
)
def test_a_reason_has_no_number_and_is_never_empty(error: Exception, reason: str) -> None:
    assert reason_of(error) == reason
