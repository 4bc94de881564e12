"""The rules of alerts: their list, and the page on which one is added, changed and previewed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from portal.access import allow
from portal.alerts.pages import SEVERITIES
from portal.context import me, ports, tillstream
from portal.translation import N_, _, ngettext
from tillstream.alerts import evaluation, published, rules
from tillstream.alerts.condition import AlertSources
from tillstream.alerts.kinds import KINDS, AlertSeverity, RuleLimit, kind_of
from tillstream.alerts.preview import DAYS, AlertPreview, replay_rule
from tillstream.alerts.rules import AlertRule, QuietHours, RuleDelivery, StoredRule
from tillstream.analytics import filter_values
from tillstream.analytics.filters import Filters
from tillstream.model.errors import Conflict, Rejected
from tillstream.model.people import UNRESTRICTED
from tillstream.model.permissions import Action
from tillstream.ports import Ports

_PLURAL = re.compile(r"(?<=ss)es\b|s\b")
"""The ending of the noun in a unit: losses, sale lines, weeks before."""
LIMITS: dict[str, str] = N_(
    {
        RuleLimit.REGIONS: "Regions",
        RuleLimit.STORES: "Stores",
        RuleLimit.CATEGORIES: "Categories",
        RuleLimit.PRODUCTS: "Products",
    }
)

Form = MultiDict[str, str]
NEW = "new"
"""In place of the version of a rule that is not stored yet."""


def changed_rule(rule: AlertRule, form: Form) -> AlertRule:
    """The rule with the values of the form. Raises `Rejected` for what a rule cannot have."""
    values = {name.removeprefix("parameter-"): text for name, text in form.items() if name.startswith("parameter-")}
    severity = form.get("severity", rule.severity.value)
    if severity not in set(AlertSeverity):
        raise Rejected(_("There is no severity “{severity}”.", severity=severity))
    return replace(
        rule,
        name=form.get("name", ""),
        severity=AlertSeverity(severity),
        parameters=rule.alert_kind.parse(values),
        limits={
            limit: chosen for limit in rule.alert_kind.limits if (chosen := _words(form.get(f"limit-{limit}", "")))
        },
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


def chosen_channels(rule: AlertRule, form: Form | None) -> dict[str, Sequence[str]]:
    """The chosen channels by field: of a refused form, or of the rule."""
    if form is not None:
        return {name: form.getlist(name) for name in ("channels", "escalate_to")}
    return {"channels": rule.delivery.channels, "escalate_to": rule.delivery.escalate_to}


def limits_text(limits: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The limits as text of the form."""
    return {name: ", ".join(values) for name, values in limits.items()}


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (one.strip() for one in text.split(",")))))


def _number(form: Form, name: str, default: int) -> int:
    text = form.get(name, "").strip()
    if not text:
        return default
    if not text.isdecimal() or len(text) > 6:
        raise Rejected(_("“{text}” is not a whole number.", text=text))
    return int(text)


@allow(Action.ADMINISTER)
def list_rules() -> ResponseReturnValue:
    """All rules, and the kinds of which one can be added."""
    return render_template(
        "alerts/rules.html",
        rules=rules.find_rules(ports()),
        kinds=KINDS,
        severities=SEVERITIES,
        threshold=threshold_text,
        last=evaluation.last_evaluation(ports()),
        currency=tillstream().settings.reporting_currency,
    )


@allow(Action.ADMINISTER)
def new_rule() -> ResponseReturnValue:
    """The form of a new rule of a kind. Raises `NotFound`."""
    return _page(rules.new_rule(kind_of(request.args.get("kind", ""))), NEW)


@allow(Action.ADMINISTER)
def add_rule() -> ResponseReturnValue:
    """Add the rule of the form, or preview it. Raises `NotFound`."""
    return _submitted(rules.new_rule(kind_of(request.form.get("kind", ""))), NEW)


@allow(Action.ADMINISTER)
def show_rule(rule_id: str) -> ResponseReturnValue:
    """The form of a rule. Raises `NotFound`."""
    stored = rules.get_rule(ports(), rule_id)
    return _page(stored.rule, str(stored.version))


