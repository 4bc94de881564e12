"""Terminal output of the work on a home: status, sweep, backup, losses, contracts, accounts and billed queries."""

from datetime import datetime
from typing import Any

from tillstream.cli.output.tables import ROW_COUNTS
from tillstream.commands.printing import amount_or_blank, print_line, print_title, show_rows
from tillstream.model.events import WEBHOOK_SUBSCRIPTIONS

NO_SALES: dict[str, Any] = {"sale_count": 0, "line_count": 0, "net": "0"}

SWEPT = {
    "taken": "ingested {} from the watched folder",
    "registered": "registered {} that had no batch",
    "staged": "resumed {}",
    "settled": "committed {}",
    "undone": "finished {}",
    "announced": "announced {}",
    "received": "received {}",
}
COUNTED = {
    "taken": ("file", "files"),
    "registered": ("file", "files"),
    "staged": ("batch", "batches"),
    "settled": ("settlement", "settlements"),
    "undone": ("undo", "undos"),
    "announced": ("settlement", "settlements"),
    "received": ("message of a store", "messages of stores"),
}


def _many(count: int, one: str, several: str) -> str:
    return f"{count:,} {one if count == 1 else several}"


def show_status(data: dict[str, Any]) -> None:
    print_line(f"Data in {data['home']}")
    if data["as_of"]:
        print_line(f"{_many(data['lines'], 'line', 'lines')} in the numbers, as of {_minute(data['as_of'])}")
    else:
        print_line("Nothing has been settled yet.")
    if data["batches"]:
        batches = ", ".join(f"{count:,} {state}" for state, count in data["batches"].items())
        print_line(f"Batches: {batches}")
    queues = [words for queue in data["queues"] if (words := _queue(queue))]
    for words in queues:
        print_line(f"Queue {words}")
    if any(queue["ready"] is None for queue in data["queues"]):
        print_line("Queues: their lengths are not known here")
    elif not queues:
        print_line("Queues: empty")
    if not data["has_worker"]:
        ready = [queue["subscription"].startswith(WEBHOOK_SUBSCRIPTIONS) for queue in data["queues"] if queue["ready"]]
        advice = "" if all(ready) else " `tillstream sweep` processes what is ready, or `tillstream serve`."
        webhooks = " Only `tillstream serve` sends the events of webhooks." if any(ready) else ""
        print_line(f"No server is running.{advice}{webhooks}")
    _show_held(data["batches"].get("held", 0))
    for one in data["losses"]:
        print_line(f"Lost or damaged: {one['message']} {one['remedy']} ({one['id']})")


def _show_held(count: int) -> None:
    if count:
        held = _many(count, "batch is", "batches are")
        print_line(f"{held} held and not in the numbers. `tillstream receipts` shows why.")


def _minute(instant: Any) -> str:
    """2026-11-29 13:29 UTC, of an instant or its ISO 8601 text."""
    return f"{datetime.fromisoformat(str(instant)):%Y-%m-%d %H:%M} UTC"


def _queue(queue: dict[str, Any]) -> str:
    """Describe one queue; empty if it has no messages."""
    parts = [
        f"{queue[name]:,} {words}"
        for name, words in (
            ("ready", "ready"),
            ("leased", "in progress"),
            ("delayed", "waiting for a retry"),
            ("dead", "dead letters"),
        )
        if queue[name]
    ]
    return f"{queue['subscription']}: {', '.join(parts)}" if parts else ""


def show_quality(data: dict[str, Any]) -> None:
    failing = data["failing"]
    passed = len(data["checks"]) - len(failing)
    print_line(f"{_many(passed, 'check passes', 'checks pass')}, {_many(len(failing), 'fails', 'fail')}")
    for check in data["checks"]:
        if check["failing_rows"]:
            days = f" on {_many(len(check['failing_days']), 'day', 'days')}" if check["failing_days"] else ""
            rows = _many(check["failing_rows"], "row", "rows")
            words = f"{check['description']} {check['remedy']}".rstrip()
            print_line(f"{check['name']} ({check['mart']}): {rows}{days}. {words}")


def show_settled(data: dict[str, Any]) -> None:
    done = [SWEPT[name].format(_many(data[name], *COUNTED[name])) for name in ("settled", "undone") if data[name]]
    print_line(f"{', '.join(done).capitalize()}." if done else "Nothing was to be settled.")


