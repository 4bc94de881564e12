"""Databases of a home that are made again: the warehouse from the kept originals, documents from what is readable."""

from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from tillstream.adapters.local.clock import SystemClock
from tillstream.adapters.local.duckdb.warehouse_file import is_damaged_file, is_older_file, set_file_aside, swap_files
from tillstream.adapters.local.files import restore
from tillstream.adapters.local.sqlite import document_store
from tillstream.analytics import reference
from tillstream.app.local import WAREHOUSE, build, folder, open_warehouse
from tillstream.model import audit
from tillstream.model.errors import Rejected
from tillstream.records import audit_log
from tillstream.settings import Settings
from tillstream.sync import noted


def renew(
    settings: Settings, progress: Callable[[int], None] | None = None, wait: float | None = None
) -> dict[str, Any] | None:
    """Rebuild a warehouse that is damaged, of an older version, or lacks rows, from the stored originals; None if it is
    current and its batches have the rows of their records.

    The old file stays in the folder, and stays in use unless the rebuild succeeds. Raises `Rejected`, `Occupied`.
    """
    live, new = settings.home / WAREHOUSE, settings.home / f"new.{WAREHOUSE}"
    with folder(settings).own(wait):
        damaged = is_damaged_file(live)
        is_current = not damaged and not is_older_file(live)
        differences = _differences(settings, WAREHOUSE) if is_current and live.exists() else []
        if is_current and not differences:
            return None
        for partial_file in settings.home.glob(f"{new.name}*"):  # left by a killed attempt
            partial_file.unlink()
        if damaged:
            return _replace_damaged(settings, live, new)
        try:
            report, at = _rebuild_from_originals(settings, new.name, progress)
        except Rejected as error:
            raise Rejected(
                f"The warehouse in {settings.home} cannot be rebuilt: {error} It is unchanged. To start with an empty "
                "warehouse, set TILLSTREAM_HOME to another folder."
            ) from error
        if differences and _differences(settings, new.name):
            return None  # the records are wrong
        aside = live.with_name(f"warehouse.until-{at:%Y%m%dT%H%M%S}.duckdb")
        swap_files(live, new, aside)
        return report | {"kept_aside": str(aside)} | ({"repaired": differences} if differences else {})


def _differences(settings: Settings, name: str) -> list[str]:
    """The batches whose rows or amounts in a warehouse are not those of their records, as sentences."""
    from tillstream.operations import ledger_agreement  # lazy: only this command needs it

    with closing(build(settings, warehouse_file=name, rates=False)) as app:
        return ledger_agreement.batch_content_differences(app.ports)


def _rebuild_from_originals(
    settings: Settings, name: str, progress: Callable[[int], None] | None
) -> tuple[dict[str, Any], datetime]:
    from tillstream.operations import document_mirrors, rebuild  # lazy: imports all staging code

    with closing(open_warehouse(settings, WAREHOUSE, any_schema=True)) as old:
        app = build(settings, warehouse_file=name, rates=False)
        try:
            report = rebuild.rebuild_warehouse(app.ports, app.contracts, old, progress)
            reference.copy_rates(app.ports, old, settings.reporting_currency)
            reference.copy_secret(app.ports, old)
            reference.refresh_calendar(app.ports, settings.fiscal_month, settings.retail_calendar)
            document_mirrors.fill_mirrors(app.ports)
            noted.delete_all(app.ports)
            counts = {name: report[name] for name in ("settlements", "batches")}
            audit_log.record(app.ports, "command line", audit.AuditAction.DATA_REBUILT, "warehouse", None, counts)
            return report, app.ports.clock.now()
        finally:
            app.close()


def _replace_damaged(settings: Settings, live: Path, new: Path) -> dict[str, Any]:
    """Settle all that the records name in a new warehouse, and set the damaged one aside."""
    from tillstream.operations import document_mirrors, ledger_repair  # lazy: imports the settling code

    app = build(settings, warehouse_file=new.name)
    try:
        repair = ledger_repair.repair_ledger(app.ports, app.contracts, whole=True)
        document_mirrors.fill_mirrors(app.ports)
        noted.delete_all(app.ports)
        (row,) = app.ports.warehouse.query("SELECT COUNT(*) AS batches FROM batches").to_pylist()
        counts: dict[str, Any] = {"settlements": repair.settlements, "batches": row["batches"]}
        audit_log.record(app.ports, "command line", audit.AuditAction.DATA_REBUILT, "warehouse", None, counts)
        at = app.ports.clock.now()
    finally:
        app.close()
    aside = live.with_name(f"warehouse.until-{at:%Y%m%dT%H%M%S}.duckdb")
    set_file_aside(live, new, aside)
    sentences = [f"{live.name} was damaged.", *app.notices, *repair.lost]
    return counts | {"differences": [], "kept_aside": str(aside), "repaired": sentences}


def salvage_documents(settings: Settings, wait: float | None = None) -> list[str]:
    """Replace damaged documents by those that are readable, and report the loss; return its sentences.

    Records of uploads that are missing are written again by the next repair. Raises `Unavailable`, `Occupied`.
    """
    path = settings.home / "documents.sqlite"
    if settings.project or not path.exists():
        return []
    with folder(settings).own(wait):
        restore.finish(settings.home)
        aside = path.with_name(f"documents.until-{SystemClock().now():%Y%m%dT%H%M%S}.sqlite")
        noticed = document_store.salvage_documents(path, aside)
        if noticed is None:
            return []
        # the warehouse may be damaged too, and is not needed
        with closing(build(settings, warehouse_file=":memory:", rates=False)) as app:
            return app.home.note([noticed]) if app.home else []
