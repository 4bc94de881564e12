"""Objects in Amazon S3, or in a store with its interface that supports If-Match and If-None-Match.

Credentials, region and endpoint are those of an `Account`; else those of the machine, as other programs with AWS's
libraries find them.
"""

import io
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

from boto3.session import Session
from botocore import exceptions
from botocore.config import Config

from tillstream.model.errors import Conflict, NotFound, Rejected, Unavailable, reason_of
from tillstream.ports.objects import StoredObject

SCHEME = "s3://"
CONNECT_SECONDS, READ_SECONDS = 10, 60
IN_MEMORY = 8 << 20
"""Bytes of an object from which it is written to a file before it is uploaded."""
MISSING = frozenset({"404", "NoSuchKey"})
CHANGED = frozenset({"412", "PreconditionFailed", "409", "ConditionalRequestConflict"})
DENIED = "access is denied. Allow s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject and s3:DeleteObject."
WRONG_REGION = "the bucket is in another region. Set AWS_REGION."
WRONG_KEY = "the access key is wrong or has expired. Check the credentials of this machine."
TO_DO = {
    "NoSuchBucket": "the bucket does not exist. Check its name, the region and the endpoint.",
    "InvalidBucketName": "the name of the bucket is not valid.",
    **dict.fromkeys(("403", "AccessDenied", "AllAccessDisabled"), DENIED),
    **dict.fromkeys(("301", "PermanentRedirect", "AuthorizationHeaderMalformed"), WRONG_REGION),
    **dict.fromkeys(("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"), WRONG_KEY),
    "RequestTimeTooSkewed": "the clock of this machine is wrong. Set it.",
    "NotImplemented": "the store does not support conditional writes, which an export needs.",
}
"""What a person must do, by the code of S3; with another code a later try can succeed."""


@dataclass(frozen=True)
class Account:
    """Where a bucket is, and with which keys it is used; empty: those of this machine. pin: lets the connections of a
    `urllib3.PoolManager` to the endpoint go to addresses that were checked."""

    access_key: str = ""
    secret_key: str = ""
    region: str = ""
    endpoint: str = ""
    pin: Callable[[Any], None] = lambda _: None


class _Upload:
    stored: StoredObject | None = None

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, data: bytes, /) -> int:
        return self._file.write(data)


class S3Objects:
    """The `BucketObjects` of S3. A bucket is named with s3:// before it.

    A generation is the time of the last write, of which S3 has the second; what a write compares is the ETag at the
    last `stat`.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        weakref.finalize(self, client.close)
        self._etags: dict[tuple[str, str], str] = {}

    @contextmanager
    def writer(self, bucket: str, name: str, *, if_generation: int | None = None) -> Iterator[_Upload]:
        with SpooledTemporaryFile(IN_MEMORY) as file:
            upload = _Upload(cast("BinaryIO", file))
            yield upload
            file.seek(0)
            target = {"Bucket": _real_name(bucket), "Key": name}
            with _errors(bucket, name):
                if if_generation is None:
                    self._client.upload_fileobj(file, *target.values())  # in parts if it is large
                    return
            condition = {"IfMatch": self._etags.get((bucket, name), "")} if if_generation else {"IfNoneMatch": "*"}
            try:
                with _errors(bucket, name):
                    self._client.put_object(**target, Body=file, **condition)
            except NotFound as error:
                raise Conflict(f"{name} was removed.") from error

    def open(self, bucket: str, name: str) -> BinaryIO:
        """The whole object, read at once."""
        with _errors(bucket, name):
            return io.BytesIO(self._client.get_object(Bucket=_real_name(bucket), Key=name)["Body"].read())

    def stat(self, bucket: str, name: str) -> StoredObject:
        with _errors(bucket, name):
            reply = self._client.head_object(Bucket=_real_name(bucket), Key=name)
        self._etags[bucket, name] = reply["ETag"]
        return StoredObject(bucket, name, _microseconds(reply["LastModified"]), reply["ContentLength"])

    def list(self, bucket: str, prefix: str = "") -> Iterator[StoredObject]:
        pages = self._client.get_paginator("list_objects_v2")
        with _errors(bucket):
            for page in pages.paginate(Bucket=_real_name(bucket), Prefix=prefix):
                for entry in page.get("Contents", ()):
                    yield StoredObject(bucket, entry["Key"], _microseconds(entry["LastModified"]), entry["Size"])

    def delete(self, bucket: str, name: str) -> None:
        with _errors(bucket, name):
            self._client.delete_object(Bucket=_real_name(bucket), Key=name)


def connect_s3(account: Account | None = None) -> S3Objects:
    """The objects that an account may read and write; None: the credentials of this machine. Raises `Rejected`."""
    own = account or Account()
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": 3},
        **({"s3": {"addressing_style": "path"}, "proxies": {}} if own.endpoint else {}),
    )
    keys = (own.access_key or None, own.secret_key or None)
    try:
        client = Session(*keys, region_name=own.region or None).client(
            "s3", config=config, endpoint_url=own.endpoint or None
        )
        if own.endpoint:
            own.pin(client._endpoint.http_session._manager)  # noqa: SLF001 - no public way to choose the address
        return S3Objects(client)
    except (exceptions.BotoCoreError, ValueError) as error:
        raise Rejected(f"S3 cannot be used: {reason_of(error)}.") from error


def _real_name(bucket: str) -> str:
    return bucket.removeprefix(SCHEME)


def _microseconds(instant: Any) -> int:
    return int(instant.timestamp() * 1_000_000)


@contextmanager
def _errors(bucket: str, name: str = "") -> Iterator[None]:
    """Translate the errors of AWS's libraries. Credentials are in headers only, so no message contains one."""
    try:
        yield
    except exceptions.ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in MISSING:
            raise NotFound(f"There is no object {bucket}/{name}.") from error
        if code in CHANGED:
            raise Conflict(f"{bucket}/{name} was written meanwhile.") from error
        if code in TO_DO:
            raise Rejected(f"{bucket}: {TO_DO[code]}") from error
        raise Unavailable(f"{bucket} answered with the error {code}.") from error
    except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError) as error:
        raise Rejected(
            f"{bucket}: this machine has no credentials. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role."
        ) from error
    except exceptions.ParamValidationError as error:
        raise Rejected(f"{bucket}: the name of the bucket or of the folder is not valid.") from error
    except (exceptions.BotoCoreError, exceptions.HTTPClientError, OSError) as error:
        raise Unavailable(f"{bucket} cannot be reached: {reason_of(error)}.") from error
