"""The folder of a till: its setup in `till.json`, and the outbox."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from tillstream_till.errors import SetupError
from tillstream_till.schema_check import JsonObject
from tillstream_till.setup_code import Setup, check_address, from_dict

SETUP, OUTBOX = "till.json", "outbox.sqlite"
_PRIVATE_FILE, _PRIVATE_FOLDER = 0o600, 0o700


@dataclass(frozen=True)
class Options:
    """Settings of a till that are not part of its setup code. ca_file: certificates that the till trusts."""

    allow_http: bool = False
    ca_file: str = ""
    keep_days: int = 60
    """Days for which sent messages are kept."""


def default_folder() -> Path:
    """Return `TILLSTREAM_TILL_FOLDER`, or `.tillstream-till` in the home of the user."""
    return Path(os.environ.get("TILLSTREAM_TILL_FOLDER") or Path.home() / ".tillstream-till")


def write_setup(folder: Path, setup: Setup, options: Options) -> None:
    """Write the setup so that only its owner can read it. Raises `SetupError`."""
    check_address(setup.url, allow_http=options.allow_http)
    folder.mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER)
    if (folder / SETUP).exists():
        _check_same_till(folder, setup)
    write_file(folder / SETUP, {"setup": setup.as_dict(), "options": vars(options)})


def read_setup(folder: Path) -> tuple[Setup, Options]:
    """Return what `write_setup` wrote. Raises `SetupError`."""
    try:
        values = json.loads((folder / SETUP).read_text(encoding="utf-8"))
        return from_dict(values["setup"]), Options(**values["options"])
    except FileNotFoundError as error:
        raise SetupError(f"{folder} is not set up as a till. Run: tillstream till init --folder {folder}") from error
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SetupError(f"{folder / SETUP} cannot be read. Run init again with a new setup code.") from error


def _check_same_till(folder: Path, setup: Setup) -> None:
    try:
        before, _ = read_setup(folder)
    except SetupError:
        return  # a damaged setup is replaced; the outbox checks each message
    for name in ("region", "store_id", "till"):
        if getattr(before, name) != getattr(setup, name):
            raise SetupError(
                f"{folder} is the till {before.till} of {before.region}/{before.store_id}, and the setup code is for "
                f"{setup.till} of {setup.region}/{setup.store_id}. Use another folder."
            )


def write_file(path: Path, values: JsonObject) -> None:
    """Replace a file of JSON in one step and durably."""
    new = path.with_name(path.name + ".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE_FILE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(values, stream, indent=2)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make new and renamed files of a folder durable, where the system can do that."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
