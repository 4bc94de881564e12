"""Output of the commands `backfill …`."""

from collections import Counter
from typing import Any

import click

from tillstream.cli.output.connect import show_held
from tillstream.model.batch import BatchState

SHOWN = 20


def show_results(results: dict[str, Any] | list[dict[str, Any]]) -> None:
    """One result for each path: a plan, a run, or an error."""
    for result in results if isinstance(results, list) else [results]:
        if "files" in result:
            _show_plan(result)
        elif "name" in result:
            show_status(result)
        else:
            click.echo(f"{result['path']}: {result['error']}")


def show_backfills(backfills: list[dict[str, Any]]) -> None:
    for backfill in backfills:
        click.echo(_line(backfill))
    if not backfills:
        click.echo("There are no backfills.")


def show_status(backfill: dict[str, Any]) -> None:
    click.echo(_line(backfill))
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


def show_undo(backfill: dict[str, Any]) -> None:
    click.echo(f"{_files(_counts(backfill)['settled'])} of {backfill['name']} would be undone.")


def show_undone(result: dict[str, Any]) -> None:
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


def _line(backfill: dict[str, Any]) -> str:
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
    for line in lines[:SHOWN]:
        click.echo(f"    {line}")
    if len(lines) > SHOWN:
        click.echo(f"    and {len(lines) - SHOWN:,} more")
