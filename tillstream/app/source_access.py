"""What connectors may use, from the settings."""

from functools import partial

from tillstream.adapters.local.secrets import EnvironmentSecrets, FolderSecrets
from tillstream.app.app import App
from tillstream.connectors.access import PrivateHosts, SourceAccess
from tillstream.optional_packages import need_package
from tillstream.ports.machine import Secrets
from tillstream.ports.objects import ObjectStore


def source_access(app: App) -> SourceAccess:
    """Return the access of connectors: in a project, credentials can also be in Secret Manager."""
    settings = app.settings
    secrets: dict[str, Secrets] = {
        "env": EnvironmentSecrets(settings.variable),
        "file": FolderSecrets(settings.secrets_folder),
    }
    if settings.project:
        from tillstream.adapters.google.secret_manager import SecretManagerSecrets  # lazy: only a project needs it

        secrets["secret"] = SecretManagerSecrets(settings.project, settings.secrets_api)
    private = PrivateHosts.parse(settings.connect_private)
    return SourceAccess(app.ports.clock, secrets, private, settings.readable_folders, partial(_cloud_storage, app))


def _cloud_storage(app: App) -> ObjectStore:
    """The store of the project, which copies to its inbox without reading; on a laptop one that only reads."""
    if app.settings.project:
        return app.ports.objects
    need_package("google.cloud.storage", "Reading or writing buckets of Cloud Storage")
    from tillstream.adapters.google.object_store import connect_buckets

    return connect_buckets(None, {})
