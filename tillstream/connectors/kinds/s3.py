"""S3 and stores with its interface: the objects below a prefix."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from tillstream.connectors import listed_files
from tillstream.connectors.listed_files import ListedFile, ListedFileSource, changed_file
from tillstream.connectors.pinned_connections import pin
from tillstream.connectors.source import ConnectionAccess, ConnectorKind, ConnectorSource, SourceSetting
from tillstream.model.errors import Rejected, TillstreamError, Unavailable, reason_of
from tillstream.optional_packages import need_package

BUCKET = re.compile(r"[A-Za-z0-9._-]{1,255}|arn:\S+")
"""The name of a bucket, or an access point."""
CONNECT_SECONDS = 10
READ_SECONDS = 60
CHUNK = 1 << 20
ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})
"""Storage classes of which objects cannot be read. A restored object is still listed with its class."""
CHANGED = frozenset({"PreconditionFailed", "412", "NoSuchKey", "404"})
TO_DO = {
    "NoSuchBucket": "the bucket does not exist. Check its name, the region and the endpoint.",
    "AccessDenied": "access is denied. Allow s3:ListBucket on the bucket and s3:GetObject on its objects.",
    "AllAccessDisabled": "access to the bucket is disabled. Ask its owner.",
    "InvalidAccessKeyId": "the access key does not exist. Check the credential.",
    "SignatureDoesNotMatch": "the secret key is wrong. Check the credential.",
    "ExpiredToken": "the session token has expired. Store a new one, or use a key or role that does not expire.",
    "InvalidToken": "the session token is wrong. Store a new one.",
    "RequestTimeTooSkewed": "the clock of this machine is wrong. Set it.",
    "PermanentRedirect": "the bucket is in another region. Set the region.",
    "AuthorizationHeaderMalformed": "the bucket is in another region. Set the region.",
    "InvalidObjectState": "the object is in an archive tier. Restore it.",
    "InvalidBucketName": "the name of the bucket is not valid.",
}
"""What a person must do, by the code of S3; with another code a later try can succeed."""
TO_DO |= {
    "403": TO_DO["AccessDenied"],
    "301": TO_DO["PermanentRedirect"],
    "InvalidClientTokenId": TO_DO["InvalidToken"],
}


class S3Source(ListedFileSource):
    """The objects of a bucket. Connects at the first call."""

    def __init__(self, settings: Mapping[str, str], access: ConnectionAccess):
        need_package("boto3")
        self.bucket = settings["bucket"]
        self.folder = settings["prefix"].rpartition("/")[0]
        self.folder += "/" if self.folder else ""
        super().__init__(f"s3://{self.bucket}/{self.folder}", settings, access)
        self.endpoint = settings["endpoint"]
        self.host = urlsplit(self.endpoint).hostname or "Amazon S3"
        self.archived = 0
        self._client: Any = None

    def notes(self) -> list[str]:
        archived = f"Objects in an archive class, which are not read; copy them to another class: {self.archived:,}."
        return [*super().notes(), *([archived] if self.archived else [])]

    def close(self) -> None:
        if self._client:
            self._client.close()

    def listing(self) -> Iterator[ListedFile]:
        self.archived = 0
        try:
            pages = self._connected().get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.bucket, Prefix=self.settings["prefix"]):
                for entry in page.get("Contents", ()):
                    if entry["Key"].endswith("/"):
                        continue  # the marker of a folder
                    if entry.get("StorageClass") in ARCHIVED:
                        self.archived += 1
                        continue
                    path = entry["Key"].removeprefix(self.folder)
                    version = f"{entry['ETag']} {entry['LastModified'].timestamp():.0f}"  # the ETag alone can come back
                    yield ListedFile(path, entry["Size"], version, entry["LastModified"])
        except Exception as error:
            raise self._error(error) from error

    def read(self, listed: ListedFile) -> Iterator[bytes]:
        key = self.folder + listed.path
        try:
            reply = self._connected().get_object(Bucket=self.bucket, Key=key, IfMatch=listed.version.split()[0])
            yield from reply["Body"].iter_chunks(CHUNK)
        except Exception as error:
            raise changed_file(listed) if _code(error) in CHANGED else self._error(error) from error

    def _connected(self) -> Any:
        if self._client is None:
            self._client = self._connect()
        return self._client

    def _connect(self) -> Any:
        from boto3.session import Session
        from botocore.config import Config

        if self.endpoint:
            parts = urlsplit(self.endpoint)
            self.access.check_host(self.host, parts.port or (443 if parts.scheme == "https" else 80))
        names = ("access_key", "secret_key", "session_token")
        key, secret, token = (self.access.credential(self.settings[name]) or None for name in names)
        client = Session(key, secret, token).client(
            "s3",
            region_name=self.settings["region"] or "us-east-1",
            endpoint_url=self.endpoint or None,
            config=Config(
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                retries={"mode": "standard", "total_max_attempts": 3},
                s3={"addressing_style": "path" if self.endpoint else "auto"},
                ignore_configured_endpoint_urls=True,
                **({"proxies": {}} if self.endpoint else {}),
            ),
        )
        if self.endpoint:
            pin(client._endpoint.http_session._manager, self.access)  # noqa: SLF001 - no public way to choose the address
        return client

    def _error(self, error: Exception) -> TillstreamError:
        """The error for a person. Credentials are in headers only, so no message contains one."""
        from botocore import exceptions

        place = f"{self.place} at {self.host}"
        if isinstance(error, TillstreamError):
            return error
        if isinstance(error, exceptions.ClientError):
            code = _code(error)
            if code in TO_DO:
                return Rejected(f"{place}: {TO_DO[code]}")
            return Unavailable(f"{place} answered with the error {code}.")
        no_credentials = exceptions.NoCredentialsError, exceptions.PartialCredentialsError
        for kinds, reason in (
            (no_credentials, "this machine has no role with credentials. Set access_key and secret_key."),
            (exceptions.SSLError, f"the certificate of {self.host} cannot be verified. Check the endpoint."),
            ((exceptions.ParamValidationError, exceptions.InvalidRegionError), f"a setting is not valid: {error}"),
        ):
            if isinstance(error, kinds):
                return Rejected(f"{place}: {reason}")
        if isinstance(error, exceptions.BotoCoreError | OSError):
            return Unavailable(f"{place} cannot be reached: {reason_of(error)}.")
        raise error


def _code(error: Exception) -> str:
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))


def _open(settings: Mapping[str, str], access: ConnectionAccess) -> ConnectorSource:
    if not BUCKET.fullmatch(settings["bucket"]):
        raise Rejected("bucket must be the name of a bucket such as shop-exports, without s3:// and folders.")
    endpoint = urlsplit(settings["endpoint"])
    if settings["endpoint"] and (endpoint.scheme not in ("http", "https") or not endpoint.hostname):
        raise Rejected("endpoint must be an address such as https://storage.example.com, or empty for Amazon S3.")
    if endpoint.username or endpoint.query or endpoint.fragment:
        raise Rejected("endpoint has no user name, and nothing after ? or #.")
    if bool(settings["access_key"]) != bool(settings["secret_key"]):
        raise Rejected("Set both access_key and secret_key, or neither to use the role of this machine.")
    return S3Source(settings, access)


KIND = ConnectorKind(
    name="s3",
    title="Amazon S3 and compatible stores",
    about="Pulls the files below a prefix of a bucket.",
    settings=(
        SourceSetting("bucket", "Bucket", is_required=True),
        SourceSetting("prefix", "Prefix", "Only keys that start with it, for example sales/2026/."),
        SourceSetting("region", "Region", "For example eu-central-1.", default="us-east-1"),
        SourceSetting("endpoint", "Endpoint", "The address of another store than Amazon's, with https://."),
        SourceSetting("access_key", "Access key", "Empty: the role of this machine.", is_credential=True),
        SourceSetting("secret_key", "Secret key", is_credential=True),
        SourceSetting("session_token", "Session token", "Only for temporary keys.", is_credential=True),
        *listed_files.SETTINGS,
    ),
    open=_open,
)
