"""What the pages of the area share: its blueprint, and whose dashboards they are."""

from flask import Blueprint

from portal.context import me
from tillstream.dashboards.own_dashboard import Owner

blueprint = Blueprint("own_dashboards", __name__, template_folder="templates")


def reader() -> Owner:
    """The signed-in user."""
    return Owner(me().login, me().created_at)
