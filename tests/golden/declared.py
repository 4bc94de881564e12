"""What is declared: settings, contracts, problems, roles and rights, the audit log's words, packages, Make targets."""

import re
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from tests.golden.sample_home import home_at, run
from tests.golden.snapshots import as_json, as_lines
from tillstream.cli.main import main
from tillstream.model.audit import AuditAction
from tillstream.model.contract import MAPPABLE_COLUMNS
from tillstream.model.messages import store_sale_schema
from tillstream.model.permissions import PERMISSIONS, Role
from tillstream.model.problems import CATALOGUE
from tillstream.people.personal_tokens import TOKEN_RIGHTS
from tillstream.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


def settings() -> str:
    declared: dict[str, Any] = {}
    for name, field in Settings.model_fields.items():
        names = getattr(field.validation_alias, "choices", None) or [f"TILLSTREAM_{name.upper()}"]
        declared[", ".join(names)] = {
            "type": _type(field.annotation),
            "default": "computed" if field.default_factory else str(field.default),
            "limits": [str(one) for one in field.metadata],
            "description": field.description,
        }
    return as_json(declared)


def _type(annotation: Any) -> str:
    if isinstance(annotation, type):
        return annotation.__name__
    return re.sub(r"\b(typing|pathlib(\._local)?)\.", "", str(annotation))


def contract_schema() -> str:
    return CliRunner().invoke(main, ["contracts", "--schema"]).stdout


def contracts() -> str:
    """The shipped contracts as they are listed, and the columns that a contract may map."""
    with tempfile.TemporaryDirectory() as home, home_at(Path(home)):
        shipped = run("contracts")[1]
    return as_json({"shipped": shipped, "columns that can be mapped": sorted(MAPPABLE_COLUMNS)})


def store_sale() -> str:
    return as_json(store_sale_schema())


def problems() -> str:
    """code severity, by code; those of the severity hold are the hold codes."""
    return as_lines(f"{code} {problem.severity.value}" for code, problem in sorted(CATALOGUE.items()))


def people() -> str:
    """Roles with what each may do, the rights of tokens, and what the audit log records."""
    return as_json(
        {
            "roles": {role.value: sorted(action.value for action in PERMISSIONS[role]) for role in Role},
            "rights of tokens": {name: action.value for name, action in TOKEN_RIGHTS.items()},
            "audit": sorted(what.value for what in AuditAction),
        }
    )


def packages() -> str:
    """Script names, requirements without their versions, and the targets of the Makefile."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = {name: _names(wanted) for name, wanted in project["optional-dependencies"].items()}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return as_json(
        {
            "scripts": sorted(project["scripts"]),
            "python": project["requires-python"],
            "requirements": _names(project["dependencies"]),
            "extras": extras,
            "make": re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE),
        }
    )


def _names(requirements: list[str]) -> list[str]:
    return sorted(re.split(r"[<>=!~; ]", one)[0] for one in requirements)