@allow(Action.ADMINISTER)
def save_rule(rule_id: str) -> ResponseReturnValue:
    """Change a rule, or preview it with the values of the form. Raises `NotFound`."""
    stored = rules.get_rule(ports(), rule_id)
    return _submitted(stored.rule, request.form.get("version", str(stored.version)))


def remove_listed_rule(ports: Ports, rule_id: str, by: str) -> str:
    rules.remove_rule(ports, rule_id, by=by)
    return _("The rule is removed. Its alerts end within a few minutes.")


def enable_rule(ports: Ports, rule_id: str, by: str) -> str:
    """Enable or disable a rule; return a sentence about it. Raises `NotFound`."""
    is_enabled = request.form.get("enabled") == "yes"
    rules.enable_rule(ports, rule_id, by=by, is_enabled=is_enabled)
    return _("The rule is enabled.") if is_enabled else _("The rule is disabled. Its alerts end within a few minutes.")


def _submitted(rule: AlertRule, version: str) -> ResponseReturnValue:
    try:
        changed = changed_rule(rule, request.form)
        _check(Filters(region=changed.limits.get(RuleLimit.REGIONS)))
        if request.form.get("do") == "preview":
            return _page(changed, version, previewed=replay_rule(_sources(), changed))
        _save(changed, version)
    except (Conflict, Rejected) as error:
        return _page(rule, version, error=str(error)), 422
    flash(_("The rule is saved."), "done")
    for filters in (
        Filters(store=changed.limits.get(RuleLimit.STORES)),
        Filters(category=changed.limits.get(RuleLimit.CATEGORIES)),
    ):
        try:
            _check(filters)
        except filter_values.UnknownValue as error:
            flash(_("{reason} No sale has it yet. Check the spelling.", reason=str(error)), "ask")
    return redirect(url_for("alerts.rules"), 303)


def _check(filters: Filters) -> None:
    """Raises `UnknownValue` for values that no sale has, and for regions without a data source."""
    app = tillstream()
    filter_values.check_filter_values(
        app.ports.warehouse, UNRESTRICTED, filters, app.contracts.regions(), cache=app.queries
    )


def _save(rule: AlertRule, version: str) -> StoredRule:
    """Raises `Conflict`, `Rejected`."""
    stored_version = None if version == NEW else int(version) if version.isdecimal() else -1
    return rules.save_rule(ports(), rule, by=me().login, version=stored_version)


def _sources() -> AlertSources:
    app = tillstream()
    return AlertSources(app.ports, app.contracts, app.settings.reporting_currency, app.queries)


def _page(rule: AlertRule, version: str, *, error: str = "", previewed: AlertPreview | None = None) -> str:
    return render_template(
        "alerts/rule.html",
        rule=rule,
        version=version,
        is_new=version == NEW,
        error=error,
        entered=request.form if error else {},
        chosen=chosen_channels(rule, request.form if error else None),
        preview=previewed,
        preview_words=_preview_words(previewed.count) if previewed else "",
        limits=limits_text({name.value: values for name, values in rule.limits.items()}),
        limit_labels=LIMITS,
        severities=SEVERITIES,
        channels=published.channel_names(ports()),
        currency=tillstream().settings.reporting_currency,
        zone=rule.delivery.quiet.zone if rule.delivery.quiet else me().time_zone or "UTC",
    )


def threshold_text(rule: AlertRule, currency: str) -> str:
    """The value at which alerts open, in words."""
    of, value = rule.alert_kind.threshold, rule.threshold
    noun = _PLURAL.sub("", of.unit, count=1) if value == 1 else of.unit
    unit = {"money": currency, "percent": "%"}.get(of.unit, noun)
    return f"{of.label} {value:,f} {unit}"


def _preview_words(count: int) -> str:
    if not count:
        return _("This rule would have raised no alert in the last {days} days.", days=DAYS)
    alerts = ngettext("alert", "alerts", count)
    return _(
        "This rule would have raised {count:,} {alerts} in the last {days} days.", count=count, alerts=alerts, days=DAYS
    )
