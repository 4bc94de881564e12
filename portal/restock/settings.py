"""Settings of the restock queue, for admins."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import me, ports, tillstream
from portal.restock import texts
from tillstream.model.errors import Rejected
from tillstream.model.people import Action
from tillstream.stock import restock_needs
from tillstream.stock.restock_needs import RestockSettings

MOST_CATEGORIES = 200


@allow(Action.ADMINISTER)
def show() -> ResponseReturnValue:
    """The form with the stored settings."""
    return _page(
        {name: _shown(name) for name in ("service", "aim", "review_days", "most_weeks", "budget", "categories")}
    )


@allow(Action.ADMINISTER)
def save() -> ResponseReturnValue:
    """Save the form; a wrong value is shown with its reason."""
    try:
        restock_needs.save_settings(ports(), _entered(), by=me().login)
    except Rejected as error:
        flash(str(error), "wrong")
        return _page(request.form.to_dict()), 422
    flash("Saved. The next computation of the queue uses it.")
    return redirect(url_for("restock.show"))


def _page(values: dict[str, str]) -> str:
    currency = tillstream().settings.reporting_currency
    return render_template("restock/settings.html", values=values, currency=currency, aims=texts.AIMS)


def _shown(name: str) -> str:
    stored = restock_needs.read_settings(ports())
    if name == "service":
        return f"{100 * stored.service:g}"
    if name == "categories":
        return "\n".join(f"{category}: {100 * share:g}" for category, share in stored.of_categories.items())
    return str(getattr(stored, name))


def _entered() -> RestockSettings:
    """The form as settings. Raises `Rejected` for what is no number."""
    lines = [line for line in request.form.get("categories", "").splitlines() if line.strip()][:MOST_CATEGORIES]
    pairs = [line.rpartition(":") for line in lines]
    if any(not name.strip() for name, _, _ in pairs):
        raise Rejected("Write each category on a line of its own, such as Toys: 98.")
    return RestockSettings(
        service=_share(request.form.get("service", "")),
        aim=request.form.get("aim", restock_needs.CYCLES),
        review_days=_whole("review_days", "Days between two orders"),
        most_weeks=_whole("most_weeks", "Weeks of cover"),
        budget=request.form.get("budget", "").strip(),
        of_categories={name.strip(): _share(share) for name, _, share in pairs},
    )


def _share(text: str) -> float:
    try:
        return round(float(text.strip().rstrip("%")) / 100, 6)
    except ValueError:
        raise Rejected(f"{text.strip() or 'The service'} is not a percentage, such as 95.") from None


def _whole(name: str, label: str) -> int:
    try:
        return int(request.form.get(name, ""))
    except ValueError:
        raise Rejected(f"{label}: enter a whole number.") from None
