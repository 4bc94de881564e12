"""A count of tries that loses every write makes the next try wait."""

import pytest

from tillstream.app import App
from tillstream.domain.errors import Conflict
from tillstream.people import login_throttle
from tillstream.people.login_throttle import TooManyTries


def test_a_try_waits_if_its_count_cannot_be_written(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = []

    def overtaken(puts: object) -> None:
        lost.append(puts)
        raise Conflict("Another try was counted.")

    with monkeypatch.context() as patch:
        patch.setattr(app.ports.documents, "put_all", overtaken)
        with pytest.raises(TooManyTries, match="Wait a second"):
            login_throttle.count_try(app.ports, "asha")
    assert len(lost) == login_throttle.MAX_WRITES
    login_throttle.count_try(app.ports, "asha")
