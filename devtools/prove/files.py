"""The sample files of a proof: three made-up regions and the file of the README's tour, or the files of a folder."""

import io
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from devtools.emulators import HERE
from tillstream.model.errors import Rejected
from tillstream.samples.sample_files import files_of_regions

UNTIL, SCALE = date(2026, 6, 30), 0.05
TOUR, TOUR_CONTRACT = "monday.csv", "online-retail-uk"


def sample_files(folder: Path | None = None) -> Mapping[str, tuple[str, bytes]]:
    """Name → (contract, content). folder: has files as CONTRACT/FILE instead. Raises `Rejected` if it has none."""
    if folder is None:
        return {TOUR: (TOUR_CONTRACT, _tour())} | _samples()
    chosen = {path.name: (path.parent.name, path.read_bytes()) for path in sorted(folder.glob("*/*")) if path.is_file()}
    if not chosen:
        raise Rejected(f"{folder} has no files. Name them CONTRACT/FILE, such as {TOUR_CONTRACT}/{TOUR}.")
    return chosen


def _samples() -> dict[str, tuple[str, bytes]]:
    """One file for each of three regions."""
    chosen: dict[str, tuple[str, bytes]] = {}
    for sample in files_of_regions(until=UNTIL, scale=SCALE):
        contract = sample.contract
        if len(chosen) < 3 and contract not in {name for name, _ in chosen.values()}:
            out = io.BytesIO()
            sample.write(out)
            chosen[sample.name] = contract, out.getvalue()
    return chosen


def _tour() -> bytes:
    (block,) = re.findall(
        r"^```csv\n(.*?)^```", (HERE / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    return str(block).encode()
