from collections.abc import Iterator

import pytest
from unit.mail.mail_server import Inbox, serving
from webhook_receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def inbox(free_tcp_port: int) -> Iterator[Inbox]:
    with serving(free_tcp_port) as running:
        yield running
