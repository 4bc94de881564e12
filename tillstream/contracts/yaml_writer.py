"""Write contracts as YAML files into the folder of custom contracts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tillstream.domain.contract.model import Contract
from tillstream.domain.errors import Rejected

PREVIOUS_VERSIONS = "earlier"
"""Subfolder of the files of earlier versions, with their comments."""


def to_yaml(contract: Contract) -> str:
    """YAML that parses to the same contract; default values are left out."""
    return data_to_yaml(contract.model_dump(mode="json", exclude_defaults=True) | {"version": contract.version})


def data_to_yaml(data: Mapping[str, Any]) -> str:
    """YAML of plain data that may be an incomplete contract."""
    rest = dict(data)
    first = {name: rest.pop(name) for name in ("name", "version", "region", "description") if name in rest}
    return yaml.safe_dump(first | rest, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)


def save(folder: Path, contract: Contract) -> Path:
    """Write a contract into the folder atomically, keeping a copy of the previous file. Raises `Rejected`."""
    path = next((yml for yml in (folder / f"{contract.name}.yml",) if yml.exists()), folder / f"{contract.name}.yaml")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if path.exists():
            _archive(path, contract.version)
        temporary = path.with_name(f".{path.name}.part")
        temporary.write_text(to_yaml(contract), encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise Rejected(f"{path} cannot be written: {error.strerror}.") from error
    return path


def _archive(path: Path, version: int) -> None:
    archived = path.parent / PREVIOUS_VERSIONS / f"{path.stem}.before-version-{version}{path.suffix}"
    archived.parent.mkdir(exist_ok=True)
    archived.write_bytes(path.read_bytes())
