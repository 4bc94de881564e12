"""The kinds that read files, each with a server that files can be put on, as the tests of all of them need it."""

import time
from abc import ABC, abstractmethod
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from urllib.parse import quote, unquote
from uuid import uuid4

import boto3
from connectors import http_server
from connectors.files import pymap_server, sftp_server, webhdfs_server
from imap_tools import MailBoxUnencrypted
from moto.server import ThreadedMotoServer

CREDENTIAL = "TILLSTREAM_SOURCE_SHOP"
REFERENCE = f"env:{CREDENTIAL}"


class FileServer(ABC):
    """credential: the value of the variable CREDENTIAL. settings: of the connector to this server."""

    kind: str
    credential: str
    settings: dict[str, str]

    @abstractmethod
    def put(self, name: str, text: str) -> None:
        """Store a file, or another version of it."""

    @abstractmethod
    def close(self) -> None: ...


class S3(FileServer):
    kind, credential = "s3", "any-key"

    def __init__(self, folder: Path):
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        keys = {"aws_access_key_id": "key", "aws_secret_access_key": "key"}
        self._client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **keys)
        self._bucket = f"shop-{uuid4().hex}"  # moto's servers of one process have the same buckets
        self._client.create_bucket(Bucket=self._bucket)
        self.settings = {"bucket": self._bucket, "endpoint": endpoint, "quiet": "0"}
        self.settings |= {"access_key": REFERENCE, "secret_key": REFERENCE}

    def put(self, name: str, text: str) -> None:
        self._client.put_object(Bucket=self._bucket, Key=name, Body=text.encode())

    def close(self) -> None:
        self._client.close()
        self._server.stop()


class Sftp(FileServer):
    kind, credential = "sftp", sftp_server.PASSWORD

    def __init__(self, folder: Path):
        self._server = sftp_server.SftpServer(folder)
        self.settings = {"host": "127.0.0.1", "port": str(self._server.port), "user": "till", "password": REFERENCE}
        self.settings |= {"host_key": self._server.fingerprint, "quiet": "0"}

    def put(self, name: str, text: str) -> None:
        (self._server.folder / name).write_text(text)

    def close(self) -> None:
        self._server.close()


class WebHdfs(FileServer):
    kind, credential = "filesystems", "secret"

    def __init__(self, folder: Path):
        self._server = webhdfs_server.WebHdfsServer(folder, data_host="127.0.0.1")
        self._server.needs_password = True
        self.settings = {"url": f"webhdfs://127.0.0.1:{self._server.port}/", "quiet": "0"}
        self.settings["options"] = f"user=till; password={REFERENCE}"

    def put(self, name: str, text: str) -> None:
        (self._server.folder / name).write_text(text)

    def close(self) -> None:
        self._server.close()


class Imap(FileServer):
    kind, credential = "imap", pymap_server.PASSWORD

    def __init__(self, folder: Path):
        self._process, port = pymap_server.serve("--no-tls")
        self.settings = {"host": "127.0.0.1", "port": str(port), "encryption": "none", "user": "demouser"}
        self.settings |= {"password": REFERENCE, "folder": "Sales"}
        self._mailbox = MailBoxUnencrypted("127.0.0.1", port).login("demouser", self.credential)
        self._mailbox.folder.create("Sales")

    def put(self, name: str, text: str) -> None:
        message = EmailMessage(policy=SMTP)
        message["From"], message["Subject"] = "till@shop.example", "Sales"
        message["Message-ID"] = f"<{time.monotonic_ns()}@shop.example>"
        message["Date"] = "Mon, 02 Nov 2026 08:00:00 +0100"
        message.add_attachment(text.encode(), maintype="text", subtype="csv", filename=name)
        self._mailbox.append(bytes(message), "Sales")

    def close(self) -> None:
        self._mailbox.logout()
        self._process.terminate()
        self._process.wait()


class WebFiles(FileServer):
    kind, credential = "web_files", "secret"

    def __init__(self, folder: Path):
        self._folder = folder
        self._serving = http_server.serving(self._answer)
        self._server = self._serving.__enter__()
        self.settings = {"urls": "", "token": REFERENCE}

    def put(self, name: str, text: str) -> None:
        (self._folder / name).write_text(text)
        urls = dict.fromkeys([*self.settings["urls"].split(), f"{self._server.url}/{quote(name)}"])
        self.settings["urls"] = "\n".join(urls)

    def close(self) -> None:
        self._serving.__exit__(None, None, None)

    def _answer(self, request: http_server.Request) -> http_server.Answer:
        body = (self._folder / unquote(request.path).lstrip("/")).read_bytes()
        return http_server.Answer(body, headers={"Content-Type": "text/csv"})


SERVERS = {server.kind: server for server in (S3, Sftp, WebHdfs, WebFiles, Imap)}