def show_replay_preview(data: dict[str, Any]) -> None:
    before, after = data["before"], data["after"]
    versions = [f"{side['contract'] or 'no contract'} version {side['contract_version']}" for side in (before, after)]
    print_title(data["file"], f" · {versions[0]} → {versions[1]}")
    times = [f"{datetime.fromisoformat(at):%Y-%m-%d %H:%M:%S} UTC" for at in data["received"].values()]
    if times[0] != times[1]:
        print_line(f"  received at {times[0]} → {times[1]}")
    for name in ("read", *ROW_COUNTS):
        sides = ["…" if side["rows"][name] is None else f"{side['rows'][name]:,}" for side in (before, after)]
        print_line(f"  {name:<12}{sides[0]:>12} → {sides[1]}")
    net = [{row["currency"]: row["net"] for row in side["amounts"]} for side in (before, after)]
    for currency in sorted({*net[0], *net[1]}):
        sides = [amount_or_blank(side.get(currency, "0"), currency) for side in net]
        print_line(f"  net {sides[0]} → {sides[1]} {currency}")
    for hold in after["holds"]:
        print_line(f"  would be held: {hold['message']} ({hold['code']})")
    if after["error"]:
        print_line(f"  would be rejected: {after['error']}")
    if data["changes"]:
        print_line("  all numbers: " + ", ".join(f"{count:,} {kind}" for kind, count in data["changes"].items()))
    print_line("This is a preview. To replay the file, run the command without --preview.")


def show_announced(data: dict[str, Any]) -> None:
    if not data["settlements"]:
        print_line("All settlements are already announced.")
        return
    settlements = _many(data["settlements"], "settlement is", "settlements are")
    print_line(f"{settlements} announced: {_many(data['events'], 'event', 'events')} published.")


def show_swept(data: dict[str, Any]) -> None:
    done = [SWEPT[name].format(_many(count, *COUNTED[name])) for name, count in data.items() if count and name in SWEPT]
    if done or not data["left"]:
        print_line(f"Done: {'; '.join(done)}." if done else "There was nothing to resume.")
    for words in (*data["repaired"], *data["not_taken"]):
        print_line(words)
    if data["left"]:
        left = ", ".join(f"{count:,} in {name}" for name, count in data["left"].items())
        print_line(f"Still queued: {left}. They are in progress, or wait for a retry. Run `sweep` again in a minute.")
    if data["still_written"]:
        print_line(
            f"{_many(data['still_written'], 'file is', 'files are')} still being written. Run `sweep` again when they "
            "are complete."
        )
    _show_held(data["held"])
    if data["losses"]:
        print_line(f"{_many(data['losses'], 'loss is', 'losses are')} open: run `tillstream losses`.")


def show_rebuilt(data: dict[str, Any]) -> None:
    for words in data.get("repaired", ()):
        print_line(words)
    size = f"{_many(data['settlements'], 'settlement', 'settlements')} of {_many(data['batches'], 'batch', 'batches')}"
    if data.get("kept_aside"):
        print_line(f"Rebuilt {size} from the kept originals. The old warehouse is kept as {data['kept_aside']}.")
        return
    unread = data.get("unread", ())
    for words in unread:
        print_line(words)
    if not data["differences"]:
        rest = ", apart from what could not be read" if unread else ""
        print_line(f"Settled {size} again: the copy and the ledger are identical{rest}.")
        return
    print_title(f"Settled {size} again: the copy and the ledger differ.")
    for words in data["differences"]:
        print_line(f"  {words}")


def show_rates(data: dict[str, int]) -> None:
    print_line(f"{_many(data['rates'], 'rate is', 'rates are')} loaded.")


def show_contract(data: dict[str, Any]) -> None:
    """Print a contract, one line per field; unset fields are omitted."""
    print_title(data["name"], f" · version {data['version']} · region {data['region']}")
    if data["description"]:
        print_line(data["description"])
    for name, value in data.items():
        if name not in {"name", "version", "region", "description"}:
            _field(name, value, "  ")


def show_whole_numbers(data: dict[str, Any]) -> None:
    """Print what a contract's rule for whole numbers changes, or has changed."""
    print_title(data["contract"], f" · version {data['contract_version']} · region {data['region']}")
    for column, example in data["columns"].items():
        print_line(f"  {column}: {example} is read as {example.rstrip('0')[:-1]}")
    for each in data.get("replayed", data["files"]):
        print_line(f"  {each['file']} · {each.get('status', 'to be replayed')} · {each['batch_id']}")
    if "replayed" in data:
        return
    for hold in data["holds"]:
        print_line(f"  would be held: {hold['message']} ({hold['code']})")
    before = {row["currency"]: row for row in data["before"]}
    after = {row["currency"]: row for row in data["after"]}
    for currency in sorted(before.keys() | after.keys()):
        sales = [side.get(currency, NO_SALES) for side in (before, after)]
        for label, name in (("sales", "sale_count"), ("lines", "line_count")):
            print_line(f"  {label} {sales[0][name]:,} → {sales[1][name]:,}")
        net = [amount_or_blank(side["net"], currency) for side in sales]
        print_line(f"  net {net[0]} → {net[1]} {currency}")
    print_line("  all numbers: " + ", ".join(f"{count:,} {kind}" for kind, count in data["changes"].items()))
    print_line("This is a preview. To save the new version and replay the files, use --yes.")


