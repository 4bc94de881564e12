"""Commands `deploy …`: a Google Cloud project, and what a deploy does in its BigQuery."""

from tillstream.cli.deploy import project, warehouse
from tillstream.cli.deploy.group import deploy

__all__ = ["deploy", "project", "warehouse"]
