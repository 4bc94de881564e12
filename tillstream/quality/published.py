"""The results of the quality checks for programs."""

from typing import Any

from tillstream.ports import Ports
from tillstream.quality import results


def published(ports: Ports) -> dict[str, Any]:
    """The last results as JSON values: when checks ran, the names of those that fail, and each check."""
    last = results.last(ports)
    return {
        "checked_at": last.checked_at,
        "all_checked_at": last.all_checked_at,
        "left_out": list(last.left_out),
        "failing": last.failing,
        "checks": [
            {
                "name": check.name,
                "mart": check.mart,
                "kind": check.kind,
                "description": check.description,
                "remedy": check.remedy,
                "checked_at": result.checked_at if result else "",
                "failing_rows": result.failing_rows if result else 0,
                "failing_days": dict(result.days) if result else {},
                "failing_since": result.failing_since if result else "",
            }
            for check, result in results.each(last)
        ],
    }
