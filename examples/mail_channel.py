"""A channel for mails that go out, over any mail server: an adapter as an integrator writes it in an afternoon.

    line = Line("mail", MailAdapter(), account("Shop <care@shop.example>"), SmtpTransport("smtp.shop.example"))
    async with Workspace.open(plan, journal="sqlite:contacts.db", channels=[line]) as ws: ...

It only sends: answers to its mails come in by `ws.receive(Message("mail", ...))`, from whatever reads the mailbox.
"""

from __future__ import annotations

from datetime import datetime
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from orchestra.channels.account import Account, Conversation
from orchestra.channels.capabilities import Capabilities
from orchestra.channels.description import ConfigField, ConfigKind, Description, StepKind
from orchestra.channels.outbound import Message, Outbound
from orchestra.channels.port import Decoded
from orchestra.channels.sending import Failed, Interpreted, Refused, Retry, SendPlan, Sent, Unknown
from orchestra.channels.wire import (
    Handshake,
    NoAnswer,
    RawRequest,
    Rejected,
    SmtpAnswer,
    SmtpStep,
    StepResult,
    Verified,
    WireStep,
)

__all__ = ["MailAdapter", "account"]

_FROM = "from"
_GONE = 500
"""Reply codes from here on are final, those from 400 are not (RFC 5321, section 4.2.1)."""


def account(sender: str, channel: str = "mail") -> Account:
    """The account that mails come from: `Shop <care@shop.example>`."""
    return Account(route_key=f"{channel}-sends-only", channel=channel, id=parseaddr(sender)[1], config={_FROM: sender})


class MailAdapter:
    """Writes one mail for each message, to the address that the conversation is with."""

    channel = "mail"
    contract_version = 1

    def describe(self) -> Description:
        """Tell what an account needs: the address that mails come from."""
        sender = ConfigField(name=_FROM, kind=ConfigKind.TEXT, help="Shop <care@shop.example>", is_required=True)
        return Description(title="Mail", config=(sender,), step_kinds=frozenset({StepKind.SMTP}))

    def capabilities(self, account: Account, conversation: Conversation) -> Capabilities:
        """Tell what mails carry. No server promises to take the same mail only once."""
        return Capabilities(can_initiate=True, identity_kinds=frozenset({"email"}))

    def verify(self, request: RawRequest, account: Account, now: datetime) -> Verified | Handshake | Rejected:
        """Nobody has anything to tell here."""
        return Rejected("sends_only", status=404)

    def decode(self, verified: Verified, account: Account) -> Decoded:
        """Nothing comes in."""
        return Decoded()

    def encode(
        self, message: Outbound, account: Account, conversation: Conversation, now: datetime
    ) -> SendPlan | Refused:
        """Plan one mail. Its id is made of the delivery's key, so that each attempt sends the same mail."""
        if not isinstance(message, Message):
            return Refused("kind", "only text can be mailed")
        sender = account.text_setting(_FROM, "")
        name, address = parseaddr(sender)
        mail = EmailMessage(policy=SMTP)
        try:
            mail["From"] = sender
            mail["To"] = conversation.recipient.value
            mail["Subject"] = message.subject or f"A message from {name or address}"
            mail["Date"] = format_datetime(now)
            mail["Message-ID"] = f"<{message.key}@{address.rpartition('@')[2]}>"
            mail["Auto-Submitted"] = "auto-generated"  # so that no program answers it (RFC 3834, section 5)
            mail.set_content(message.text)
            content = mail.as_bytes()
        except (MessageError, ValueError, UnicodeError):
            return Refused("header", "an address or the title cannot stand in a header")
        step = SmtpStep(
            idempotency_key=message.key,
            sender=address,
            recipients=(conversation.recipient.value,),
            message=content,
            carry=str(mail["Message-ID"]),
        )
        return SendPlan((step,))

    def interpret(self, step: WireStep, result: StepResult, now: datetime) -> Interpreted:
        """Say what came of it: without an answer only what cannot have arrived is tried again."""
        if isinstance(result, NoAnswer):
            code = result.reason.value
            return Unknown(code) if result.may_have_arrived else Retry(code)
        if not isinstance(result, SmtpAnswer):
            return Failed("no_mail_server")
        code = f"smtp_{result.code}"
        if result.code >= _GONE:
            return Failed(code)
        return Sent((step.carry,)) if result.code < 400 else Retry(code)
