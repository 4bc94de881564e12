"""What connectors may use, from the settings."""

from tillstream.adapters.local.secrets import EnvironmentSecrets, FolderSecrets
from tillstream.app.app import App
from tillstream.connectors.access import PrivateHosts, SourceAccess
from tillstream.ports.secrets import Secrets


def source_access(app: App) -> SourceAccess:
    """Return the access of connectors: in a project, credentials can also be in Secret Manager."""
    settings = app.settings
    secrets: dict[str, Secrets] = {
        "env": EnvironmentSecrets(settings.variable),
        "file": FolderSecrets(settings.secrets_folder),
    }
    if settings.project:
        from tillstream.adapters.google.secrets import SecretManagerSecrets  # lazy: only a project needs it

        secrets["secret"] = SecretManagerSecrets(settings.project, settings.secrets_api)
    private = PrivateHosts.parse(settings.connect_private)
    return SourceAccess(app.ports.clock, secrets, private, settings.readable_folders)
