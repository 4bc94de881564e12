"""Reference data: exchange rates and the reporting currency."""

import secrets
from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc

import sql
from tillstream.model import audit
from tillstream.model.dates import RetailCalendar
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Rejected
from tillstream.ports import Ports, Warehouse
from tillstream.ports.warehouse import Row
from tillstream.records import audit_log, data_version

DAILY_RATES_AHEAD = timedelta(days=400)
"""How far rates are filled forward, to cover new sales until the next load or start."""
NOTED_RATES = ("upkeep", "rates")
"""Document with the number and the sum of the warehouse's rates, written after each load."""


def refresh_rates(ports: Ports, reporting: str) -> list[str]:
    """Load the bundled rates into an empty warehouse, and those that people loaded if it lost them; refresh daily rates
    that end soon or have another currency. Return what was lost, in sentences."""
    state = _rates_state(ports)
    is_empty = not state["rate_count"]
    if is_empty:
        from tillstream.analytics.fx.rate_files import shipped_rates

        ports.warehouse.replace_table("fx_rates", shipped_rates())
    is_noted = _is_noted(ports, state)
    lost = _restore_rates(ports, _rates_content(_rates_state(ports) if is_empty else state))
    ends_soon = state["last_date"] is None or state["last_date"] < ports.clock.now().date() + DAILY_RATES_AHEAD / 2
    if is_empty or lost or not is_noted or ends_soon or state["reporting"] != reporting:
        _refresh_daily_rates(ports, reporting)
    follow_rates(ports, reporting)
    return lost


def ensure_secret(ports: Ports) -> None:
    """Create the secret of the surrogates of people, unless there is one."""
    if not ports.warehouse.query(sql.text("reference/secret")).num_rows:
        ports.warehouse.replace_table("surrogate_secret", pa.table({"secret": [secrets.token_hex(32)]}))


def copy_secret(ports: Ports, old: Warehouse) -> None:
    """Use the secret of another warehouse, so that surrogates stay the same; a new one if it has none."""
    try:
        kept = old.query(sql.text("reference/secret"))
    except Rejected:  # written before there were secrets
        kept = None
    if kept is not None and kept.num_rows:
        ports.warehouse.replace_table("surrogate_secret", kept)
    ensure_secret(ports)


def refresh_calendar(ports: Ports, fiscal_month: int, retail: str) -> None:
    """Write the calendar of the settings (see `RetailCalendar.from_setting`), if it is not the one of the warehouse."""
    calendar = RetailCalendar.from_setting(fiscal_month, retail)
    row = {
        "fiscal_month": calendar.fiscal_month,
        "pattern": calendar.pattern,
        "days_after_monday": calendar.days_after_monday,
        "days_ahead": calendar.days_ahead,
    }
    if ports.warehouse.query(sql.text("reference/calendar")).to_pylist() != [row]:
        ports.warehouse.replace_table("calendar", pa.Table.from_pylist([row]))
        data_version.bump_data_version(ports.documents)


def _restore_rates(ports: Ports, current: Row) -> list[str]:
    """Load kept rates again if the warehouse has not the rates that were noted last; return what was lost."""
    noted = ports.documents.get(*NOTED_RATES)
    if noted and noted.data == current:
        return []
    from tillstream.analytics.fx import rate_files

    lost, sentences = _missing_rates(rate_files.read_kept_rates(ports), _read_rates(ports)), []
    if lost.num_rows:
        ports.warehouse.upsert("fx_rates", lost, ["rate_date", "currency"])
        current = _rates_content(_rates_state(ports))
        sentences.append(
            f"The warehouse lacked {lost.num_rows:,} of its exchange rates, as if an older warehouse file was put "
            "back. They were loaded again."
        )
    fewer = noted.data["rates"] - current["rates"] if noted else 0
    if fewer > 0:
        sentences.append(f"The warehouse lacks {fewer:,} of its exchange rates. Load their files again.")
    ports.documents.put(*NOTED_RATES, current)
    return sentences


