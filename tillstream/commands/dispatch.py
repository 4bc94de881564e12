"""Dispatch commands: to the running server, because one process owns the folder, else to this process."""

import threading
import time
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from tillstream.app import App, open_app, open_read_only, owned
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import Progress, Result
from tillstream.model.errors import Occupied, ReadOnly, Unavailable
from tillstream.operations import ledger_agreement
from tillstream.records import audit_log
from tillstream.settings import Settings
from tillstream.system_user import user_name

TRIES = 50
REFUSED = "Run the command as the user who started the server, or stop that server and start it again."
TURN = 2.0
"""Seconds to wait for the folder before looking for a server again."""


def execute(settings: Settings, name: str, arguments: Mapping[str, Any], progress: Progress) -> Result:
    """Run a command in the live server, else in this process, waiting for the folder's lock.

    The lock may be held by a server that has not published its address yet, so the lookup is repeated while waiting. On
    a Google Cloud project there is no lock and the command always runs here. Raises what the command raises, and
    `Unavailable` if the server stopped during the command.
    """
    with audit_log.client_address(audit_log.origin_of_command("command line", user_name())):
        if settings.project:
            return _with_app(settings, name, arguments, progress)
        return _run_locally(settings, name, arguments, progress)


def _run_locally(settings: Settings, name: str, arguments: Mapping[str, Any], progress: Progress) -> Result:
    refused = 0
    while True:
        try:
            result = _run_in_server(settings, name, arguments, progress)
            if result:
                return result
            refused = 0
        except PermissionError as error:
            # that of another home, at the address of a server that died; or ours, and this user may not call it
            refused, refusal = refused + 1, f"{error} {REFUSED}"
        try:
            return _run_here(settings, name, arguments, progress)
        except Occupied as occupied:
            if refused > 1:
                raise Unavailable(refusal) from occupied


def has_ledger(settings: Settings) -> bool:
    """Whether there is a ledger: a project, or a home folder with a warehouse. Creates nothing."""
    from tillstream.app.local import WAREHOUSE_FILE

    return bool(settings.project) or (settings.home / WAREHOUSE_FILE).exists()


def find_server(settings: Settings) -> bool:
    """Whether a server is announced for the folder; it may have died."""
    from tillstream.app.local import local_home_folder

    return local_home_folder(settings).find_server() is not None


def _run_in_server(settings: Settings, name: str, arguments: Mapping[str, Any], progress: Progress) -> Result | None:
    """Return None if no server listens. Raises `PermissionError` if one keeps refusing this process."""
    from tillstream.app.local import local_home_folder

    for remaining in reversed(range(TRIES)):
        server = local_home_folder(settings).find_server()
        if server is None:
            return None
        from tillstream.commands.client import send_command  # lazy: needed only if a server runs

        try:
            return send_command(settings, server, name, arguments, progress)
        except PermissionError:  # a new server is replacing the address file
            if not remaining:
                raise
            time.sleep(0.1)
        except ConnectionRefusedError:  # stale address file of a server that died
            return None
    return None


def _run_here(settings: Settings, name: str, arguments: Mapping[str, Any], progress: Progress) -> Result:
    if name == "rebuild" and arguments.get("originals") and not arguments.get("check"):
        return _renewed(settings, name, arguments, progress)
    return _with_app(settings, name, arguments, progress)


def _renewed(settings: Settings, name: str, arguments: Mapping[str, Any], progress: Progress) -> Result:
    """Make databases again that are damaged or of an earlier version; run the command if none is.

    After documents were lost, a sweep writes the records of uploads again from the ledger, and a check compares both.
    """
    from tillstream.app.local_recovery import renew_warehouse, salvage_documents

    salvaged = salvage_documents(settings, TURN)
    # the only command that must run without a warehouse of the current schema: it creates one
    report = renew_warehouse(settings, lambda step: progress("settlements", step), TURN)
    if salvaged and not report:
        salvaged += _recorded_again(settings)
        salvaged += _with_app(settings, "sweep", {}, progress).data["repaired"]
        arguments = {}
    result = Result(report) if report else _with_app(settings, name, arguments, progress)
    if salvaged:
        result.data["repaired"] = [*salvaged, *result.data.get("repaired", [])]
    return result


def _recorded_again(settings: Settings) -> list[str]:
    """Compare all records with the ledger, and write those that are missing; return the sentences."""
    from tillstream.operations import ledger_repair  # lazy: imports the settling code

    with open_app(settings, TURN) as app:
        return ledger_repair.repair_ledger(app.ports, app.contracts, whole=True).sentences()


def _with_app(settings: Settings, name: str, arguments: Mapping[str, Any], progress: Progress) -> Result:
    is_ingest = name == "ingest"
    if is_ingest:
        # load the data frame libraries while the folder is opened and the bytes are stored
        threading.Thread(target=import_module, args=("tillstream.pipeline.validating.validate",), daemon=True).start()
    try:
        if COMMANDS[name].never_writes and not settings.project:
            with owned(settings, TURN), open_read_only(settings) as app:
                return COMMANDS[name](app, progress, **arguments)
        with open_app(settings, TURN, rates=not is_ingest) as app:
            _check_ledger(app, name)
            return COMMANDS[name](app, progress, **arguments)
    except ReadOnly:
        if not COMMANDS[name].reads:
            raise
    with open_read_only(settings) as app:
        return COMMANDS[name](app, progress, **arguments)


def _check_ledger(app: App, name: str) -> None:
    """Repair a local ledger that ends before the last settlement of the records; otherwise one number is compared.

    A new settlement would take the number of a lost one. `sweep` and `rebuild` compare more, and report what they did.
    """
    if app.settings.project or name in ("sweep", "rebuild") or not ledger_agreement.is_ledger_behind(app.ports):
        return
    from tillstream import logs  # lazy, as is the settling code
    from tillstream.operations import ledger_repair

    logs.warn("ledger repaired", ledger_repair.repair_ledger(app.ports, app.contracts).sentences())
