"""One stage of one project: names, region and sizes, read from `stages/NAME.env` and overridable."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from tillstream.domain.errors import Rejected

NUMBER_UNKNOWN = "PROJECT_NUMBER"
"""Placeholder for the project's number in a dry run, which sends no requests."""
OURS = "TILLSTREAM_"


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


def read(name: str, project: str, number: str = "", overrides: Mapping[str, str] | None = None) -> Stage:
    """Read a stage. Raises `Rejected` if it does not exist, or if a line of its file is not NAME=value."""
    file = resources.files("infra").joinpath("stages", f"{name}.env")
    if not re.fullmatch(r"[a-z][a-z0-9-]*", name) or not file.is_file():
        raise Rejected(f"There is no stage {name!r}. Create infra/stages/{name}.env, using dev.env as a template.")
    values = _parsed(file.read_text(encoding="utf-8"), f"{name}.env") | {
        key: value for key, value in (overrides or {}).items() if value
    }
    number = number or NUMBER_UNKNOWN
    fill = {"project": project, "number": number, "region": values["REGION"]}
    filled = {key: re.sub(r"\{(\w+)\}", lambda part: fill[part[1]], value) for key, value in values.items()}
    return Stage(name, project, number, filled)


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