def repair_kept_rates(ports: Ports) -> list[str]:
    """Write the kept files of rates that are damaged again, from the warehouse; return what was done, in sentences."""
    from tillstream.analytics.fx import rate_files

    damaged = rate_files.damaged_rate_files(ports)
    if not damaged:
        return []
    rate_files.keep_rates(ports, _read_rates(ports))
    for time in damaged:
        rate_files.forget_rate_file(ports, time)
    files = f"{len(damaged):,} kept {'file' if len(damaged) == 1 else 'files'} of exchange rates could not be read."
    return [f"{files} The rates were kept again from the warehouse."]


def _rates_state(ports: Ports) -> Row:
    state: Row = ports.warehouse.query(sql.text("reference/state")).to_pylist()[0]
    return state


def _is_noted(ports: Ports, state: Row) -> bool:
    """Whether the daily rates follow the rates of the warehouse."""
    noted = ports.documents.get(*NOTED_RATES)
    return noted is not None and noted.data == _rates_content(state)


def _rates_content(state: Row) -> JsonObject:
    """What the document `NOTED_RATES` contains."""
    return {"rates": state["rate_count"], "sum": f"{state['rate_sum']:.9f}"}


def _missing_rates(kept: pa.Table, rates: pa.Table) -> pa.Table:
    """The rows of `kept` that `rates` does not have, or has with another rate."""
    keys = ["rate_date", "currency"]
    both = kept.join(rates.rename_columns([*keys, "present"]), keys, join_type="left outer")
    differs = pc.fill_null(pc.not_equal(both["per_euro"], both["present"]), True)
    return both.filter(differs).select(kept.column_names)


def load_rates(ports: Ports, text: str, name: str, reporting: str, by: str) -> int:
    """Upsert the rates of a file; return how many. Raises `Rejected` naming line, column and value."""
    from tillstream.analytics.fx.rate_files import parse_rates

    rates = parse_rates(text, name, _read_rates(ports))
    save_rates(ports, rates, name, by)
    follow_rates(ports, reporting)
    return int(rates.num_rows)


def follow_rates(ports: Ports, reporting: str = "") -> None:
    """Let daily rates follow saved ones. reporting: the currency; empty: as before. Idempotent."""
    from tillstream.analytics.fx import rate_files

    if pending := rate_files.pending_loads(ports):
        state = _rates_state(ports)
        _refresh_daily_rates(ports, reporting or state["reporting"])
        ports.documents.put(*NOTED_RATES, _rates_content(state))
        rate_files.note_followed_loads(ports, pending)


def save_rates(ports: Ports, rates: pa.Table, name: str, by: str) -> None:
    """Upsert rows of `fx_rates`, and keep them; `follow_rates` makes them count. name: where they come from."""
    from tillstream.analytics.fx import rate_files

    rate_files.keep_rates(ports, rates)
    ports.warehouse.upsert("fx_rates", rates, ["rate_date", "currency"])
    rate_files.count_load(ports, rates)
    days, currencies = pc.min_max(rates.column("rate_date")).as_py(), pc.unique(rates.column("currency")).to_pylist()
    after = {"rates": rates.num_rows, "first": days["min"], "last": days["max"], "currencies": sorted(currencies)}
    audit_log.record(ports, by, audit.AuditAction.RATES_LOADED, name, None, after)


def copy_rates(ports: Ports, old: Warehouse, reporting: str) -> None:
    """Replace the rates with those of another warehouse."""
    ports.warehouse.replace_table("fx_rates", old.query(sql.text("reference/rates")))
    _refresh_daily_rates(ports, reporting)
    ports.documents.put(*NOTED_RATES, _rates_content(_rates_state(ports)))


def _refresh_daily_rates(ports: Ports, reporting: str) -> None:
    from tillstream.analytics.fx import daily_factors

    until = ports.clock.now().date() + DAILY_RATES_AHEAD
    ports.warehouse.replace_table("reporting_rates", daily_factors.daily_rates(_read_rates(ports), reporting, until))
    ports.warehouse.replace_table("reporting", pa.table({"currency": [reporting]}))
    data_version.bump_data_version(ports.documents)


def _read_rates(ports: Ports) -> pa.Table:
    return ports.warehouse.query(sql.text("reference/rates"))
