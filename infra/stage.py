"""One stage of one project: names, region and sizes, read from `stages/NAME.env` over `stages/base.env`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tillstream.model.errors import Rejected

NUMBER_UNKNOWN = "PROJECT_NUMBER"
"""Placeholder for the project's number in a dry run, which sends no requests."""
OURS = "TILLSTREAM_"
STAGES = Path(__file__).resolve().parent / "stages"
BASE = "base"
"""The file with the values that every stage has."""
NO_EMAIL = "none"
"""ALERT_EMAIL of a stage whose alerts nobody receives."""


@dataclass(frozen=True)
class Stage:
    """The configuration of one stage. values: those of the environment file, with the project filled in."""

    name: str
    project: str
    number: str
    values: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    @property
    def region(self) -> str:
        return self.values["REGION"]

    @property
    def alert_email(self) -> str:
        """The recipient of alerts; empty if there is none."""
        address = self.values["ALERT_EMAIL"]
        return "" if address == NO_EMAIL else address

    def bucket(self, logical: str) -> str:
        """The real name of `inbox`, `staging` or `source`."""
        return self.values[f"{logical.upper()}_BUCKET"]

    def account(self, name: str) -> str:
        """The email address of one of our service accounts."""
        return f"{name}@{self.project}.iam.gserviceaccount.com"

    def size(self, function: str, what: str, default: object) -> str:
        """MEMORY, CPU, LEAST or MOST of a function."""
        return self.values.get(f"{function.upper()}_{what}", str(default))

    @property
    def settings(self) -> dict[str, str]:
        """The environment of functions and portal."""
        return {
            "TILLSTREAM_PROJECT": self.project,
            "TILLSTREAM_LOCATION": self.region,
            "TILLSTREAM_STAGE": self.name,
            "TILLSTREAM_DATASET": self.values["DATASET"],
            "TILLSTREAM_INBOX_BUCKET": self.bucket("inbox"),
            "TILLSTREAM_STAGING_BUCKET": self.bucket("staging"),
            **{name: value for name, value in self.values.items() if name.startswith(OURS)},
        }


def read(name: str, project: str = "", number: str = "", overrides: Mapping[str, str] | None = None) -> Stage:
    """Read a stage. project: default: PROJECT of its file.

    Raises `Rejected` if the stage does not exist, has no project, or if a line of its file is not NAME=value.
    """
    values = _values(name) | {key: value for key, value in (overrides or {}).items() if value}
    project = project or values.get("PROJECT", "")
    if not project:
        raise Rejected(f"Name the project: in infra/stages/{name}.env as PROJECT=…, or with --project.")
    number = number or NUMBER_UNKNOWN
    fill = {"project": project, "number": number, "region": values["REGION"], "stage": name}
    filled = {key: re.sub(r"\{(\w+)\}", lambda part: fill[part[1]], value) for key, value in values.items()}
    return Stage(name, project, number, filled)


def _values(name: str, below: tuple[str, ...] = ()) -> dict[str, str]:
    """The values of a stage's file, over those of the stage that it names as BASE, over those of base.env."""
    file = path(name)
    if name in {BASE, *below} or not re.fullmatch(r"[a-z][a-z0-9-]*", name) or not file.is_file():
        raise Rejected(f"There is no stage {name!r}. Create infra/stages/{name}.env, using prod.env as a template.")
    own = _parsed(file.read_text(encoding="utf-8"), f"{name}.env")
    if "BASE" in own:
        return _values(own["BASE"], (*below, name)) | own
    return base() | own


def base() -> dict[str, str]:
    """The values of every stage."""
    return _parsed(path(BASE).read_text(encoding="utf-8"), f"{BASE}.env")


def note(name: str, key: str, value: str) -> None:
    """Set a value in the file of a stage."""
    text = path(name).read_text(encoding="utf-8")
    line = f"{key}={value}"
    changed, count = re.subn(rf"^{key}=.*$", lambda _: line, text, count=1, flags=re.MULTILINE)
    path(name).write_text(changed if count else f"{text.rstrip()}\n{line}\n", encoding="utf-8")


def path(name: str) -> Path:
    """The file of a stage."""
    return STAGES / f"{name}.env"


def _parsed(text: str, file: str) -> dict[str, str]:
    values = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("#"):
            continue
        name, sign, value = line.partition("=")
        if not sign or not re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
            raise Rejected(f"{file}: {line!r} does not have the form NAME=value.")
        values[name] = value
    return values
