"""Command `audit`."""

import click

from tillstream.cli.runner import as_json, run


@click.command()
@click.argument("text", default="")
@click.option("--who", default="", help="Show only entries of this user or system.")
@click.option(
    "--what", default="", help="Show only this action or group of actions, for example `user.disabled` or `user`."
)
@click.option("--subject", default="", help="Show only entries about the object with this ID.")
@click.option("--since", default="", metavar="DAY", help="Show only entries from this day (UTC).")
@click.option("--until", default="", metavar="DAY", help="Show only entries through this day (UTC).")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="Maximum number of entries.")
@as_json
def audit(text: str, who: str, what: str, subject: str, since: str, until: str, limit: int, json_: bool) -> None:
    """Show the audit log, newest entries first; with TEXT, only entries that contain it."""
    from tillstream.cli.output.maintenance import show_audit

    run(
        "audit",
        json_=json_,
        show=show_audit,
        text=text,
        who=who,
        what=what,
        subject=subject,
        since=since,
        until=until,
        limit=limit,
    )
