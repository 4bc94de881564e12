"""Commands `alerts …`."""

import click

from tillstream.cli.runner import as_json, run


@click.group(invoke_without_command=True)
@click.option("--all", "ended", is_flag=True, help="Also list those that have ended.")
@as_json
@click.pass_context
def alerts(context: click.Context, ended: bool, json_: bool) -> None:
    """List the alerts in progress, acknowledge or snooze one, and preview rules."""
    if context.invoked_subcommand:
        return
    from tillstream.cli.output.alerts import show_alerts

    run("alerts", json_=json_, show=show_alerts, ended=ended)


@alerts.command()
@click.argument("alert")
@as_json
def acknowledge(alert: str, json_: bool) -> None:
    """Note that you take care of the alert with this ID."""
    from tillstream.cli.output.alerts import show_alert

    run("alerts-acknowledge", json_=json_, show=show_alert, alert=alert)


@alerts.command()
@click.argument("alert")
@click.option("--hours", type=click.IntRange(min=1), default=24, show_default=True, help="How long.")
@as_json
def snooze(alert: str, hours: int, json_: bool) -> None:
    """Notify nobody about the alert with this ID for some hours."""
    from tillstream.cli.output.alerts import show_alert

    run("alerts-snooze", json_=json_, show=show_alert, alert=alert, hours=hours)


@alerts.command()
@as_json
def rules(json_: bool) -> None:
    """List the rules that raise alerts."""
    from tillstream.cli.output.alerts import show_rules

    run("alerts-rules", json_=json_, show=show_rules)


@alerts.command()
@click.argument("rule")
@click.option("--days", type=click.IntRange(1, 365), default=30, show_default=True, help="Number of days until today.")
@as_json
def preview(rule: str, days: int, json_: bool) -> None:
    """Show what a rule would have raised, by its ID, or the defaults of a kind."""
    from tillstream.cli.output.alerts import show_preview

    run("alerts-preview", json_=json_, show=show_preview, rule=rule, days=days)
