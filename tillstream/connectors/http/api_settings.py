"""Settings that kinds of APIs share."""

from collections.abc import Mapping

from tillstream.connectors.setting_values import whole_number
from tillstream.connectors.source import Setting
from tillstream.model.errors import Rejected

TOKEN = Setting("token", "Access token", is_required=True, is_credential=True)
PER_SECOND = Setting("per_second", "Requests a second", default="2")
LOOK_BACK = Setting("look_back", "Look back", "Seconds in which orders may appear late", "300")
FILE_ROWS = Setting("file_rows", "Rows in a file", default="10000")
MAX_LOOK_BACK = 10**8


def file_rows(settings: Mapping[str, str]) -> int:
    return whole_number(settings, "file_rows", at_least=1, at_most=1_000_000)


def requests_per_second(settings: Mapping[str, str]) -> float:
    """Raises `Rejected` for another text than a number from 0.01 to 100."""
    try:
        number = float(settings["per_second"])
    except ValueError:
        number = 0
    if not 0.01 <= number <= 100:
        raise Rejected(f"per_second must be a number from 0.01 to 100, not “{settings['per_second'][:50]}”.")
    return number


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
