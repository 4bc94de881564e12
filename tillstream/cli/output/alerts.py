"""Output of the commands `alerts …`."""

from typing import Any

from tillstream.cli.output.tables import print_line, show_rows

ALERT_COLUMNS = ("id", "state", "since", "alert", "by")
RULE_COLUMNS = ("id", "kind", "name", "enabled", "opens at", "error")


def show_alerts(data: dict[str, Any]) -> None:
    """Print the alerts, the latest first."""
    if not data["evaluated_at"]:
        print_line("Rules have not been evaluated yet. The server evaluates them every minute: tillstream serve")
    if not data["alerts"]:
        print_line("There are no alerts.")
        return
    rows = [
        (one["id"], one["state"], one["opened_at"], one["title"], one["acknowledged_by"] or None)
        for one in data["alerts"]
    ]
    _show("alerts", ALERT_COLUMNS, rows)


def show_alert(data: dict[str, Any]) -> None:
    """Print what happened to an alert."""
    until = f" until {data['snoozed_until']}" if data["snoozed_until"] else ""
    print_line(f"{data['title']}: {data['state']}{until}.")


def show_rules(data: list[dict[str, Any]]) -> None:
    """Print the rules with their thresholds."""
    rows = [
        (
            one["id"],
            one["kind"],
            one["name"],
            "yes" if one["enabled"] else "no",
            next(iter(one["parameters"].values())),
            one["error"] or None,
        )
        for one in data
    ]
    _show("rules", RULE_COLUMNS, rows)


def show_preview(data: dict[str, Any]) -> None:
    """Print the alerts by day."""
    if data["reason"]:
        print_line(f"{data['rule']}: {data['reason']}")
        return
    print_line(f"{data['rule']}: {data['count']:,} alerts from {data['from']} to {data['to']}")
    for one in data["days"]:
        for title in one["alerts"]:
            print_line(f"{one['day']}  {title}")
    if data["note"]:
        print_line(data["note"])


def _show(name: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    named = [dict(zip(columns, row, strict=True)) for row in rows]
    show_rows({"name": name, "columns": list(columns), "rows": named, "cut": False})
