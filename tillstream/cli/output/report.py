"""Output of the commands `report …`."""

from typing import Any

from tillstream.cli.output.tables import print_line


def show_report(data: dict[str, Any]) -> None:
    """Print where the report is."""
    print_line(f"The report of {data['from']} to {data['to']} is in {data['file']}.")


def show_sent(data: dict[str, Any]) -> None:
    """Print how many reports were made and messages sent."""
    print_line(f"{data['made']:,} reports and tables made, {data['sent']:,} messages sent.")
