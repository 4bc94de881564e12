"""Registry of commands: those of the terminal by their first word, and those of the API by name.

A module of commands is imported when one of them is used.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, get_type_hints

from tillstream.commands.arguments import parse
from tillstream.commands.declaration import Command, Group
from tillstream.commands.result import Progress, Result

if TYPE_CHECKING:
    from tillstream.app import App


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
            Word("demo", "tillstream.cli.files:demo", "Load the sample regions, and create an account of each role"),
            Word("serve", "tillstream.cli.files:serve", "Run the portal and the worker"),
            Word("status", "tillstream.cli.files:status", "Show the state of the ledger and the queues"),
        ),
    ),
    Section(
        "Take in sales",
        "tillstream ingest june.csv --region online-retail-uk",
        (
            Word("detect", "tillstream.cli.review:detect", "Propose a contract for a file"),
            Word("contracts", "tillstream.cli.files:contracts", "List the region contracts, or show one"),
            Word("ingest", "tillstream.cli.files:ingest", "Ingest files, settle them and print their receipts"),
            Word("connect", "tillstream.cli.connectors:connect", "Pull sales from files, databases, APIs and queues"),
            Word("backfill", "tillstream.cli.connectors:backfill", "Take in history once"),
            Word("stores", "tillstream.cli.stores:stores", "Manage the tills of stores, and their messages to fix"),
            Word("till", "tillstream.cli.stores:till", "Record and send sales on a till"),
            Word("sync", "tillstream.cli.sync:sync", "Send the sales of this home to a head office"),
            Word("fx", "tillstream.cli.files:fx", "Manage exchange rates"),
        ),
    ),
    Section(
        "Check what was received",
        "tillstream receipts",
        (
            Word("receipts", "tillstream.cli.files:receipts", "Show the receipt of one batch, or the newest receipts"),
            Word("quarantine", "tillstream.cli.files:quarantine", "Show the rows to fix of a batch"),
            Word("fix", "tillstream.cli.files:fix", "Submit rejected rows"),
            Word("accept", "tillstream.cli.review:accept", "Save the contract version proposed for a held file"),
            Word("confirm", "tillstream.cli.review:confirm", "Release a held batch, or choose its contract"),
            Word("reject", "tillstream.cli.review:reject", "Reject a held batch permanently"),
            Word("replay", "tillstream.cli.review:replay", "Read a kept original and its corrections again"),
            Word("undo", "tillstream.cli.review:undo", "Undo a settled batch and its corrections"),
        ),
    ),
    Section(
        "Answer questions",
        "tillstream query kpis --param region=UK",
        (
            Word("query", "tillstream.cli.queries:query", "Run a named query, such as kpis or sale-lines"),
            Word("measures", "tillstream.cli.queries:measures", "Compute measures, such as revenue or orders"),
            Word("report", "tillstream.commands.report", "Write reports as files"),
            Word("export", "tillstream.cli.queries:export", "Export all rows of a query to a file"),
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
                "tillstream.cli.subscriptions:subscriptions",
                "Manage tables that are delivered on a schedule",
            ),
            Word("subscribe", "tillstream.cli.sale_events:subscribe", "Print sale events as they arrive"),
            Word("webhooks", "tillstream.commands.sale_events", "Manage webhooks, which send sale events to programs"),
            Word("marts", "tillstream.cli.marts:marts", "Export and copy the marts for other engines"),
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
            Word("backup", "tillstream.cli.operations:backup", "Back up everything to one archive"),
            Word("restore", "tillstream.cli.operations:restore", "Restore a backup"),
            Word("quality", "tillstream.cli.operations:quality", "Check keys, values and totals of the marts"),
            Word("losses", "tillstream.cli.operations:losses", "List what is lost or damaged, and decide about it"),
            Word("sweep", "tillstream.cli.operations:sweep", "Ingest the watched folder, and resume interrupted work"),
            Word("settle", "tillstream.cli.operations:settle", "Settle all staged files"),
            Word("announce", "tillstream.cli.operations:announce", "Publish events that were not published"),
            Word(
                "rebuild",
                "tillstream.cli.operations:rebuild",
                "Settle everything again, and compare it with the ledger",
            ),
            Word("deploy", "tillstream.cli.deploy:deploy", "Deploy Tillstream to a Google Cloud project"),
        ),
    ),
)
"""In the order of a day."""
WORDS = {word.name: word for section in SECTIONS for word in section.words}


@dataclass(frozen=True)
class LazyCommand:
    """A command whose module is imported on first use, to keep start-up fast."""

    module: str
    function: str
    ends_with_client: bool = False
    """Whether the command ends in the server when its client has ended."""
    reads: bool = False

    def load(self) -> tuple[Callable[["App", Progress, Any], Result], type[Any]]:
        """Return the function and the dataclass of its arguments."""
        command = getattr(import_module(f"tillstream.commands.{self.module}"), self.function)
        return command, get_type_hints(command)["arguments"]

    def __call__(self, app: "App", progress: Progress, /, **values: object) -> Result:
        """Run the command.

        Raises `Rejected` for unknown, missing and wrongly typed arguments, and for an `out` where nothing is written.
        """
        from tillstream.app.output_places import check_output  # lazy: help needs none of it

        command, kind = self.load()
        arguments = parse(kind, values)
        if (out := getattr(arguments, "out", "")) and "://" not in out:
            check_output(app.settings, out)
        return command(app, progress, arguments)


_LAZY: dict[str, LazyCommand] = {
    "ingest": LazyCommand("ingest", "ingest"),
    "receipts": LazyCommand("quarantine", "receipts"),
    "quarantine": LazyCommand("quarantine", "quarantine"),
    "fix": LazyCommand("quarantine", "fix_rows"),
    "replay": LazyCommand("review", "replay_batch"),
    "confirm": LazyCommand("review", "confirm"),
    "replay-preview": LazyCommand("review", "replay_previewed"),
    "accept": LazyCommand("review", "accept"),
    "reject": LazyCommand("review", "reject"),
    "undo-preview": LazyCommand("review", "undo_preview"),
    "undo": LazyCommand("review", "undo_batch"),
    "backup": LazyCommand("maintenance", "backup"),
    "announce": LazyCommand("maintenance", "announce"),
    "settle": LazyCommand("maintenance", "settle_staged"),
    "sweep": LazyCommand("maintenance", "sweep_now"),
    "rebuild": LazyCommand("maintenance", "rebuild_check"),
    "query": LazyCommand("query", "query"),
    "measures": LazyCommand("query", "measures"),
    "frame": LazyCommand("frame", "frame"),
    "export": LazyCommand("export", "export", ends_with_client=True),
    "marts-copy": LazyCommand("marts", "copy_marts"),
    "marts-destinations": LazyCommand("marts", "list_mart_destinations"),
    "marts-destinations-add": LazyCommand("marts", "add_mart_destination"),
    "marts-destinations-remove": LazyCommand("marts", "remove_mart_destination"),
    "marts-destinations-run": LazyCommand("marts", "run_mart_destination"),
    "marts-destinations-run-due": LazyCommand("marts", "run_due_mart_destinations"),
    "marts-export": LazyCommand("marts", "export_marts"),
    "subscriptions": LazyCommand("subscriptions", "list_subscriptions"),
    "subscriptions-add": LazyCommand("subscriptions", "add_subscription"),
    "subscriptions-deliveries": LazyCommand("subscriptions", "list_file_deliveries"),
    "subscriptions-destinations": LazyCommand("subscriptions", "list_file_destinations"),
    "subscriptions-destinations-add": LazyCommand("subscriptions", "add_file_destination"),
    "subscriptions-destinations-remove": LazyCommand("subscriptions", "remove_file_destination"),
    "subscriptions-destinations-test": LazyCommand("subscriptions", "test_file_destination"),
    "subscriptions-pause": LazyCommand("subscriptions", "pause_subscription"),
    "subscriptions-remove": LazyCommand("subscriptions", "remove_subscription"),
    "subscriptions-resume": LazyCommand("subscriptions", "resume_subscription"),
    "subscriptions-retry": LazyCommand("subscriptions", "retry_file_delivery"),
    "subscriptions-run": LazyCommand("subscriptions", "run_subscription"),
    "losses": LazyCommand("maintenance", "list_losses"),
    "losses-decide": LazyCommand("maintenance", "decide_loss"),
    "losses-restore": LazyCommand("maintenance", "restore_losses"),
    "losses-reopen": LazyCommand("maintenance", "reopen_loss"),
    "quality": LazyCommand("maintenance", "check_quality"),
    "status": LazyCommand("maintenance", "status"),
    "contracts": LazyCommand("query", "contracts"),
    "contracts-pandera": LazyCommand("query", "contracts_pandera"),
    "contracts-expectations": LazyCommand("query", "contracts_expectations"),
    "contracts-whole-numbers": LazyCommand("review", "adopt_whole_numbers"),
    "contracts-whole-numbers-preview": LazyCommand("review", "preview_whole_numbers"),
    "delivered-lines": LazyCommand("detect", "delivered_lines"),
    "contracts-save": LazyCommand("detect", "save_contract"),
    "fx-load": LazyCommand("query", "fx_load"),
    "demo": LazyCommand("demo", "demo"),
    "stores": LazyCommand("stores", "list_store_keys"),
    "stores-connect": LazyCommand("stores", "connect_till"),
    "stores-replace": LazyCommand("stores", "replace_key"),
    "stores-revoke": LazyCommand("stores", "revoke_key"),
    "stores-discard": LazyCommand("stores", "discard_till_messages"),
    "stores-accept": LazyCommand("stores", "accept_till_messages"),
    "stores-receive": LazyCommand("stores", "receive_till_messages"),
    "stores-accept-unsigned": LazyCommand("stores", "accept_unsigned"),
    "backfill": LazyCommand("backfills", "run_backfills"),
    "backfill-list": LazyCommand("backfills", "list_backfills"),
    "backfill-status": LazyCommand("backfills", "show_backfill"),
    "backfill-undo": LazyCommand("backfills", "undo_backfill"),
    "connect": LazyCommand("connectors", "list_connectors"),
    "connect-add": LazyCommand("connectors", "add_connector"),
    "connect-change": LazyCommand("connectors", "change_connector"),
    "connect-kinds": LazyCommand("connectors", "list_connector_kinds"),
    "connect-pause": LazyCommand("connectors", "pause_connector"),
    "connect-remove": LazyCommand("connectors", "remove_connector"),
    "connect-resume": LazyCommand("connectors", "resume_connector"),
    "connect-run": LazyCommand("connectors", "run_connector"),
    "connect-run-due": LazyCommand("connectors", "run_due_connectors"),
    "connect-show": LazyCommand("connectors", "show_connector"),
    "connect-test": LazyCommand("connectors", "test_connector"),
    "sync": LazyCommand("sync", "sync_home"),
    "sync-ask-undo": LazyCommand("sync", "ask_undo"),
    "sync-decide": LazyCommand("sync", "decide_questions"),
    "sync-decline": LazyCommand("sync", "decline_undo"),
    "sync-homes": LazyCommand("sync", "list_homes"),
    "sync-homes-add": LazyCommand("sync", "add_home"),
    "sync-homes-release": LazyCommand("sync", "release_home"),
    "sync-homes-remove": LazyCommand("sync", "remove_home"),
    "sync-init": LazyCommand("sync", "create_identity"),
    "sync-questions": LazyCommand("sync", "list_questions"),
    "sync-requests": LazyCommand("sync", "list_requests"),
    "sync-status": LazyCommand("sync", "show_sync"),
    "sync-stop": LazyCommand("sync", "stop_sync"),
}


def declared_groups(module: str) -> list[Group]:
    """The groups that a module declares, without those within others."""
    values = vars(import_module(module)).values()
    return [value for value in values if isinstance(value, Group) and value.parent is None]


class _Commands(Mapping[str, Command | LazyCommand]):
    """Commands of the API by name."""

    def __getitem__(self, name: str) -> Command | LazyCommand:
        if name in _LAZY:
            return _LAZY[name]
        module = _INTERNAL.get(name) or _module(name.partition("-")[0])
        return self._declared(module)[name]

    def __iter__(self) -> Iterator[str]:
        yield from _LAZY
        for module in sorted({*_INTERNAL.values(), *map(_module, WORDS)}):
            yield from self._declared(module)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _declared(self, module: str) -> dict[str, Command]:
        groups = declared_groups(module) if module else []
        return {name: command for group in groups for name, command in group.of_api().items()}


def _module(word: str) -> str:
    """The module that declares the commands with a first word; empty if none does."""
    module = WORDS[word].module if word in WORDS else ""
    return "" if ":" in module else module


_INTERNAL = dict.fromkeys(("subscribe-begin", "subscribe-next", "subscribe-end"), "tillstream.commands.sale_events")
"""Commands of the API whose names begin with no first word of the terminal → their modules."""
COMMANDS = _Commands()
