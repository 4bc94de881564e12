"""Channels of alerts: create, test, pause and remove them, and see their deliveries."""

from flask import Blueprint

from portal.alert_channels import actions, pages

blueprint = Blueprint("alert_channels", __name__, template_folder="templates")

blueprint.add_url_rule("/alert-channels", "listing", pages.listing)
blueprint.add_url_rule("/alert-channels/new/<kind>", "new", pages.new)
blueprint.add_url_rule("/alert-channels/new/<kind>", "add", actions.add, methods=["POST"])
blueprint.add_url_rule("/alert-channels/<channel_id>", "show", pages.show)
for name in ("change", "pause", "resume", "test", "remove"):
    blueprint.add_url_rule(f"/alert-channels/<channel_id>/{name}", name, getattr(actions, name), methods=["POST"])
blueprint.add_url_rule("/alert-deliveries/<delivery_id>", "send_again", actions.send_again, methods=["POST"])
