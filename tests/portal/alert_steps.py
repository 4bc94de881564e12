"""Alerts and rules as people change them in the portal."""

from collections.abc import Callable

from shop_steps import Shop, alert

RULE = {"name": "Large sales", "parameter-amount": "500", "severity": "info"}


def rule(shop: Shop, path: str, **form: str) -> None:
    assert shop.boss.post(f"/alerts/rules/{path}", form).status_code == 303


ACTS: dict[str, tuple[str, Callable[[Shop], object]]] = {
    "alerts.acknowledge": ("alert.acknowledged", lambda s: s.boss.post(f"/alerts/{alert(s)}/acknowledge")),
    "alerts.snooze": ("alert.snoozed", lambda s: s.boss.post(f"/alerts/{alert(s)}/snooze", {"hours": "4"})),
    "alerts.add_rule": ("alert-rule.saved", lambda s: rule(s, "new", kind="large-sale", **RULE)),
    "alerts.save_rule": ("alert-rule.saved", lambda s: rule(s, "large-sale", **RULE)),
    "alerts.enable_rule": ("alert-rule.saved", lambda s: rule(s, "large-sale/enable", enabled="yes")),
    "alerts.remove_rule": ("alert-rule.removed", lambda s: rule(s, "large-sale/remove")),
}
"""Endpoint → its entry in the audit log, and the act."""
