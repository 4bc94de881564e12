"""The receipt of a recorded message."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Receipt:
    """A message that is stored durably. id: `region/store/number` of a sale, `region/store/till/date` of a day close.

    repeated: whether the same message was recorded before, so that nothing was added.
    """

    id: str
    position: int
    repeated: bool = False

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
