"""What sending and watching did."""

from dataclasses import dataclass, field


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
    """The result of a file. problems: one line per sale that is not recorded."""

    file: str
    recorded: int = 0
    repeated: int = 0
    problems: list[str] = field(default_factory=list)
