"""Each step of a mail account goes to the server it is for."""

from __future__ import annotations

from datetime import date

import anyio

from orchestra.channels.mail.servers import MailServers
from orchestra.channels.transport import Transport
from orchestra.channels.wire import ImapAnswer, ImapStep, SmtpAnswer, SmtpStep, StepResult, WireStep


class Server:
    def __init__(self, answer: StepResult) -> None:
        self.answer = answer
        self.took: list[WireStep] = []

    async def perform(self, step: WireStep) -> StepResult:
        self.took.append(step)
        return self.answer

    def __repr__(self) -> str:
        return type(self.answer).__name__


def test_mails_go_out_and_mailboxes_are_asked() -> None:
    outgoing, mailbox = Server(SmtpAnswer(code=250)), Server(ImapAnswer(uid_validity=1))
    servers = MailServers(outgoing, mailbox)
    mail = SmtpStep(idempotency_key="k", sender="a@x", recipients=("b@x",), message=b"")
    asking = ImapStep(idempotency_key="k", folder="INBOX", since=date(2026, 11, 30))
    assert isinstance(servers, Transport)
    assert anyio.run(servers.perform, mail) == outgoing.answer
    assert anyio.run(servers.perform, asking) == mailbox.answer
    assert (outgoing.took, mailbox.took) == ([mail], [asking])
    assert repr(servers) == "MailServers(SmtpAnswer, ImapAnswer)"
