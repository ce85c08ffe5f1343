"""The servers of one mail account: where its mails go out, and where its mailbox is."""

from __future__ import annotations

from orchestra.channels.transport import Transport
from orchestra.channels.wire import ImapStep, StepResult, WireStep

__all__ = ["MailServers"]


class MailServers:
    """A transport that leads each step of a mail account to the server it is for.

    Args:
        outgoing: takes `SmtpStep`s, as `smtp_transport.SmtpTransport` does.
        mailbox: takes `ImapStep`s, as `imap_transport.ImapTransport` does.
    """

    def __init__(self, outgoing: Transport, mailbox: Transport) -> None:
        self._outgoing = outgoing
        self._mailbox = mailbox

    def __repr__(self) -> str:
        return f"MailServers({self._outgoing!r}, {self._mailbox!r})"

    async def perform(self, step: WireStep) -> StepResult:
        """Hand a step to its server."""
        server = self._mailbox if isinstance(step, ImapStep) else self._outgoing
        return await server.perform(step)
