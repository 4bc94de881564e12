"""Mailboxes: the attachments of messages in a folder. Nothing is marked as read unless a setting chooses it."""

import imaplib
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from email.header import decode_header, make_header
from email.message import Message
from hashlib import sha256
from io import BytesIO
from mimetypes import guess_extension
from typing import TYPE_CHECKING, Any, NamedTuple

from tillstream.connectors import listed_files
from tillstream.connectors.pinned_connections import imap_client
from tillstream.connectors.source import (
    ConnectionAccess,
    ConnectorKind,
    ConnectorSource,
    Cursor,
    PassedItem,
    SourceItem,
    SourceSetting,
    date_setting,
    file_patterns,
    matches_pattern,
    whole_number,
)
from tillstream.model.errors import Rejected, TillstreamError, Unavailable, reason_of
from tillstream.model.file_names import FILE_EXTENSIONS, is_ignored_file
from tillstream.optional_packages import need_package

if TYPE_CHECKING:
    from imap_tools import BaseMailBox, MailMessage

TIMEOUT_SECONDS = 60
HEADERS_AT_ONCE = 200
TESTED = 200
"""How many of the newest messages a test looks at."""
MAX_BYTES = 100 << 20
"""Of a message, which is read into memory."""
TABLES = ", ".join(f"*.{extension}" for extension in sorted(FILE_EXTENSIONS))
OUTLOOK_FILE = "winmail.dat"
REFUSED = "Check the password, and whether IMAP is allowed."
PORTS = {"tls": "993", "starttls": "143", "none": "143"}


class AttachedFile(NamedTuple):
    """name: of the file, without folders; from its type if the message has none."""

    name: str
    body: bytes


def attached_files(message: "Message[Any, Any]") -> Iterator[AttachedFile]:
    """The parts with a file name or marked as attachments, also those of a message within the message.

    Images are left out: logos of signatures, which have names too.
    """
    for part in message.walk():
        name = _name(part)
        is_file = bool(name) or part.get_content_disposition() == "attachment"
        if is_file and not part.is_multipart() and part.get_content_maintype() != "image":
            body = part.get_payload(decode=True)
            unnamed = f"attachment{guess_extension(part.get_content_type()) or ''}"
            yield AttachedFile(name or unnamed, body if isinstance(body, bytes) else b"")


def _name(part: "Message[Any, Any]") -> str:
    """The name without folders of the sender, also if it is encoded as a header is, or as UTF-8 without a declaration.

    For the latter, the bytes are decoded before the headers are parsed, which would replace them.
    """
    headers: Message[Any, Any] = Message()
    for header, value in part.raw_items():
        if header.casefold() in ("content-disposition", "content-type"):
            headers[header] = str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    name = headers.get_filename() or ""
    with suppress(LookupError, UnicodeError, ValueError):  # an encoding that does not exist, or another one than stated
        name = str(make_header(decode_header(name)))
    return re.sub(r"\s+", " ", name).replace("\\", "/").rsplit("/", 1)[-1].strip()


