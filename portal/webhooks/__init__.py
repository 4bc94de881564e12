"""Webhooks: create, test, pause and remove them, and see their deliveries."""

from flask import Blueprint

from portal.webhooks import actions, pages

blueprint = Blueprint("webhooks", __name__, template_folder="templates")

blueprint.add_url_rule("/webhooks", "listing", pages.listing)
blueprint.add_url_rule("/webhooks", "add", actions.add, methods=["POST"])
blueprint.add_url_rule("/webhooks/<webhook_id>", "show", pages.show)
for name, view in (
    ("change", actions.change),
    ("pause", actions.pause),
    ("resume", actions.resume),
    ("test", actions.test),
    ("resend", actions.resend),
    ("new-secret", actions.new_secret),
    ("remove", actions.remove),
):
    blueprint.add_url_rule(f"/webhooks/<webhook_id>/{name}", name.replace("-", "_"), view, methods=["POST"])
