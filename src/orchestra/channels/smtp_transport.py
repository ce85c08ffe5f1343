"""Carries mails to a mail server: the `smtp` extra. The one module that imports it.

What belongs here: a connection for each mail, and what came of it. What does not: what stands in a mail, which is an
adapter's, and trying again, which the engine decides.
"""

from __future__ import annotations

import base64
import ssl
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Literal, TypeAlias

import aiosmtplib
from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPTimeoutError,
)

from orchestra.channels.wire import NoAnswer, NoAnswerReason, SmtpAnswer, SmtpStep, StepResult, WireStep

__all__ = ["Security", "SmtpTransport"]

Security: TypeAlias = Literal["starttls", "tls", "none"]
"""How a connection is kept from others: raised to TLS once it stands, TLS from the first byte, or not at all."""

_NO_MAILBOX = 553
"""Mailbox name not allowed (RFC 5321, section 4.2.2), said in the server's place."""
_KNOWN, _GO_ON = 235, 334
"""It knows us; it wants to hear more (RFC 4954, section 6)."""
_LEAST_CODE = 200
"""Of a reply that ends a command (RFC 5321, section 4.2.1)."""


class SmtpTransport:
    """A mail server that takes mails for others (RFC 5321), for accounts whose adapter gives `SmtpStep`s.

    Runs on asyncio. Every mail has a connection of its own, which ends with it: nothing is kept that could be stale.

    Guarantees:
        A mail is written once at most. It is told to have arrived only if the server took it, and that it may have
        only if some of it was written.
    """

    def __init__(
        self,
        host: str,
        port: int = 587,
        *,
        security: Security = "starttls",
        username: str | None = None,
        password: str | None = None,
        access_token: Callable[[], Awaitable[str]] | None = None,
        time_out: timedelta = timedelta(seconds=30),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Describe a server. Nothing is opened yet.

        Args:
            host: its name or address.
            port: 587 for mails to be sent on, 465 with `tls`.
            security: how connections are kept from others; `none` is for a server on the same machine.
            username: who we are there; None where nobody is asked.
            password: proves it; shown nowhere.
            access_token: gives what proves it instead, where a provider takes no passwords: an OAuth 2.0 access token.
                Asked for each mail, so it keeps a token for as long as it is good; OSError if there is none.
            time_out: the longest wait for each answer.
            tls: which certificates to trust; those that the system trusts unless stated.

        Raises:
            ValueError: a password would go over a connection that everybody can read.
        """
        if security == "none" and username is not None:
            raise ValueError("a password needs security='starttls' or 'tls': else everybody on the way can read it")
        self._host, self._port, self._security, self._tls = host, port, security, tls
        self._username, self._password, self._access_token = username, password, access_token
        self._time_out_s = time_out.total_seconds()

    def __repr__(self) -> str:
        return f"SmtpTransport({self._host!r}, {self._port}, security={self._security!r})"

    async def perform(self, step: WireStep) -> StepResult:
        """Give a mail to the server, and tell what it said."""
        if not isinstance(step, SmtpStep):
            raise TypeError(f"a mail server takes an SmtpStep, not {type(step).__name__}")
        server = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            timeout=self._time_out_s,
            use_tls=self._security == "tls",
            start_tls=self._security == "starttls",
            tls_context=self._tls,
        )
        try:
            return await self._connect(server) or await _give(server, step)
        finally:
            server.close()

    async def _connect(self, server: aiosmtplib.SMTP) -> StepResult | None:
        """Why there is no connection, or the server does not know us; None if all is well."""
        try:
            await server.connect()
            if server.is_ehlo_or_helo_needed:
                await server.ehlo()
            if self._username is not None and self._access_token is not None:
                await _log_in(server, self._username, await self._access_token())
            elif self._username is not None:
                await server.login(self._username, self._password or "")
        except (SMTPException, OSError) as error:
            return _said(error) or NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False)
        return None


async def _log_in(server: aiosmtplib.SMTP, username: str, token: str) -> None:
    """Say who we are by a token (XOAUTH2, as Google and Microsoft document it).

    A refusal comes in two steps: what is wrong, which an empty line answers, then the reply.
    """
    told = base64.b64encode(f"user={username}\x01auth=Bearer {token}\x01\x01".encode())
    reply = await server.execute_command(b"AUTH", b"XOAUTH2", told)
    if reply.code == _GO_ON:
        reply = await server.execute_command(b"")
    if reply.code != _KNOWN:
        raise SMTPAuthenticationError(reply.code, reply.message)


async def _give(server: aiosmtplib.SMTP, step: SmtpStep) -> StepResult:
    """The envelope first, then the mail: only what is broken off while that is written may have arrived."""
    try:
        found = await _envelope(server, step)
        if isinstance(found, SmtpAnswer):
            return found
    except (SMTPException, OSError) as error:
        return _said(error) or _broken_off(error, may_have_arrived=False)
    try:
        code, text = await server.data(step.message)
    except (SMTPException, OSError) as error:
        return _said(error) or _broken_off(error, may_have_arrived=True)
    await _part(server)
    return SmtpAnswer(code=code, text=text, refused=found)


async def _envelope(server: aiosmtplib.SMTP, step: SmtpStep) -> SmtpAnswer | tuple[tuple[str, int], ...]:
    """Say from whom and to whom: the recipients that are refused, or the answer if that is all of them."""
    addresses = (step.sender, *step.recipients)
    if not all(address.isprintable() for address in addresses):
        return SmtpAnswer(code=_NO_MAILBOX, text="has control characters in an address")
    is_ascii = all(map(str.isascii, addresses))
    if not is_ascii and not server.supports_extension("smtputf8"):
        return SmtpAnswer(code=_NO_MAILBOX, text="takes no addresses with other letters than those of ASCII")
    if is_ascii:
        await server.mail(step.sender)
    else:
        await server.mail(step.sender, options=["SMTPUTF8"], encoding="utf-8")
    refused: list[tuple[str, int]] = []
    last: SMTPRecipientRefused | None = None
    for recipient in step.recipients:
        try:
            await server.rcpt(recipient, encoding="ascii" if is_ascii else "utf-8")
        except SMTPRecipientRefused as error:
            refused.append((recipient, error.code))
            last = error
    if last is not None and len(refused) == len(step.recipients):
        return SmtpAnswer(code=last.code, text=last.message, refused=tuple(refused))
    return tuple(refused)


async def _part(server: aiosmtplib.SMTP) -> None:
    """Say goodbye. The server has the mail, whatever comes of that."""
    try:
        await server.quit()
    except (SMTPException, OSError):
        return


def _said(error: Exception) -> SmtpAnswer | None:
    """What the server said to refuse something; None if it said nothing that is a reply."""
    if not isinstance(error, SMTPResponseException) or error.code < _LEAST_CODE:
        return None
    return SmtpAnswer(code=error.code, text=error.message)


def _broken_off(error: Exception, *, may_have_arrived: bool) -> NoAnswer:
    is_late = isinstance(error, SMTPTimeoutError | TimeoutError)
    reason = NoAnswerReason.TIMED_OUT if is_late else NoAnswerReason.CUT_SHORT
    return NoAnswer(reason, may_have_arrived=may_have_arrived)
