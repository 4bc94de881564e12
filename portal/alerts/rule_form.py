"""The form of a rule: from a request to the rule that it describes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from werkzeug.datastructures import MultiDict

from portal.alerts import texts
from tillstream.alerts.kinds import AlertSeverity
from tillstream.alerts.rules import AlertRule, QuietHours, RuleDelivery
from tillstream.model.errors import Rejected

Form = MultiDict[str, str]


def changed(rule: AlertRule, form: Form) -> AlertRule:
    """The rule with the values of the form. Raises `Rejected` for what a rule cannot have."""
    values = {name.removeprefix("parameter-"): text for name, text in form.items() if name.startswith("parameter-")}
    severity = form.get("severity", rule.severity.value)
    if severity not in set(AlertSeverity):
        raise Rejected(f"There is no severity “{severity}”.")
    return replace(
        rule,
        name=form.get("name", ""),
        severity=AlertSeverity(severity),
        parameters=rule.of.parse(values),
        limits={limit: chosen for limit in rule.of.limits if (chosen := _words(form.get(f"limit-{limit}", "")))},
        opens_after=_number(form, "opens_after", rule.opens_after),
        ends_after=_number(form, "ends_after", rule.ends_after),
        group_over=_number(form, "group_over", rule.group_over),
        delivery=RuleDelivery(
            tuple(form.getlist("channels")),
            form.get("digest") == "yes",
            QuietHours.parse(form.get("quiet_start", ""), form.get("quiet_end", ""), form.get("zone", "")),
            _number(form, "escalate_after", rule.delivery.escalate_after),
            tuple(form.getlist("escalate_to")),
        ),
    ).checked()


def channels(rule: AlertRule, form: Form | None) -> dict[str, Sequence[str]]:
    """The chosen channels by field: of a refused form, or of the rule."""
    if form is not None:
        return {name: form.getlist(name) for name in ("channels", "escalate_to")}
    return {"channels": rule.delivery.channels, "escalate_to": rule.delivery.escalate_to}


def shown(limits: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The limits as text of the form."""
    return {name: ", ".join(values) for name, values in limits.items()}


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (one.strip() for one in text.split(",")))))


def _number(form: Form, name: str, default: int) -> int:
    text = form.get(name, "").strip()
    if not text:
        return default
    if not text.isdecimal() or len(text) > 6:
        raise Rejected(texts.NUMBER.format(text=text))
    return int(text)