class ImapSource:
    """Messages of a folder in the order of their UIDs. Connects at the first call.

    The cursor is the validity of the UIDs and the last UID of which every attachment is stored.
    """

    def __init__(self, settings: Mapping[str, str], access: ConnectionAccess):
        need_package("imap_tools")
        self.settings = settings
        self.access = access
        self.host = settings["host"]
        port = settings["port"] or PORTS[settings["encryption"]]
        self.port = whole_number({"port": port}, "port", at_least=1, at_most=65_535)
        self.folder = settings["folder"]
        self.place = f"imap://{self.host}:{self.port}/{self.folder}"
        self.since = date_setting(settings, "since")
        self.patterns = file_patterns(settings["pattern"] or TABLES)
        self.marks = settings["mark_seen"] == "yes"
        self._behind: int | None = None
        self._notes: list[str] = []
        self._stored: list[int] = []
        self._mailbox: BaseMailBox | None = None

    def test(self) -> str:
        try:
            uids = self._uids(0)[-TESTED:]
            matching = [header.subject for header in self._headers(uids) if self._is_matching(header)]
        except Exception as error:
            raise self._error(error) from error
        if not uids:
            return f"Connected to {self.place}. It has no messages to read."
        newest = f"; the newest is “{matching[-1][:100]}”" if matching else ""
        return f"Connected to {self.place}. Of the newest {len(uids)} messages, {len(matching)} match{newest}."

    def pull(self, cursor: Cursor) -> Iterator[SourceItem | PassedItem]:
        try:
            yield from self._items(cursor)
        except Exception as error:
            raise self._error(error) from error

    def acknowledge(self, cursor: Cursor) -> None:
        """Mark the messages up to the cursor as read, if the setting chooses it."""
        done = [uid for uid in self._stored if uid <= cursor["uid"]]
        self._stored = [uid for uid in self._stored if uid > cursor["uid"]]
        if self.marks and done and self._mailbox:
            try:
                self._mailbox.flag([str(uid) for uid in done], "\\Seen", True)
            except Exception as error:
                raise self._error(error) from error

    def behind(self) -> int | None:
        return self._behind

    def notes(self) -> list[str]:
        return self._notes

    def close(self) -> None:
        if self._mailbox:
            with suppress(Exception):  # the session may have ended
                self._mailbox.logout()
            self._mailbox = None

    def _items(self, cursor: Cursor) -> Iterator[SourceItem | PassedItem]:
        validity = self._validity()
        is_same = cursor.get("uidvalidity") == validity
        self._notes = [] if is_same or not cursor else ["The server renumbered the folder, so it is listed again."]
        uids = self._uids(cursor["uid"] if is_same else 0)
        self._behind = len(uids)
        without = 0
        for start in range(0, len(uids), HEADERS_AT_ONCE):
            some = uids[start : start + HEADERS_AT_ONCE]
            for header in filter(self._is_matching, self._headers(some)):
                attachments = self._attachments(header)
                without += not attachments
                uid = int(header.uid or 0)
                for place, attachment in enumerate(attachments, start=1):
                    is_last = place == len(attachments)
                    self._stored += [uid] * is_last
                    yield SourceItem(
                        key=_key(header, attachment),
                        file=attachment.name,
                        open=lambda body=attachment.body: BytesIO(body),  # type: ignore[misc]
                        cursor={"uidvalidity": validity, "uid": uid if is_last else uid - 1},
                    )
            self._behind -= len(some)
            yield PassedItem({"uidvalidity": validity, "uid": some[-1]})
        if without:
            self._notes.append(f"Messages without an attachment that matches {', '.join(self.patterns)}: {without}.")

    def _attachments(self, header: "MailMessage") -> list[AttachedFile]:
        """The attachments of a message that match; what cannot be read is noted."""
        about = f"“{header.subject[:80]}” of {header.date:%d %B %Y}"
        if header.size_rfc822 > MAX_BYTES:
            self._notes.append(f"{about} is larger than {MAX_BYTES >> 20} MB and was not read.")
            return []
        messages = self._connected().fetch(uid_list=[header.uid or ""], mark_seen=False)
        files = [attachment for message in messages for attachment in attached_files(message.obj)]
        if any(file.name.casefold() == OUTLOOK_FILE for file in files):
            self._notes.append(f"{about} has its files in winmail.dat. Ask the sender to send as plain text.")
        return [file for file in files if matches_pattern(file.name, self.patterns) and not is_ignored_file(file.name)]

    def _is_matching(self, header: "MailMessage") -> bool:
        sender, subject = self.settings["sender"].casefold(), self.settings["subject"].casefold()
        return sender in header.from_.casefold() and subject in header.subject.casefold()

    def _headers(self, uids: list[int]) -> list["MailMessage"]:
        """The headers of messages, oldest first."""
        texts = [str(uid) for uid in uids]
        headers = self._connected().fetch(uid_list=texts, headers_only=True, bulk=True, mark_seen=False)
        return sorted(headers, key=lambda header: int(header.uid or 0))

    def _uids(self, last: int) -> list[int]:
        """UIDs after the last one. The server searches by the texts of ASCII letters, as few servers find others."""
        from imap_tools import AND, U

        texts = {"from_": self.settings["sender"], "subject": self.settings["subject"]}
        criteria: dict[str, Any] = {name: text for name, text in texts.items() if text and text.isascii()}
        if self.since:
            criteria["date_gte"] = self.since.date()
        uids = self._connected().uids(AND(uid=U(str(last + 1), "*"), **criteria), charset=None)
        return sorted(uid for uid in map(int, uids) if uid > last)  # the search for n:* returns the last one always

    def _validity(self) -> int:
        return self._connected().folder.status(self.folder, ["UIDVALIDITY"])["UIDVALIDITY"]

    def _connected(self) -> "BaseMailBox":
        if self._mailbox is None:
            password = self.access.credential(self.settings["password"])
            with ExitStack() as stack:
                mailbox = self._connect()
                stack.callback(mailbox.client.shutdown)
                sign_in = mailbox.xoauth2 if self.settings["sign_in"] == "oauth" else mailbox.login
                sign_in(self.settings["user"], password, None)
                mailbox.folder.set(self.folder, readonly=not self.marks)
                stack.pop_all()
            self._mailbox = mailbox
        return self._mailbox

    def _connect(self) -> "BaseMailBox":
        from imap_tools import MailBoxUnencrypted

        place = self.host, self.port, self.access.check_host(self.host, self.port)
        encryption = self.settings["encryption"]

        class MailBox(MailBoxUnencrypted):
            def _get_mailbox_client(self) -> imaplib.IMAP4:
                return imap_client(*place, encryption, TIMEOUT_SECONDS)

        return MailBox(self.host, self.port)

    def _error(self, error: Exception) -> TillstreamError:
        """The error for a person. The answers of servers are left out: some repeat the command."""
        from imap_tools import errors

        user = self.settings["user"]
        if isinstance(error, TillstreamError):
            return error
        is_ended = isinstance(error, imaplib.IMAP4.abort)
        for kinds, reason in (
            (ssl.SSLCertVerificationError, f"the certificate of {self.host} cannot be verified. Check the host."),
            (ssl.SSLError, "the server does not answer with TLS. Check port and encryption."),
            ((errors.MailboxFolderStatusError, errors.MailboxFolderSelectError), "the folder does not exist."),
            (UnicodeEncodeError, "IMAP sends user and password with ASCII letters only. Set such a password."),
            ((errors.MailboxLoginError, imaplib.IMAP4.error), f"the server refuses the user {user}. {REFUSED}"),
        ):
            if isinstance(error, kinds) and not is_ended:
                return Rejected(f"{self.place}: {reason}")
        if isinstance(error, OSError):
            return Unavailable(f"{self.place} cannot be reached: {reason_of(error)}.")
        if is_ended or isinstance(error, errors.ImapToolsError):
            return Unavailable(f"{self.place} ended the session or refused a command.")
        raise error


