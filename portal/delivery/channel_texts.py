"""Texts of the pages of channels."""

from tillstream.delivery.alert_channel import EMAIL, SERVICE, SLACK, TEAMS, WEBHOOK

NAME, NO_NAME = "Name", "Enter a name."
ADDRESS, RECIPIENTS = "Address", "Recipients"
HOUR, ZONE = "Hour of collected notices", "Time zone"
KINDS = {EMAIL: "E-mail", WEBHOOK: "Webhook", SLACK: "Slack", TEAMS: "Microsoft Teams", SERVICE: "Another service"}
HINTS = {
    EMAIL: "One per line: an e-mail address, or a sign-in name and an e-mail address. Users get only the alerts within "
    "their scope.",
    WEBHOOK: "For example https://example.com/alerts. Each request is signed.",
    SLACK: "The address of an incoming webhook of Slack: https://hooks.slack.com/services/…",
    TEAMS: "The address of a workflow “When a Teams webhook request is received”.",
    SERVICE: "As Apprise writes it, for example discord://… or mmosts://chat.example.com/…",
}
"""Of the address or the recipients."""
KEPT = "Leave it empty to keep the address."
ADDED, CHANGED, REMOVED = "The channel is created.", "The channel is changed.", "The channel is removed."
PAUSED = "The channel is paused. Notices of this time are not sent later."
RESUMED = "The channel gets notices again."
SENT_AGAIN = "The delivery is sent again within a minute."
IN_OUTBOX = "Sent by e-mail"
"""State of a delivery that is in the outbox of e-mail."""
