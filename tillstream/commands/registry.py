"""Registry of commands by name, run in this process or in the server that owns the folder.

Each takes the app and its arguments, a dataclass built from JSON, and returns a `Result`; none of them prints.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, get_type_hints

from tillstream.app import App
from tillstream.app.output_places import check_output
from tillstream.commands.arguments import parse
from tillstream.commands.result import Progress, Result


@dataclass(frozen=True)
class LazyCommand:
    """A command whose module is imported on first use, to keep start-up fast."""

    module: str
    function: str
    ends_with_client: bool = False
    """Whether the command ends in the server when its client has ended."""

    def load(self) -> tuple[Callable[[App, Progress, Any], Result], type[Any]]:
        """Return the function and the dataclass of its arguments."""
        command = getattr(import_module(f"tillstream.commands.{self.module}"), self.function)
        return command, get_type_hints(command)["arguments"]

    def __call__(self, app: App, progress: Progress, /, **values: object) -> Result:
        """Run the command.

        Raises `Rejected` for unknown, missing and wrongly typed arguments, and for an `out` where nothing is written.
        """
        command, kind = self.load()
        arguments = parse(kind, values)
        if (out := getattr(arguments, "out", "")) and "://" not in out:
            check_output(app.settings, out)
        return command(app, progress, arguments)


COMMANDS: dict[str, LazyCommand] = {
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
    "measures": LazyCommand("numbers.measures", "measures"),
    "frame": LazyCommand("numbers.frame", "frame"),
    "export": LazyCommand("numbers.export", "export", ends_with_client=True),
    "forecast": LazyCommand("numbers.forecast", "run_forecast"),
    "forecast-accuracy": LazyCommand("numbers.forecast", "accuracy"),
    "forecast-features": LazyCommand("numbers.features", "export_features"),
    "forecast-compare": LazyCommand("numbers.compare", "compare_forecasts"),
    "goals": LazyCommand("numbers.goals", "goals"),
    "goals-import": LazyCommand("numbers.goals", "import_file"),
    "stock": LazyCommand("numbers.stock", "stock"),
    "stock-rebuild": LazyCommand("numbers.stock", "rebuild"),
    "stock-import": LazyCommand("numbers.stock", "import_file"),
    "marts-copy": LazyCommand("numbers.marts", "copy_marts"),
    "marts-destinations": LazyCommand("numbers.destinations", "destinations"),
    "marts-destinations-add": LazyCommand("numbers.destinations", "add"),
    "marts-destinations-remove": LazyCommand("numbers.destinations", "remove"),
    "marts-destinations-run": LazyCommand("numbers.destinations", "run"),
    "marts-destinations-run-due": LazyCommand("numbers.destinations", "run_due"),
    "marts-export": LazyCommand("numbers.marts", "export_marts"),
    "report-send": LazyCommand("numbers.report", "send"),
    "report-executive": LazyCommand("numbers.report", "executive"),
    "subscriptions": LazyCommand("numbers.subscriptions", "subscriptions"),
    "subscriptions-add": LazyCommand("numbers.subscriptions", "add"),
    "subscriptions-deliveries": LazyCommand("numbers.file_destinations", "delivered"),
    "subscriptions-destinations": LazyCommand("numbers.file_destinations", "destinations"),
    "subscriptions-destinations-add": LazyCommand("numbers.file_destinations", "add"),
    "subscriptions-destinations-remove": LazyCommand("numbers.file_destinations", "remove"),
    "subscriptions-destinations-test": LazyCommand("numbers.file_destinations", "test"),
    "subscriptions-pause": LazyCommand("numbers.subscriptions", "pause"),
    "subscriptions-remove": LazyCommand("numbers.subscriptions", "remove"),
    "subscriptions-resume": LazyCommand("numbers.subscriptions", "resume"),
    "subscriptions-retry": LazyCommand("numbers.file_destinations", "retry"),
    "subscriptions-run": LazyCommand("numbers.subscriptions", "run"),
    "restock": LazyCommand("numbers.restock", "lines"),
    "restock-run": LazyCommand("numbers.restock", "compute"),
    "restock-simulate": LazyCommand("numbers.restock", "simulated"),
    "series": LazyCommand("numbers.series", "listed"),
    "series-import": LazyCommand("numbers.series", "import_file"),
    "series-remove": LazyCommand("numbers.series", "remove"),
    "alerts": LazyCommand("alerts.alerts", "alerts"),
    "alerts-acknowledge": LazyCommand("alerts.alerts", "acknowledge"),
    "alerts-snooze": LazyCommand("alerts.alerts", "snooze"),
    "alerts-rules": LazyCommand("alerts.alerts", "list_rules"),
    "alerts-preview": LazyCommand("alerts.alerts", "preview_rule"),
    "losses": LazyCommand("alerts.losses", "listed"),
    "losses-decide": LazyCommand("alerts.losses", "decide"),
    "losses-restore": LazyCommand("alerts.losses", "restore"),
    "losses-reopen": LazyCommand("alerts.losses", "reopen"),
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
    "catalogue": LazyCommand("catalogue", "list_entries"),
    "catalogue-import": LazyCommand("catalogue", "import_file"),
    "catalogue-export": LazyCommand("catalogue", "export"),
    "subscribe-begin": LazyCommand("subscribe", "begin"),
    "subscribe-next": LazyCommand("subscribe", "next_events"),
    "subscribe-end": LazyCommand("subscribe", "end"),
    "audit": LazyCommand("audit", "audit"),
    "orders": LazyCommand("stores.orders", "orders"),
    "orders-show": LazyCommand("stores.orders", "show"),
    "orders-pdf": LazyCommand("stores.orders", "pdf"),
    "stores": LazyCommand("stores.keys", "stores"),
    "stores-connect": LazyCommand("stores.keys", "connect"),
    "stores-replace": LazyCommand("stores.keys", "replace"),
    "stores-revoke": LazyCommand("stores.keys", "revoke"),
    "stores-discard": LazyCommand("stores.messages", "discard"),
    "stores-accept": LazyCommand("stores.messages", "accept"),
    "stores-receive": LazyCommand("stores.messages", "receive"),
    "stores-accept-unsigned": LazyCommand("stores.keys", "accept_unsigned"),
    "tokens": LazyCommand("tokens", "tokens"),
    "tokens-make": LazyCommand("tokens", "make"),
    "tokens-revoke": LazyCommand("tokens", "revoke"),
    "webhooks": LazyCommand("webhooks", "webhooks"),
    "webhooks-add": LazyCommand("webhooks", "add"),
    "webhooks-remove": LazyCommand("webhooks", "remove"),
    "webhooks-pause": LazyCommand("webhooks", "pause"),
    "webhooks-resume": LazyCommand("webhooks", "resume"),
    "webhooks-new-secret": LazyCommand("webhooks", "rotate"),
    "webhooks-test": LazyCommand("webhooks", "test"),
    "webhooks-deliveries": LazyCommand("webhooks", "latest"),
    "webhooks-resend": LazyCommand("webhooks", "resend"),
    "backfill": LazyCommand("sources.backfills", "run"),
    "backfill-list": LazyCommand("sources.backfills", "listed"),
    "backfill-status": LazyCommand("sources.backfills", "show"),
    "backfill-undo": LazyCommand("sources.backfills", "undo_all"),
    "connect": LazyCommand("sources.connectors", "connectors"),
    "connect-add": LazyCommand("sources.connectors", "add"),
    "connect-change": LazyCommand("sources.connectors", "change"),
    "connect-kinds": LazyCommand("sources.connectors", "kinds"),
    "connect-pause": LazyCommand("sources.connectors", "pause"),
    "connect-remove": LazyCommand("sources.connectors", "remove"),
    "connect-resume": LazyCommand("sources.connectors", "resume"),
    "connect-run": LazyCommand("sources.connectors", "run"),
    "connect-run-due": LazyCommand("sources.connectors", "run_due"),
    "connect-show": LazyCommand("sources.connectors", "show"),
    "connect-test": LazyCommand("sources.connectors", "test"),
    "sync": LazyCommand("sources.sync", "sync"),
    "sync-ask-undo": LazyCommand("sources.sync", "ask_undo"),
    "sync-decide": LazyCommand("sources.sync", "decide"),
    "sync-decline": LazyCommand("sources.sync", "decline"),
    "sync-homes": LazyCommand("sources.sync", "listed"),
    "sync-homes-add": LazyCommand("sources.sync", "add"),
    "sync-homes-release": LazyCommand("sources.sync", "release"),
    "sync-homes-remove": LazyCommand("sources.sync", "remove"),
    "sync-init": LazyCommand("sources.sync", "init"),
    "sync-questions": LazyCommand("sources.sync", "list_questions"),
    "sync-requests": LazyCommand("sources.sync", "list_requests"),
    "sync-status": LazyCommand("sources.sync", "show"),
    "sync-stop": LazyCommand("sources.sync", "stop"),
    "channels": LazyCommand("alerting.channels", "channels"),
    "channels-add": LazyCommand("alerting.channels", "add"),
    "channels-test": LazyCommand("alerting.channels", "test"),
    "channels-pause": LazyCommand("alerting.channels", "pause"),
    "channels-resume": LazyCommand("alerting.channels", "resume"),
    "channels-remove": LazyCommand("alerting.channels", "remove"),
    "channels-deliveries": LazyCommand("alerting.channels", "latest"),
    "channels-send-again": LazyCommand("alerting.channels", "send_again"),
    "users": LazyCommand("users", "users"),
    "users-add": LazyCommand("users", "add"),
    "users-disable": LazyCommand("users", "disable"),
    "users-enable": LazyCommand("users", "enable"),
    "users-reset": LazyCommand("users", "reset"),
    "users-set": LazyCommand("users", "assign"),
    "users-show": LazyCommand("users", "show"),
    "users-invite": LazyCommand("users", "invite"),
    "users-link": LazyCommand("users", "link"),
    "users-second-step-off": LazyCommand("users", "second_step_off"),
    "users-require-second-step": LazyCommand("users", "require_second_step"),
    "users-sessions": LazyCommand("users", "open_sessions"),
    "users-end-sessions": LazyCommand("users", "end_sessions"),
}
