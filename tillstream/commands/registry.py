"""Registry of commands: those of the terminal by their first word, and those of the API by name.

A module of commands is imported when one of them is used.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module

from tillstream.commands.declaration import Command, Group

_INTERNAL = {
    "delivered-lines": "tillstream.commands.detect",
    "frame": "tillstream.commands.frame",
    "subscribe-begin": "tillstream.commands.sale_events",
    "subscribe-end": "tillstream.commands.sale_events",
    "subscribe-next": "tillstream.commands.sale_events",
}
"""Commands of the API whose names begin with no first word of the terminal → their modules."""


@dataclass(frozen=True)
class Word:
    """A first word of commands. module: where they are declared. summary: in the help, where it has 61 characters."""

    name: str
    module: str
    summary: str


@dataclass(frozen=True)
class Section:
    """First words that belong together, with an example of a command."""

    title: str
    example: str
    words: tuple[Word, ...]


SECTIONS = (
    Section(
        "Begin",
        "tillstream demo",
        (
            Word("demo", "tillstream.commands.ingest", "Load the sample regions, and create an account of each role"),
            Word("serve", "tillstream.cli.serve:serve", "Run the portal and the worker"),
            Word("status", "tillstream.commands.maintenance", "Show the state of the ledger and the queues"),
        ),
    ),
    Section(
        "Take in sales",
        "tillstream ingest june.csv --region online-retail-uk",
        (
            Word("detect", "tillstream.commands.detect", "Propose a contract for a file"),
            Word("contracts", "tillstream.commands.detect", "List the region contracts, or show one"),
            Word("ingest", "tillstream.commands.ingest", "Ingest files, settle them and print their receipts"),
            Word("connect", "tillstream.commands.connectors", "Pull sales from files, databases, APIs and queues"),
            Word("backfill", "tillstream.commands.backfills", "Take in history once"),
            Word("stores", "tillstream.commands.stores", "Manage the tills of stores, and their messages to fix"),
            Word("till", "tillstream.cli.till:till", "Record and send sales on a till"),
            Word("sync", "tillstream.commands.sync", "Send the sales of this home to a head office"),
            Word("fx", "tillstream.commands.query", "Manage exchange rates"),
        ),
    ),
    Section(
        "Check what was received",
        "tillstream receipts",
        (
            Word("receipts", "tillstream.commands.ingest", "Show the receipt of one batch, or the newest receipts"),
            Word("quarantine", "tillstream.commands.ingest", "Show the rows to fix of a batch"),
            Word("fix", "tillstream.commands.ingest", "Correct, accept or discard rows to fix"),
            Word("accept", "tillstream.commands.review", "Save the contract version proposed for a held file"),
            Word("confirm", "tillstream.commands.review", "Release a held batch, or choose its contract"),
            Word("reject", "tillstream.commands.review", "Reject a held batch permanently"),
            Word("replay", "tillstream.commands.review", "Read a kept original and its corrections again"),
            Word("undo", "tillstream.commands.review", "Undo a settled batch and its corrections"),
        ),
    ),
    Section(
        "Answer questions",
        "tillstream query kpis --param region=UK",
        (
            Word("query", "tillstream.commands.query", "Run a named query, such as kpis or sale-lines"),
            Word("measures", "tillstream.commands.query", "Compute measures, such as revenue or orders"),
            Word("report", "tillstream.commands.report", "Write reports as files"),
            Word("export", "tillstream.commands.query", "Export all rows of a query to a file"),
        ),
    ),
    Section(
        "Plan and order",
        "tillstream restock --store LON1",
        (
            Word("catalogue", "tillstream.commands.catalogue", "Manage products, prices, costs, stores and suppliers"),
            Word("stock", "tillstream.commands.stock", "See the stock of products in stores"),
            Word("restock", "tillstream.commands.stock", "See what stores should order"),
            Word("orders", "tillstream.commands.stock", "See the purchase orders, or write one as PDF"),
            Word("goals", "tillstream.commands.goals", "See what is reached of the goals of a month"),
            Word("forecast", "tillstream.commands.forecast", "Forecast revenue and units"),
            Word("series", "tillstream.commands.forecast", "Series from outside that forecasts use"),
        ),
    ),
    Section(
        "Notify and deliver",
        "tillstream alerts",
        (
            Word("alerts", "tillstream.commands.alerts", "List the alerts in progress, or acknowledge one"),
            Word("channels", "tillstream.commands.alerts", "Manage the channels that alerts are sent to"),
            Word(
                "subscriptions",
                "tillstream.commands.subscriptions",
                "Manage tables that are delivered on a schedule",
            ),
            Word("subscribe", "tillstream.cli.sale_events:subscribe", "Print sale events as they arrive"),
            Word("webhooks", "tillstream.commands.sale_events", "Manage webhooks, which send sale events to programs"),
            Word("marts", "tillstream.commands.marts", "Export and copy the marts for other engines"),
            Word("looker", "tillstream.cli.looker:looker", "Reports in Looker Studio, and files for Looker and dbt"),
        ),
    ),
    Section(
        "Manage people",
        "tillstream users invite mia --role manager --region UK",
        (
            Word("users", "tillstream.commands.administration", "Manage accounts: who can sign in, and what they see"),
            Word("tokens", "tillstream.commands.administration", "Manage personal tokens of programs"),
            Word("audit", "tillstream.commands.administration", "Show the audit log, newest entries first"),
        ),
    ),
    Section(
        "Keep it running",
        "tillstream backup tillstream.tar",
        (
            Word("backup", "tillstream.commands.backups", "Back up everything to one archive"),
            Word("restore", "tillstream.commands.backups", "Restore a backup"),
            Word("quality", "tillstream.commands.maintenance", "Check keys, values and totals of the marts"),
            Word("losses", "tillstream.commands.backups", "List what is lost or damaged, and decide about it"),
            Word("sweep", "tillstream.commands.maintenance", "Ingest the watched folder, and resume interrupted work"),
            Word("settle", "tillstream.commands.maintenance", "Settle all staged files"),
            Word("announce", "tillstream.commands.maintenance", "Publish events that were not published"),
            Word(
                "rebuild",
                "tillstream.commands.maintenance",
                "Settle everything again, and compare it with the ledger",
            ),
            Word("deploy", "tillstream.cli.deploy:deploy", "Deploy Tillstream to a Google Cloud project"),
        ),
    ),
)
"""In the order of a day."""
WORDS = {word.name: word for section in SECTIONS for word in section.words}


def declared_groups(module: str) -> list[Group]:
    """The groups that a module declares, without those within others."""
    values = vars(import_module(module)).values()
    return [value for value in values if isinstance(value, Group) and value.parent is None]


class _Commands(Mapping[str, Command]):
    """Commands of the API by name."""

    def __getitem__(self, name: str) -> Command:
        module = _INTERNAL.get(name) or _module(name.partition("-")[0])
        return self._declared(module)[name]

    def __iter__(self) -> Iterator[str]:
        for module in sorted({*_INTERNAL.values(), *map(_module, WORDS)}):
            yield from self._declared(module)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _declared(self, module: str) -> dict[str, Command]:
        groups = declared_groups(module) if module else []
        return {name: command for group in groups for name, command in group.of_api().items()}


COMMANDS = _Commands()


def _module(word: str) -> str:
    """The module that declares the commands with a first word; empty if none does."""
    module = WORDS[word].module if word in WORDS else ""
    return "" if ":" in module else module
