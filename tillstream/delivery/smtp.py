"""Send one message over SMTP. The only module that uses smtplib."""

import smtplib
import ssl
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote, urlsplit

from tillstream.model.errors import Rejected, Unavailable

TIMEOUT = 20.0
"""Seconds to connect, and for each answer."""
PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True)
class SmtpServer:
    """A mail server. is_encrypted: TLS from the start; otherwise STARTTLS is used where the server offers it."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    is_encrypted: bool = False

    @classmethod
    def parse(cls, url: str) -> Self:
        """Parse smtp://USER:PASSWORD@HOST:PORT, or smtps:// for TLS from the start. Raises `Rejected`."""
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            raise Rejected("TILLSTREAM_SMTP_URL is not an address such as smtp://user:password@mail.example.com:587.")
        secret = unquote(parts.password or "")
        port = parts.port or PORTS[parts.scheme]
        return cls(parts.hostname, port, unquote(parts.username or ""), secret, parts.scheme == "smtps")

    def send(self, sender: str, recipient: str, message: bytes) -> None:
        """Send a message. Raises `Rejected` if the server refuses it for good, else `Unavailable`."""
        try:
            with self._connected() as server:
                server.sendmail(sender, [recipient], message)
        except smtplib.SMTPRecipientsRefused as error:
            code, answer = next(iter(error.recipients.values()))
            raise _failure(code, answer) from error
        except smtplib.SMTPResponseException as error:
            raise _failure(error.smtp_code, error.smtp_error) from error
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(f"The mail server cannot be reached: {error or type(error).__name__}") from error

    def _connected(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.is_encrypted:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT)
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=context)
                server.ehlo()
        if self.user:
            server.login(self.user, self.password)
        return server


def _failure(code: int, answer: bytes | str) -> Rejected | Unavailable:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    sentence = f"The mail server answered {code} {text}"[:300]
    return Rejected(sentence) if 500 <= code < 600 else Unavailable(sentence)
