"""Command `audit`."""

import click

from tillstream.cli.runner import as_json, run


@click.command()
@click.argument("text", default="")
@click.option("--who", default="", help="A sign-in name, or who else acted.")
@click.option("--what", default="", help="An action, or all of a kind: `user.disabled`, `user`.")
@click.option("--subject", default="", help="The id of what was changed.")
@click.option("--since", default="", metavar="DAY", help="From this day (UTC) on.")
@click.option("--until", default="", metavar="DAY", help="Through this day (UTC).")
@click.option("--limit", default=50, show_default=True, help="At most so many, newest first.")
@as_json
def audit(text: str, who: str, what: str, subject: str, since: str, until: str, limit: int, json_: bool) -> None:
    """Who changed what: entries that hold TEXT anywhere, newest first."""
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
