"""A real IMAP server on this machine: pymap, in a thread of its own, with one mailbox."""

from __future__ import annotations

import asyncio
import ssl
import threading
from argparse import Namespace
from collections.abc import Callable, Generator
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any

import attrs
from imapclient import IMAPClient
from proxyprotocol.sock import SocketInfoLocal
from pymap.backend.dict import Config, DictBackend, Identity, Login
from pymap.exceptions import InvalidAuth
from pymap.imap import IMAPServer
from pysasl import SASLAuth
from pysasl.creds.external import ExternalCredentials

__all__ = ["ImapServer", "imap_served"]

USER, PASSWORD, TOKEN = "care", "a password", "an access token"
_ARGUMENTS = {
    "debug": False, "demo_data": False, "demo_user": USER, "demo_password": PASSWORD, "host": None, "port": "0",
    "cert": None, "key": None, "tls": False, "proxy_protocol": None, "inherited_sockets": None, "passlib_cfg": None,
    "admin_key": None,
}  # fmt: skip


@attrs.define
class ImapServer:
    """A server that runs. `refuses` are UIDs that it cannot give, `breaks_at` one at which it hangs up.

    `stalls` holds every answer back for good.
    """

    port: int = 0
    refuses: set[int] = attrs.field(factory=set)
    breaks_at: int | None = None
    stalls: bool = False
    asked: list[bytes] = attrs.field(factory=list)

    def client(self) -> Any:
        """Somebody else at the mailbox."""
        client = IMAPClient("127.0.0.1", self.port, ssl=False, timeout=10)
        client.login(USER, PASSWORD)
        return client

    def put(self, *mails: bytes, at: datetime = datetime(2026, 11, 30, 9, tzinfo=UTC), folder: str = "INBOX") -> None:
        """Mails arrive, at that time."""
        client = self.client()
        for mail in mails:
            client.append(folder, mail, msg_time=at)
        client.logout()

    def remove(self, *uids: int) -> None:
        """Somebody takes mails away."""
        client = self.client()
        client.select_folder("INBOX")
        client.delete_messages(uids)
        client.expunge()
        client.logout()

    def number_anew(self) -> None:
        """The folder is made anew: its UIDs say nothing any more."""
        client = self.client()
        client.select_folder("INBOX", readonly=True)
        uids = client.search()
        kept = [
            (fields[b"BODY[]"], fields[b"INTERNALDATE"])
            for _, fields in sorted(client.fetch(uids, ["BODY.PEEK[]", "INTERNALDATE"]).items())
        ]
        client.logout()
        client = self.client()
        client.rename_folder("INBOX", f"Old {self.port}")
        for content, at in kept:
            client.append("INBOX", content, msg_time=at)
        client.logout()


class _Watched:
    """Stands between a connection and the server, to do what only broken servers do."""

    def __init__(self, server: ImapServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server, self._reader, self._writer = server, reader, writer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)

    async def readline(self) -> bytes:
        return self._seen(await self._reader.readline())

    async def readuntil(self, *arguments: Any) -> bytes:
        return self._seen(await self._reader.readuntil(*arguments))

    def _seen(self, line: bytes) -> bytes:
        self._server.asked.append(line)
        if self._server.stalls:
            return b""
        words = line.split()
        if b"FETCH" not in words or b"BODY.PEEK" not in line or not words[3].isdigit():
            return line
        uid = int(words[3])
        if uid == self._server.breaks_at:
            self._writer.transport.abort()
        return line.replace(b"BODY.PEEK", b"NO.SUCH") if uid in self._server.refuses else line


class _Config(Config):
    """It takes access tokens, too."""

    @property
    def tls_auth(self) -> SASLAuth:
        return SASLAuth.named([b"PLAIN", b"LOGIN", b"XOAUTH2"])


class _Login(Login):
    """Who has the password or the token is known, without the second that a hash of it takes."""

    async def authenticate(self, credentials: Any) -> Any:
        if isinstance(credentials, ExternalCredentials):
            is_known = (credentials.authzid, credentials._token) == (USER, TOKEN)
        else:
            is_known = (credentials.authcid, credentials._secret) == (USER, PASSWORD)
        if not is_known:
            raise InvalidAuth
        return Identity(USER, self, None, frozenset())


@contextmanager
def imap_served(tls: ssl.SSLContext | None = None) -> Generator[ImapServer]:
    """A real IMAP server for as long as the block lasts, on a port that is free."""
    server = ImapServer()
    started = threading.Event()
    stop: list[Callable[[], object]] = []

    async def serve() -> None:
        backend, config = await DictBackend.init(Namespace(**_ARGUMENTS))
        config.__class__ = _Config
        backend.login.__class__ = _Login
        take = IMAPServer(backend.login, config)
        tasks: set[asyncio.Task[Any]] = set()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            watched: Any = _Watched(server, reader, writer)
            await take(watched, writer, SocketInfoLocal(writer.transport))

        async with AsyncExitStack() as stack:
            await backend.start(stack)
            listening = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
            server.port = listening.sockets[0].getsockname()[1]
            loop, over = asyncio.get_running_loop(), asyncio.Event()
            stop.append(lambda: loop.call_soon_threadsafe(over.set))
            started.set()
            await over.wait()
            listening.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert started.wait(20), "the server did not start"
    try:
        yield server
    finally:
        stop[0]()
        thread.join(20)
