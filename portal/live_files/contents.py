"""What the address of a live file contains, in words: rows, groups, period, values and currency."""

from collections.abc import Mapping, Sequence

from portal.dashboard import texts as dashboard_texts
from portal.filters.names import name_of
from portal.filters.texts import LABELS
from portal.live_files import texts
from portal.live_files.titles import title
from tillstream.analytics.explorations import BY, UNGROUPED
from tillstream.analytics.filters import CURRENCY
from tillstream.analytics.measures.definitions import DIMENSIONS, all_measures
from tillstream.model.dates import ALL_TIME

Arguments = Mapping[str, Sequence[str]]
LATEST = "latest-period"


def title_of(name: str) -> str:
    """The title of a live file."""
    return {"measures": texts.MEASURES, "sale-lines": texts.LINES}.get(name) or title(name)


def of(name: str, args: Arguments) -> list[tuple[str, str]]:
    """Pairs of a label and what the address has for it. args: of the address, without the token."""
    lines = [(texts.ROWS, title_of(name))]
    if name == "measures":
        chosen = [one for text in args.get("measures", ()) for one in text.split(",")]
        lines.append(
            (texts.OF_MEASURES, ", ".join(all_measures()[one].label for one in chosen if one in all_measures()))
        )
    by = [one for text in args.get(BY, ()) for one in text.split(",") if one != UNGROUPED]
    if by:
        lines.append((texts.GROUPS, ", ".join(DIMENSIONS[one].label if one in DIMENSIONS else one for one in by)))
    lines.append((texts.PERIOD, _period(args)))
    for filter_name, label in LABELS.items():
        if args.get(filter_name):
            lines.append((label, ", ".join(name_of(filter_name, one) for one in args[filter_name])))
    if args.get(CURRENCY):
        lines.append((texts.CURRENCY, args[CURRENCY][0]))
    return lines


def _period(args: Arguments) -> str:
    preset = next(iter(args.get("preset", ())), "")
    if preset == LATEST:
        return texts.LATEST
    if preset in dashboard_texts.PRESETS:
        return texts.moving(dashboard_texts.PRESETS[preset])
    start, end = (next(iter(args.get(one, ())), "") for one in ("from", "to"))
    if preset == ALL_TIME or not (start or end):
        return dashboard_texts.ALL_TIME
    return f"{start or '…'} – {end or '…'}"
