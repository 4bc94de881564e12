"""Output of the commands `connect …`, `backfill …` and `stores …`: where sales come from."""

from collections import Counter
from typing import Any

import click

from tillstream.commands.printing import print_line, print_title
from tillstream.model.batch import STATES_BEFORE_LEDGER, BatchState
from tillstream.model.problems import CATALOGUE

MAX_NAMED_BATCHES = 5


def show_connectors(connectors: list[dict[str, Any]]) -> None:
    for connector in connectors:
        show_connector(connector)
    if not connectors:
        click.echo("There are no connectors.")


def show_connector(connector: dict[str, Any]) -> None:
    contract = connector["contract"] or "any contract"
    every = "once" if connector["is_once"] else f"every {connector['every_minutes']} min"
    click.echo(f"{connector['name']} · {connector['kind']} · {contract} · {every} · {_connector_state(connector)}")
    if connector["status"]["error"]:
        click.echo(f"  {connector['status']['error']}")


def show_removed_connector(connector: dict[str, Any]) -> None:
    click.echo(f"The connector {connector['name']} is removed. What it brought remains.")


def show_connector_details(connector: dict[str, Any]) -> None:
    show_connector(connector)
    for name, value in connector["settings"].items():
        if value:
            click.echo(f"  {name}: {value}")
    for note in connector["status"]["notes"]:
        click.echo(f"  {note}")
    for run in connector["runs"]:
        click.echo(_run_line(run))
    if not connector["runs"]:
        click.echo("It has not run yet.")


def show_connector_run(run: dict[str, Any]) -> None:
    click.echo(_run_line(run))
    for note in run["notes"]:
        click.echo(f"  {note}")
    if batches := run["batches"]:
        more = f" and {len(batches) - MAX_NAMED_BATCHES} more" if len(batches) > MAX_NAMED_BATCHES else ""
        click.echo(f"Batches: {', '.join(batches[:MAX_NAMED_BATCHES])}{more}.")
    if left := sum(count for state, count in run["states"].items() if state in STATES_BEFORE_LEDGER):
        click.echo(f"Not settled yet: {left:,}. `receipts` shows when they are.")
    show_held(run["held"])


def show_held(groups: list[dict[str, Any]]) -> None:
    """The held files of a connector, with the commands that decide about all of a group."""
    for group in groups:
        reasons = [CATALOGUE[code] for code in group["reasons"]]
        count, batch = group["files"], group["batch_id"]
        files = "1 file is" if count == 1 else f"{count:,} files are"
        click.echo(f"{files} held, such as {group['file']}: {'; '.join(reason.title for reason in reasons)}.")
        command = max((reason.command for reason in reasons), key=len, default="")
        every = f"{batch} --all" if count > 1 else batch
        click.echo(f"  `receipts {batch}` has the details. To decide: {command.replace('BATCH', every)}.")


def show_connector_runs(ended: list[dict[str, Any]]) -> None:
    for run in ended:
        click.echo(f"{run['connector']} · {_run_line(run)}")
        show_held(run["held"])
    if not ended:
        click.echo("No connector is due.")


def show_connector_test(tested: dict[str, Any]) -> None:
    click.echo(f"{tested['message']} ({tested['seconds']:.1f} s)")


def show_kinds(kinds: list[dict[str, Any]]) -> None:
    for kind in kinds:
        click.echo(f"{kind['name']} · {kind['title']} · {kind['about']}")
        for setting in kind["settings"]:
            click.echo(f"  {setting['name']}: {_about(setting)}")
    if not kinds:
        click.echo("There are no kinds.")


def _connector_state(connector: dict[str, Any]) -> str:
    status = connector["status"]
    if status["is_running"]:
        return "running"
    if connector["is_paused"]:
        return "paused"
    if status["failures"]:
        return f"failed {status['failures']} times" if status["failures"] > 1 else "failed"
    read = f"read to the end at {status['last_complete_at']}" if status["last_complete_at"] else "not read yet"
    return f"late, {read}" if status["is_late"] else read


def _run_line(run: dict[str, Any]) -> str:
    parts = [run["started_at"], run["outcome"], _brought(run), run["error"]]
    return " · ".join(filter(None, parts))


def _brought(run: dict[str, Any]) -> str:
    if not run["items"]:
        return "nothing new" if run["outcome"] == "done" else ""
    items = f"{run['items']:,} {'item' if run['items'] == 1 else 'items'}, {run['bytes']:,} bytes"
    return f"{items}, {run['sales']:,} messages" if run["sales"] else items


def _about(setting: dict[str, Any]) -> str:
    parts = [setting["label"], setting["hint"]]
    parts += ["required" if setting["is_required"] else ""]
    parts += [f"one of {', '.join(filter(None, setting['choices']))}" if setting["choices"] else ""]
    parts += [f"default {setting['default']}" if setting["default"] else ""]
    parts += ["a reference to a credential" if setting["is_credential"] else ""]
    return "; ".join(filter(None, parts))


