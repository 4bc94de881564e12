"""What recording, sending and watching did."""

from dataclasses import asdict, dataclass, field

from tillstream_till.schema_check import JsonObject


@dataclass(frozen=True)
class Receipt:
    """A message that is stored durably. id: `region/store/number` of a sale, `region/store/till/date` of a day close.

    repeated: whether the same message was recorded before, so that nothing was added. warnings: what may be wrong with
    the sale, although it is recorded.
    """

    id: str
    position: int
    repeated: bool = False
    warnings: tuple[str, ...] = ()

    def as_dict(self) -> JsonObject:
        return asdict(self)


@dataclass(frozen=True)
class SendReport:
    """What `Till.send` did. error: why it ended before everything was sent; empty if it did not."""

    sent: int
    refused: int
    unsent: int
    error: str = ""
    code: str = ""
    retry_after: float | None = None


@dataclass
class FileReport:
    """The result of a file. problems: one line per sale that is not recorded; warnings: of recorded ones."""

    file: str
    recorded: int = 0
    repeated: int = 0
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
