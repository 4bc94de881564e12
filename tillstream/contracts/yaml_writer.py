"""A contract as a file of the company's own folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tillstream.domain.contract.model import Contract
from tillstream.domain.errors import Rejected

EARLIER = "earlier"
"""Where the texts of earlier versions stay, with what people wrote into them."""


def text_of(contract: Contract) -> str:
    """YAML that reads back as the same contract; what is as by default is left out."""
    return text_of_data(contract.model_dump(mode="json", exclude_defaults=True) | {"version": contract.version})


def text_of_data(data: Mapping[str, Any]) -> str:
    """YAML of what may not be a whole contract yet."""
    said = dict(data)
    first = {name: said.pop(name) for name in ("name", "version", "region", "description") if name in said}
    return yaml.safe_dump(first | said, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)


def save(folder: Path, contract: Contract) -> Path:
    """Write it into the folder, whole or not at all; an earlier text of it is kept aside. Raises `Rejected`."""
    path = next((one for one in (folder / f"{contract.name}.yml",) if one.exists()), folder / f"{contract.name}.yaml")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if path.exists():
            _keep_earlier(path, contract.version)
        half = path.with_name(f".{path.name}.part")
        half.write_text(text_of(contract), encoding="utf-8")
        half.replace(path)
    except OSError as error:
        raise Rejected(f"{path} cannot be written: {error.strerror}.") from error
    return path


def _keep_earlier(path: Path, version: int) -> None:
    aside = path.parent / EARLIER / f"{path.stem}.before-version-{version}{path.suffix}"
    aside.parent.mkdir(exist_ok=True)
    aside.write_bytes(path.read_bytes())