MAX_LISTED_LINES = 20


def show_backfill_results(results: dict[str, Any] | list[dict[str, Any]]) -> None:
    """One result for each path: a plan, a run, or an error."""
    for result in results if isinstance(results, list) else [results]:
        if "files" in result:
            _show_plan(result)
        elif "name" in result:
            show_backfill_status(result)
        else:
            click.echo(f"{result['path']}: {result['error']}")


def show_backfills(backfills: list[dict[str, Any]]) -> None:
    for backfill in backfills:
        click.echo(_backfill_line(backfill))
    if not backfills:
        click.echo("There are no backfills.")


def show_backfill_status(backfill: dict[str, Any]) -> None:
    click.echo(_backfill_line(backfill))
    run = backfill.get("run")
    if run:
        click.echo(f"  last run: {run['outcome']}, {_files(run['items'])}, {run['bytes']:,} bytes")
        _show_some(run["refused"], "files that cannot be read")
        _show_some(run["notes"], "notes")
    if spark := backfill.get("spark"):
        click.echo(f"  on Spark: {_files(spark['files'])}")
        _show_some(spark["faults"], "what Spark could not stage, and this process staged")
    _show_some(
        [
            f"{one['file']} · {one['state']} · batch {one['batch_id']} {one['error']}"
            for one in backfill.get("needing", [])
            if one["state"] != BatchState.HELD
        ],
        "files that need you",
    )
    show_held(backfill["held"])
    if run and not backfill["is_complete"]:
        click.echo("  The same command continues.")


def show_backfill_undo(backfill: dict[str, Any]) -> None:
    click.echo(f"{_files(_counts(backfill)['settled'])} of {backfill['name']} would be undone.")


def show_undone_backfill(result: dict[str, Any]) -> None:
    click.echo(f"{_files(len(result['undone']))} of {result['name']} undone.")
    if result["requested"]:
        click.echo(f"  {_files(len(result['requested']))} left to the job settle-large, which undoes them.")
    _show_some(result["failed"], "files that cannot be undone")


def _show_plan(plan: dict[str, Any]) -> None:
    click.echo(f"{plan['path']}: {_files(plan['files'])}, {plan['bytes']:,} bytes to take in as {plan['name']}")
    if plan["first"]:
        click.echo(f"  from {plan['first']} to {plan['last']}")
    if plan["taken"]:
        click.echo(f"  {_files(plan['taken'])} taken in before")
    for problem in plan["problems"]:
        click.echo(f"  {problem}")


def _backfill_line(backfill: dict[str, Any]) -> str:
    state = "running" if backfill["is_running"] else "complete" if backfill["is_complete"] else "not complete"
    left = f"{backfill['left']:,} left" if backfill["left"] else ""
    states = ", ".join(f"{count:,} {name}" for name, count in _counts(backfill).items())
    return " · ".join(filter(None, (backfill["name"], state, left, states, backfill["error"])))


def _counts(backfill: dict[str, Any]) -> Counter[str]:
    """State → number of files. Files whose changes are published count as settled."""
    counts = Counter[str]()
    for name, count in backfill["batches"].items():
        counts["settled" if name == BatchState.ANNOUNCED else name] += count
    return counts


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"


def _show_some(lines: list[str], what: str) -> None:
    """The first lines under a heading; nothing without lines."""
    if lines:
        click.echo(f"  {what}:")
    for line in lines[:MAX_LISTED_LINES]:
        click.echo(f"    {line}")
    if len(lines) > MAX_LISTED_LINES:
        click.echo(f"    and {len(lines) - MAX_LISTED_LINES:,} more")


def show_store_keys(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        show_store_key(row)
    if not rows:
        print_line("No till is connected.")


def show_store_key(row: dict[str, Any]) -> None:
    till = f" · {row['till']}" if row["till"] else ""
    print_title(row["id"], f" · {row['kind']} of {row['region']}/{row['store_id']}{till} · {row['state']}")
    last = f", last used {row['last_used'] or 'never'}" if "last_used" in row else ""
    print_line(f"  created {row['created_at']} by {row['created_by']}{last}")
    if row.get("revoked_at"):
        print_line(f"  revoked {row['revoked_at']} by {row['revoked_by']}")
    if "setup_code" in row:
        print_line(f"Setup code, shown only once: {row['setup_code']}")


def show_unsigned_store(store: dict[str, Any]) -> None:
    print_line(f"{store['region']}/{store['store_id']} accepts unsigned messages again since {store['unsigned_at']}.")


def show_received_messages(received: dict[str, Any]) -> None:
    print_line(f"{received['accepted']} of {received['messages']} messages are accepted.")
    for one in received["refused"]:
        print_line(f"  line {one['line']} {one['id']}: {one['code']}: {one['detail']}")