def _key(header: "MailMessage", attachment: AttachedFile) -> str:
    """The same for copies of a message; another for a message that forwards it."""
    message = str(header.obj["Message-ID"] or header.date_str).strip()
    return listed_files.encodable(f"{message}\n{sha256(attachment.body).hexdigest()}")


def _open(settings: Mapping[str, str], access: ConnectionAccess) -> ConnectorSource:
    for name in ("sender", "subject", "folder"):
        if not settings[name].isprintable():
            raise Rejected(f"{name} must be one line of text.")
    if settings["encryption"] not in PORTS:
        raise Rejected(f"encryption must be one of: {', '.join(PORTS)}.")
    return ImapSource(settings, access)


KIND = ConnectorKind(
    name="imap",
    title="Mailbox (IMAP)",
    about="Pulls the attachments of messages in a folder.",
    settings=(
        SourceSetting("host", "Host", "For example imap.example.com.", is_required=True, resets_cursor=True),
        SourceSetting("port", "Port", "Empty: 993 with TLS, otherwise 143."),
        SourceSetting("encryption", "Encryption", default="tls", choices=("tls", "starttls", "none")),
        SourceSetting("user", "User", is_required=True, resets_cursor=True),
        SourceSetting("password", "Password or OAuth token", is_required=True, is_credential=True),
        SourceSetting("sign_in", "Sign-in", default="password", choices=("password", "oauth")),
        SourceSetting("folder", "Folder", default="INBOX", resets_cursor=True),
        SourceSetting("sender", "Sender", "Part of the address, for example @example.com.", resets_cursor=True),
        SourceSetting("subject", "Subject", "Part of the subject.", resets_cursor=True),
        SourceSetting(
            "pattern", "File names", "Separated by commas. Empty: all types that can be read.", resets_cursor=True
        ),
        SourceSetting("since", "Received since", "A date such as 2026-11-01.", resets_cursor=True),
        SourceSetting("mark_seen", "Mark as read", default="no", choices=("no", "yes")),
    ),
    open=_open,
)
