"""Outside series for forecasts: import, list, remove."""

from dataclasses import asdict, dataclass
from pathlib import Path

from tillstream.app import App
from tillstream.commands.arguments import NoArguments
from tillstream.commands.result import DONE, FAILED, Progress, Result
from tillstream.commands.users import COMMAND_LINE
from tillstream.forecasting import outside_series
from tillstream.forecasting.outside_series import read_series
from tillstream.model.errors import Rejected

MOST_PROBLEMS = 1_000


@dataclass(frozen=True, kw_only=True)
class SeriesImport:
    name: str
    file: str


@dataclass(frozen=True, kw_only=True)
class SeriesName:
    name: str


def import_file(app: App, progress: Progress, arguments: SeriesImport) -> Result:
    """Import a series, all rows or none; it replaces one of the same name."""
    path = Path(arguments.file)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Rejected(f"{path} cannot be read: {error.strerror}.") from error
    table = read_series(content, app.contracts.regions())
    problems = [asdict(one) for one in table.problems[:MOST_PROBLEMS]]
    if problems:
        return Result({"name": arguments.name, "file": path.name, "rows": 0, "problems": problems}, FAILED)
    saved = outside_series.save_series(app.ports, arguments.name, table.values, by=COMMAND_LINE, file=path.name)
    return Result({**asdict(saved), "file": path.name, "problems": []}, DONE)


def listed(app: App, progress: Progress, arguments: NoArguments) -> Result:
    return Result([asdict(one) for one in outside_series.listed_series(app.ports)])


def remove(app: App, progress: Progress, arguments: SeriesName) -> Result:
    outside_series.remove_series(app.ports, arguments.name, by=COMMAND_LINE)
    return Result({"name": arguments.name})
