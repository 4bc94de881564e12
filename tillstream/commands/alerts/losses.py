"""Losses: what is missing or damaged, and what was decided about it."""

from dataclasses import dataclass
from pathlib import Path

from tillstream.app import App
from tillstream.commands.result import DONE, FAILED, Progress, Result
from tillstream.commands.run_batch import COMMAND_LINE
from tillstream.operations import kept_originals
from tillstream.records import losses


@dataclass(frozen=True, kw_only=True)
class ListedLosses:
    """everything: also those that were dealt with."""

    everything: bool = False


@dataclass(frozen=True, kw_only=True)
class Decision:
    """loss: its id. resolution: a value of `losses.Resolution`."""

    loss: str
    resolution: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class LostInBackup:
    """archive: the path of a backup."""

    archive: str


@dataclass(frozen=True, kw_only=True)
class OneLoss:
    """loss: its id."""

    loss: str


def listed(app: App, progress: Progress, arguments: ListedLosses) -> Result:
    """Ends with 1 while a loss is open."""
    open_ = losses.open_losses(app.ports)
    listed_losses = losses.all_losses(app.ports) if arguments.everything else open_
    return Result([one.to_json() for one in listed_losses], FAILED if open_ else DONE)


def decide(app: App, progress: Progress, arguments: Decision) -> Result:
    resolution = losses.Resolution(arguments.resolution)
    decided = kept_originals.decide_loss(
        app.ports, arguments.loss, resolution, arguments.reason, by=COMMAND_LINE, home=app.home
    )
    return Result(decided.to_json())


def restore(app: App, progress: Progress, arguments: LostInBackup) -> Result:
    """Put back what the backup has of the open losses. Ends with 1 while a loss is open."""
    from tillstream.app.lost_objects import put_back  # lazy: the adapter of backups

    done = put_back(app, Path(arguments.archive), by=COMMAND_LINE)
    return Result([one.to_json() for one in done], FAILED if losses.open_losses(app.ports) else DONE)


def reopen(app: App, progress: Progress, arguments: OneLoss) -> Result:
    return Result(losses.reopen_loss(app.ports, arguments.loss, by=COMMAND_LINE).to_json())
