"""Commands `losses …`."""

from typing import Any

import click

from tillstream.cli.runner import FILE, as_json, run


@click.group(invoke_without_command=True)
@click.option("--all", "everything", is_flag=True, help="Also list those that were dealt with.")
@as_json
@click.pass_context
def losses(context: click.Context, everything: bool, json_: bool) -> None:
    """List what is lost or damaged, and decide about it. Ends with 1 while a loss is open."""
    if context.invoked_subcommand:
        return
    from tillstream.cli.alerts.losses_output import show_losses

    run("losses", json_=json_, show=show_losses, everything=everything)


@losses.command()
@click.argument("archive", type=FILE)
@as_json
def restore(archive: str, json_: bool) -> None:
    """Put lost originals back from a backup, and load what waits for them. Ends with 1 while a loss is open."""
    from tillstream.cli.alerts.losses_output import show_put_back

    run("losses-restore", json_=json_, show=show_put_back, archive=archive)


@losses.command()
@click.argument("loss")
@as_json
def restored(loss: str, json_: bool) -> None:
    """The loss with this ID was put back from a backup: check it, and load what waits for it."""
    _decide(loss, "restored", "", json_=json_)


@losses.command("sent-again")
@click.argument("loss")
@click.option("--reason", default="", help="A note, kept in the audit log.")
@as_json
def sent_again(loss: str, reason: str, json_: bool) -> None:
    """What is lost was received again from its source."""
    _decide(loss, "sent-again", reason, json_=json_)


@losses.command()
@click.argument("loss")
@click.option("--reason", required=True, help="Why nothing can be done, kept in the audit log.")
@as_json
def accept(loss: str, reason: str, json_: bool) -> None:
    """Accept the loss with this ID."""
    _decide(loss, "accepted", reason, json_=json_)


@losses.command()
@click.argument("loss")
@as_json
def reopen(loss: str, json_: bool) -> None:
    """Take back what was decided about the loss with this ID."""
    from tillstream.cli.alerts.losses_output import show_loss

    run("losses-reopen", json_=json_, show=show_loss, loss=loss)


def _decide(loss: str, resolution: str, reason: str, *, json_: bool) -> None:
    from tillstream.cli.alerts.losses_output import show_loss

    values: dict[str, Any] = {"loss": loss, "resolution": resolution, "reason": reason}
    run("losses-decide", json_=json_, show=show_loss, **values)
