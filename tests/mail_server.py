"""A real mail server on this machine, in the loop of the test."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

__all__ = ["MailServer", "served"]


class MailServer:
    """A mailbox that refuses some, and may not like what it gets."""

    def __init__(self, refuses: Sequence[str] = (), answer: str = "250 taken") -> None:
        self.refuses = refuses
        self.answer = answer
        self.got: list[tuple[str | None, list[str], bytes]] = []

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if address in self.refuses:
            return "550 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        self.got.append((envelope.mail_from, list(envelope.rcpt_tos), content))
        return self.answer


@asynccontextmanager
async def served(server: MailServer, tls: ssl.SSLContext | None = None, **rules: Any) -> AsyncIterator[int]:
    """A real mail server for as long as the block lasts, on a port that is free."""
    made: list[SMTP] = []

    def take() -> SMTP:
        made.append(SMTP(server, hostname="here", **rules))
        return made[-1]

    listening = await asyncio.get_running_loop().create_server(take, "127.0.0.1", 0, ssl=tls)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        for one in made:
            if one.transport is not None:
                one.transport.close()
        await asyncio.sleep(0.01)
