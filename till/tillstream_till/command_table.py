"""The commands of a till as data: the parser, and the help of the product, are built from it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Argument:
    """A positional argument. default: None if it is required."""

    name: str
    default: str | None = None


@dataclass(frozen=True)
class Option:
    """An option; a flag if `metavar` is empty."""

    name: str
    help: str
    metavar: str = ""
    default: str = ""
    is_number: bool = False

    @property
    def destination(self) -> str:
        return self.name.removeprefix("--").replace("-", "_")


@dataclass(frozen=True)
class Command:
    """One command."""

    name: str
    help: str
    arguments: tuple[Argument, ...] = ()
    options: tuple[Option, ...] = ()

    @property
    def all_options(self) -> tuple[Option, ...]:
        return (*self.options, FOLDER, JSON)


FOLDER = Option(
    "--folder", "The folder of the till; default: TILLSTREAM_TILL_FOLDER, or .tillstream-till in your home.", "FOLDER"
)
JSON = Option("--json", "Print one JSON value instead of text.")
DESCRIPTION = "Record the sales of a store on its own machine, and send them when there is a connection."
COMMANDS = (
    Command(
        "init",
        "Connect this machine with its store; CODE is the setup code from the portal, - reads it from standard input.",
        (Argument("code", "-"),),
        (
            Option("--allow-http", "Accept an address without encryption, in a network that you trust."),
            Option("--ca-file", "A file of certificates to trust instead of the system's.", "FILE"),
            Option("--keep-days", "Days for which sent sales are kept.", "DAYS", "60", is_number=True),
        ),
    ),
    Command(
        "record",
        "Store sales durably: one sale as JSON, or JSON Lines; - reads standard input. Sending them is another step.",
        (Argument("file", "-"),),
    ),
    Command(
        "send",
        "Send what is unsent, in order.",
        (),
        (
            Option("--loop", "Continue until the process is stopped, with growing delays while offline."),
            Option("--interval", "Seconds between two attempts of --loop.", "SECONDS", "5", is_number=True),
            Option("--refused", "Send the refused messages again, too."),
        ),
    ),
    Command(
        "watch",
        "Record each new .json or .jsonl file of a directory, move it to a subfolder, and send the sales.",
        (Argument("directory"),),
        (
            Option("--interval", "Seconds between two attempts to send.", "SECONDS", "5", is_number=True),
            Option("--no-send", "Only record."),
            Option("--once", "Record the files that are there, send, and end."),
        ),
    ),
    Command(
        "status",
        "Show what is unsent, refused or quarantined, and what needs attention.",
        (),
        (
            Option("--offline", "Do not ask the server for outcomes."),
            Option("--dismiss", "Remove the notices after showing them."),
        ),
    ),
    Command(
        "close",
        "Record the day close: the number of sales and the total of a business day; default: the current one.",
        (Argument("date", "today"),),
        (Option("--accept-gaps", "Close a day of which the outbox may lack sales."),),
    ),
    Command(
        "export",
        "Write everything that is not sent as JSON Lines, for example to move it from a broken machine.",
        (),
        (Option("--out", "The file to write; default: standard output.", "FILE"),),
    ),
)
