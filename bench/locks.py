"""Versions that a lock file pins."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PEERS = ROOT / "requirements-bench.lock"
FORECAST_PEERS = ROOT / "devtools" / "locks" / "forecast-peers.lock"


def versions(lock: Path) -> dict[str, str]:
    """Return the version of each package; of those pinned by Python version, the newest."""
    return dict(line.split(" ")[0].split("==") for line in lock.read_text(encoding="utf-8").splitlines())
