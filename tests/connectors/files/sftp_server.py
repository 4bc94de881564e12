"""A server of SFTP in a thread."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import asyncssh

PASSWORD = "password-that-no-message-contains"
CLIENT_KEY = asyncssh.generate_private_key("ssh-ed25519")


class SftpServer:
    """A server in a thread; `host_key` and the files of `folder` are its own."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.connections: list[asyncssh.SSHServerConnection] = []
        self.loop = asyncio.new_event_loop()
        self.thread = Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.port = self._run(self._start)

    @property
    def fingerprint(self) -> str:
        return self.host_key.get_fingerprint()

    def end_sessions(self) -> None:
        self._run(self._abort)

    def close(self) -> None:
        self._run(self._stop)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def _run(self, act: Callable) -> int:
        return asyncio.run_coroutine_threadsafe(act(), self.loop).result(20)

    async def _start(self) -> int:
        server, folder = self, self.folder

        class Login(asyncssh.SSHServer):
            def password_auth_supported(self):
                return True

            def validate_password(self, username, password):
                return (username, password) == ("till", PASSWORD)

            def public_key_auth_supported(self):
                return True

            def validate_public_key(self, username, key):
                return key.get_fingerprint() == CLIENT_KEY.get_fingerprint()

        class Files(asyncssh.SFTPServer):
            def __init__(self, chan):
                server.connections.append(chan.get_connection())
                super().__init__(chan, chroot=str(folder))

        self.acceptor = await asyncssh.create_server(
            Login, "127.0.0.1", 0, server_host_keys=[self.host_key], sftp_factory=Files
        )
        return self.acceptor.get_port()

    async def _abort(self) -> None:
        for connection in self.connections:
            connection.abort()

    async def _stop(self) -> None:
        await self._abort()
        self.acceptor.close()
        await self.acceptor.wait_closed()
        await asyncio.sleep(0)
