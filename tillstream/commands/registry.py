"""Every command by its name, run in this process or by the server that owns the folder.

Each takes the app and JSON-like arguments and gives a `Result`; nothing here prints.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from tillstream.app import App
from tillstream.commands.result import Progress, Result


@dataclass(frozen=True)
class Elsewhere:
    """A command of another module, which is loaded when somebody runs it: no file waits for what accounts need."""

    module: str
    function: str

    def __call__(self, app: App, progress: Progress, **given: Any) -> Result:
        command: Callable[..., Result] = getattr(import_module(f"tillstream.commands.{self.module}"), self.function)
        return command(app, progress, **given)


COMMANDS: dict[str, Callable[..., Result]] = {
    "ingest": Elsewhere("ingest", "ingest"),
    "receipts": Elsewhere("quarantine", "receipts"),
    "quarantine": Elsewhere("quarantine", "quarantine"),
    "fix": Elsewhere("quarantine", "fix_rows"),
    "replay": Elsewhere("review", "replay_batch"),
    "confirm": Elsewhere("review", "confirm"),
    "replay-preview": Elsewhere("review", "replay_previewed"),
    "accept": Elsewhere("review", "accept"),
    "reject": Elsewhere("review", "reject"),
    "undo-preview": Elsewhere("review", "undo_preview"),
    "undo": Elsewhere("review", "undo_batch"),
    "backup": Elsewhere("maintenance", "backup"),
    "announce": Elsewhere("maintenance", "announce"),
    "sweep": Elsewhere("maintenance", "sweep_now"),
    "rebuild": Elsewhere("maintenance", "rebuild_check"),
    "query": Elsewhere("query", "query"),
    "status": Elsewhere("maintenance", "status"),
    "contracts": Elsewhere("query", "contracts"),
    "contracts-save": Elsewhere("detect", "save_contract"),
    "fx-load": Elsewhere("query", "fx_load"),
    "demo": Elsewhere("demo", "demo"),
    "audit": Elsewhere("audit", "audit"),
    "tokens": Elsewhere("tokens", "tokens"),
    "tokens-make": Elsewhere("tokens", "make"),
    "tokens-revoke": Elsewhere("tokens", "revoke"),
    "users": Elsewhere("users", "users"),
    "users-add": Elsewhere("users", "add"),
    "users-disable": Elsewhere("users", "disable"),
    "users-enable": Elsewhere("users", "enable"),
    "users-reset": Elsewhere("users", "reset"),
    "users-set": Elsewhere("users", "assign"),
    "users-show": Elsewhere("users", "show"),
    "users-invite": Elsewhere("users", "invite"),
    "users-link": Elsewhere("users", "link"),
    "users-second-step-off": Elsewhere("users", "second_step_off"),
    "users-require-second-step": Elsewhere("users", "require_second_step"),
    "users-sessions": Elsewhere("users", "open_sessions"),
    "users-end-sessions": Elsewhere("users", "end_sessions"),
}
