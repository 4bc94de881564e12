"""Terminal output of losses."""

from typing import Any

from tillstream.cli.output.tables import print_line, title


def show_losses(data: list[dict[str, Any]]) -> None:
    for one in data:
        show_loss(one)
    if not data:
        print_line("Nothing is lost or damaged.")


def show_loss(data: dict[str, Any]) -> None:
    decided = f"{data['resolution']} by {data['resolved_by']}, {data['resolved_at']}"
    title(data["id"], f" · {'open' if data['is_open'] else decided} · since {data['since']}")
    print_line(f"  {data['message']}")
    places = data["stores"] or data["regions"]
    if places:
        print_line(f"  {'Stores' if data['stores'] else 'Regions'}: {', '.join(places)}")
    if data["reason"]:
        print_line(f"  {data['reason']}")
    if data["is_open"]:
        print_line(f"  {data['remedy']}")


def show_put_back(data: list[dict[str, Any]]) -> None:
    for one in data:
        show_loss(one)
    if not data:
        print_line("The backup has nothing of what is lost, or it is damaged there as well.")
