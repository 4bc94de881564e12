"""What backup and restore did, as words on a terminal."""

from typing import Any

from tillstream.cli.output.tables import say


def show_backup(data: dict[str, Any]) -> None:
    say(f"{data['archive']} holds everything as of {data['made_at']}: {data['files']:,} files, {_size(data['bytes'])}.")
    _say_parts(data)
    say("Every file in it was checked after it was written. Bring it back with `tillstream restore`.")


def show_restored(data: dict[str, Any]) -> None:
    say(f"{data['home']} is as it was at {data['made_at']}: {data['files']:,} files, {_size(data['bytes'])}.")
    _say_parts(data)
    if data["set_aside"]:
        say(f"What was there before is in {data['set_aside']}.")
    say("`tillstream rebuild --check` settles everything again beside it, and says whether both are the same.")


def _say_parts(data: dict[str, Any]) -> None:
    """A project's backup has parts, an archive has files."""
    if "documents" in data:
        told = (("row", data["rows"]), ("document", data["documents"]), ("original", data["originals"]))
        say(", ".join(f"{count:,} {what}{'' if count == 1 else 's'}" for what, count in told) + ".")


def _size(count: int) -> str:
    return f"{count / 1_000_000:,.1f} MB" if count >= 1_000_000 else f"{count / 1_000:,.1f} kB"
