"""Terminal output of backup and restore."""

from typing import Any

from tillstream.cli.output.tables import print_line


def show_backup(data: dict[str, Any]) -> None:
    print_line(
        f"{data['archive']} contains everything as of {data['made_at']}: {data['files']:,} files, "
        f"{_size(data['bytes'])}."
    )
    _print_parts(data)
    print_line("Every file in it was read back and is as it was copied. To restore it, run `tillstream restore`.")
    if "damaged" not in data:
        return
    if not data["damaged"]:
        print_line("All kept originals have the content that was received.")
    for sentence in data["damaged"]:
        print_line(f"Not whole in it: {sentence}")


def show_restored(data: dict[str, Any]) -> None:
    print_line(
        f"{data['home']} is restored to its state of {data['made_at']}: {data['files']:,} files, "
        f"{_size(data['bytes'])}."
    )
    _print_parts(data)
    for name in data.get("left_out", ()):
        print_line(f"Left out, because it is damaged in the backup: {name}")
    for sentence in data.get("damaged", ()):
        print_line(f"Not whole in the backup: {sentence}")
    if data["set_aside"]:
        print_line(f"The previous data is in {data['set_aside']}.")
    print_line(
        "To verify it, run `tillstream rebuild --check`, which settles everything again in a copy and compares the two."
    )


def _print_parts(data: dict[str, Any]) -> None:
    """Print row, document and original counts, which only a project's backup has."""
    if "documents" in data:
        counts = (("row", data["rows"]), ("document", data["documents"]), ("original", data["originals"]))
        print_line(", ".join(f"{count:,} {what}{'' if count == 1 else 's'}" for what, count in counts) + ".")


def _size(count: int) -> str:
    return f"{count / 1_000_000:,.1f} MB" if count >= 1_000_000 else f"{count / 1_000:,.1f} kB"