def show_exported_checks(data: dict[str, Any]) -> None:
    print_line(f"The checks of {data['name']}, version {data['version']}, are written to {data['file']}.")


def _field(name: str, value: Any, indent: str) -> None:
    if value in (None, "", [], {}):
        return
    if isinstance(value, dict):
        print_line(f"{indent}{name}:")
        for key, each in value.items():
            _field(key, each, f"{indent}  ")
    else:
        print_line(f"{indent}{name}: {', '.join(map(str, value)) if isinstance(value, list) else value}")


def show_backup(data: dict[str, Any]) -> None:
    print_line(
        f"{data['archive']} contains everything as of {data['made_at']}: {data['files']:,} files, "
        f"{_size_text(data['bytes'])}."
    )
    _print_parts(data)
    print_line("Every file in it was read back and is as it was copied. To restore it, run `tillstream restore`.")
    if "damaged" not in data:
        return
    if not data["damaged"]:
        print_line("All kept originals have the content that was received.")
    for sentence in data["damaged"]:
        print_line(f"Not whole in it: {sentence}")


def show_restored(data: dict[str, Any]) -> None:
    print_line(
        f"{data['home']} is restored to its state of {data['made_at']}: {data['files']:,} files, "
        f"{_size_text(data['bytes'])}."
    )
    _print_parts(data)
    for name in data.get("left_out", ()):
        print_line(f"Left out, because it is damaged in the backup: {name}")
    for sentence in data.get("damaged", ()):
        print_line(f"Not whole in the backup: {sentence}")
    if data["set_aside"]:
        print_line(f"The previous data is in {data['set_aside']}.")
    print_line(
        "To verify it, run `tillstream rebuild --check`, which settles everything again in a copy and compares the two."
    )


def _print_parts(data: dict[str, Any]) -> None:
    """Print row, document and original counts, which only a project's backup has."""
    if "documents" in data:
        counts = (("row", data["rows"]), ("document", data["documents"]), ("original", data["originals"]))
        print_line(", ".join(f"{count:,} {what}{'' if count == 1 else 's'}" for what, count in counts) + ".")


def _size_text(count: int) -> str:
    return f"{count / 1_000_000:,.1f} MB" if count >= 1_000_000 else f"{count / 1_000:,.1f} kB"


def show_losses(data: list[dict[str, Any]]) -> None:
    for one in data:
        show_loss(one)
    if not data:
        print_line("Nothing is lost or damaged.")


def show_loss(data: dict[str, Any]) -> None:
    decided = f"{data['resolution']} by {data['resolved_by']}, {data['resolved_at']}"
    print_title(data["id"], f" · {'open' if data['is_open'] else decided} · since {data['since']}")
    print_line(f"  {data['message']}")
    places = data["stores"] or data["regions"]
    if places:
        print_line(f"  {'Stores' if data['stores'] else 'Regions'}: {', '.join(places)}")
    if data["reason"]:
        print_line(f"  {data['reason']}")
    if data["is_open"]:
        print_line(f"  {data['remedy']}")


def show_put_back(data: list[dict[str, Any]]) -> None:
    for one in data:
        show_loss(one)
    if not data:
        print_line("The backup has nothing of what is lost, or it is damaged there as well.")


MB = 1_000_000
COST_COLUMNS = ("work", "who", "account", "jobs", "errors", "median s", "p95 s", "MB billed", "USD")


def show_costs(rows: list[dict[str, Any]]) -> None:
    """Print the jobs by work and account, and their sum."""
    if not rows:
        print_line("BigQuery ran no job in this time.")
        return
    cells = [dict(zip(COST_COLUMNS, _cost_cells(row), strict=True)) for row in rows]
    show_rows({"name": "jobs of BigQuery", "columns": list(COST_COLUMNS), "rows": cells, "cut": False})
    billed, usd = (sum(row[name] for row in rows) for name in ("bytes_billed", "usd"))
    print_line(f"{billed / MB:,.0f} MB billed, {usd:.2f} USD at the list price of on-demand queries.")


def _cost_cells(row: dict[str, Any]) -> list[Any]:
    seconds = (f"{row[name]:.2f}" for name in ("seconds_median", "seconds_p95"))
    billed = f"{row['bytes_billed'] / MB:,.0f}"
    return [*(row[name] for name in COST_COLUMNS[:5]), *seconds, billed, f"{row['usd']:.4f}"]
