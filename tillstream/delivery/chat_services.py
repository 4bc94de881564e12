"""Slack, Teams and other services, through Apprise. The only module that imports it, when a channel needs it."""

import logging
from types import ModuleType
from typing import Any

from tillstream.delivery.alert_channel import SLACK, TEAMS, NoticeMessage
from tillstream.delivery.outbound_addresses import check_url, resolve_target
from tillstream.model.errors import Rejected, Unavailable
from tillstream.optional_packages import need_package

MAX_MESSAGE_LETTERS = 2_000
SERVICE_NAMES = {SLACK: "Slack", TEAMS: "Power Automate / Workflows (for MSTeams)"}
"""Kind of a channel → name of its service in Apprise."""
OWN_HOST = frozenset(
    {
        SERVICE_NAMES[TEAMS],
        "Gotify",
        "JSON",
        "Mattermost",
        "Nextcloud Talk",
        "Rocket.Chat",
        "Signal API",
        "Synology Chat",
        "ntfy",
    }
)
"""Services at a host that the address names."""
HOSTED = frozenset(
    {SERVICE_NAMES[SLACK], "Cisco Webex Teams", "DingTalk", "Discord", "Feishu", "Flock", "Google Chat"}
    | {"Lark (Feishu)", "Line", "Opsgenie", "Pager Duty", "PagerTree", "Pushbullet", "Pushover", "Splunk On-Call"}
    | {"Spike.sh", "Squadcast", "Telegram", "Threema Gateway", "Twilio", "Twist", "Vonage", "WeCom Bot", "Zoom"}
    | {"ilert", "incident.io"}
)
"""Services at the host of their provider. Others, such as programs on the server itself, are not permitted."""
EXAMPLES = {
    SLACK: "Enter the address of an incoming webhook of Slack: https://hooks.slack.com/services/…",
    TEAMS: "Enter the address of a workflow of Teams: https://….logic.azure.com/… or https://….powerplatform.com/…",
}
OTHERS = "Enter an address of a service as Apprise writes it, for example discord://… or mmosts://…"


def service_name(url: str, kind: str, *, private: bool) -> str:
    """The name of the service of an address, and its host if it is not the provider's. Raises `Rejected`.

    private: whether the host can be in a private network.
    """
    service = _service(url, kind, private=private)
    name = kind.capitalize() if kind in SERVICE_NAMES else str(service.service_name)
    return f"{name} at {service.host}" if kind != TEAMS and _own_address(service) else name


def send_to_service(url: str, kind: str, message: NoticeMessage, *, private: bool) -> None:
    """Send a message once. Raises `Rejected` for an address that is not permitted, `Unavailable` to try again."""
    service = _service(url, kind, private=private)
    if address := _own_address(service):
        resolve_target(address, private=private)
    apprise = _library()
    sender = apprise.Apprise(asset=_asset())
    sender.add(service)
    result = sender.notify(title=message.title, body=message.text, body_format=apprise.NotifyFormat.TEXT)
    if not result:
        reason = " ".join(entry.message for entry in result.logs()) or "It gave no reason."
        raise Unavailable(f"{service.service_name} did not accept the message. {_without_secrets(reason, url)}"[:500])


def _service(url: str, kind: str, *, private: bool) -> Any:
    """The plugin of Apprise for an address. Raises `Rejected`."""
    wrong = Rejected(EXAMPLES.get(kind, OTHERS))
    if not 0 < len(url) <= MAX_MESSAGE_LETTERS or not url.isprintable():
        raise wrong
    service = _library().Apprise.instantiate(url, asset=_asset())
    if service is None or (kind in SERVICE_NAMES and service.service_name != SERVICE_NAMES[kind]):
        raise wrong
    if service.service_name not in OWN_HOST | HOSTED:
        raise Rejected(f"{service.service_name} is not a service that alerts can be sent to.")
    if service.redirects or getattr(service, "template", None) or getattr(service, "attach", None):
        raise Rejected("The address of a service has no redirects, templates or attachments.")
    if not service.verify_certificate and not private:
        raise Rejected("The certificate of a service is always verified.")
    if address := _own_address(service):
        if not service.secure and not private:
            raise Rejected(f"{service.service_name} is used with encryption, for example mmosts:// and not mmost://.")
        check_url(address, private=private)
    return service


def _own_address(service: Any) -> str:
    """Scheme, host and port of a service that is not at its provider's; else empty."""
    if service.service_name not in OWN_HOST or not service.host:
        return ""
    return f"{'https' if service.secure else 'http'}://{service.host}{f':{service.port}' if service.port else ''}"


def _library() -> ModuleType:
    need_package("apprise", "This channel")
    import apprise  # 100 ms, and 25 MB for its services

    logging.getLogger("apprise").propagate = False  # its lines go to the channel, not to the log
    return apprise


def _asset() -> Any:
    """The settings of Apprise: no redirects, nothing stored on the disk, no pictures from other hosts."""
    return _library().AppriseAsset(
        app_id="Tillstream",
        app_desc="Tillstream",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        secure_logging=True,
        http_redirects=False,
    )


def _without_secrets(text: str, url: str) -> str:
    """A text in which no part of an address is left that could be a secret."""
    for part in sorted({*url.replace("?", "/").replace("&", "/").replace("=", "/").split("/")}, key=len, reverse=True):
        if len(part) >= 8:
            text = text.replace(part, "…")
    return text
