"""The adapter for e-mail, held to the contract of adapters and to that of mails."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar

import attrs

from orchestra.channels.account import Account, Conversation
from orchestra.channels.mail.adapter import MailAdapter, mail_account
from orchestra.channels.mail.posted import SIGNATURE_HEADER, TIMESTAMP_HEADER, post_headers
from orchestra.channels.mail.settings import Settings
from orchestra.channels.mail.tokens import sealed_id
from orchestra.channels.outbound import Message
from orchestra.channels.parts import Identity
from orchestra.channels.port import ChannelAdapter, Decoded
from orchestra.channels.sending import SendPlan
from orchestra.channels.wire import (
    ImapAnswer,
    RawRequest,
    SmtpAnswer,
    SmtpStep,
    StepResult,
    StoredMail,
    Verified,
    WireStep,
)
from orchestra.testing.adapters import AdapterContract, MailContract, Signing

ACCOUNT = mail_account(
    "Shop <care@shop.example>",
    token="proves-ids-0123456789",
    inbound="posts-0123456789abcdef",
    route_key="r-5e11",
    plus_addresses=True,
)
OURS = sealed_id(Settings.of(ACCOUNT), "delivery-1", "case-1")
HEAD = """\
From: Ann <ann@customer.example>
To: care@shop.example
Subject: My order
Date: Mon, 05 Jan 2026 11:59:00 +0000
Message-ID: <m-1@customer.example>
"""
TEXT = "\nWhere is my order?\n"


def report(kind: str, told: str) -> str:
    """A report about a mail of ours."""
    parts = (
        "\nSomething became of it.",
        f"Content-Type: message/{kind}\n\n{told}\n",
        f"Content-Type: text/rfc822-headers\n\nMessage-ID: {OURS}\n",
    )
    body = "".join(f"--r\n{part}\n" for part in parts) + "--r--\n"
    head = f"From: mailer-daemon@customer.example\nMessage-ID: <{kind}@x>\n"
    return f"{head}Content-Type: multipart/report; report-type={kind}; boundary=r\n\n{body}"


ANN = "Final-Recipient: rfc822; ann@customer.example"
SAMPLES: Mapping[str, str] = {
    "message": HEAD + TEXT,
    "redelivery": "Received: from a by b; Mon, 05 Jan 2026 12:30:00 +0000\nDelivered-To: care@shop.example\n"
    + HEAD
    + TEXT,
    "extended": "X-Colour: green\nX-Colour: blue\nX-Spam-Score: 0\n" + HEAD + TEXT,
    "unknown": report("feedback-report", "Feedback-Type: abuse"),
    "echo": f"From: care@shop.example\nTo: ann@customer.example\nMessage-ID: {OURS}\n\nOn its way.\n",
    "delivered": report("delivery-status", f"Reporting-MTA: dns; x\n\n{ANN}\nAction: delivered\nStatus: 2.0.0"),
    "read": report("disposition-notification", f"{ANN}\nDisposition: manual-action/MDN-sent-manually; displayed"),
}


class TestMailAdapter(AdapterContract):
    not_applicable: ClassVar[Mapping[int, str]] = {
        9: "the signature is over the body",
        12: "nobody tries the address that mails are posted to",
        16: "a mail is posted alone: there are no batches",
        21: "people are known by their addresses, and nobody has a phone number here",
        22: "a receipt names its mail",
        23: "mails are neither edited nor deleted",
        24: "a mail that failed is a bounce, which MailContract has",
        25: "files come along in the mail",
        32: "a text has no limit of its own",
        33: "there is no window",
        38: "mail servers give no advice on when to try again",
        39: "a mail server's reply has no body",
        40: "mail servers honour no keys",
        43: "no HTTP is spoken on the way out",
    }
    signing = Signing(secret="inbound", headers=(TIMESTAMP_HEADER, SIGNATURE_HEADER), timestamp=TIMESTAMP_HEADER)
    content_type = "message/rfc822"
    names_account = False
    sequence_kinds = ("message", "delivered", "read")

    def adapter(self) -> ChannelAdapter:
        return MailAdapter()

    def account(self) -> Account:
        return ACCOUNT

    def conversation(self) -> Conversation:
        return Conversation(
            recipient=Identity("email", "ann@customer.example", "Ann"), id="<m-1@customer.example>", case_token="case-1"
        )

    def sign(self, request: RawRequest, secret: str) -> RawRequest:
        return attrs.evolve(request, headers=(*request.headers, *post_headers(secret, self.now, request.body)))

    def sign_at(self, request: RawRequest, secret: str, timestamp: str) -> RawRequest:
        def at(text: str) -> tuple[tuple[str, str], ...]:
            # Signed over the number that it may be taken for, and over the very text: neither may pass.
            moment = datetime.fromtimestamp(int(text), UTC)
            return ((TIMESTAMP_HEADER, timestamp), post_headers(secret, moment, request.body)[1])

        digits = timestamp.strip().lstrip("+").replace("_", "").removesuffix(".0")
        is_number = digits.isdecimal() and digits.isascii() and len(digits) < 12
        return attrs.evolve(request, headers=(*request.headers, *at(digits if is_number else "0")))

    def sample(self, kind: str) -> RawRequest:
        return self.posted(SAMPLES[kind].replace("\n", "\r\n").encode())

    def written(self, text: str) -> RawRequest:
        head = HEAD + "Content-Type: text/plain; charset=utf-8\n\n"
        return self.posted(f"{head}{text}\n".replace("\n", "\r\n").encode())

    def echo(self, step: WireStep) -> RawRequest:
        assert isinstance(step, SmtpStep)
        return self.posted(step.message)

    def answer(self, kind: str) -> StepResult:
        codes = {"accepted": 250, "permanent": 550, "transient": 451}
        return SmtpAnswer(code=codes[kind], text="5.1.1 nobody of that name" if kind == "permanent" else "")

    def page(self) -> StepResult:
        contents = (SAMPLES["message"], SAMPLES["delivered"])
        mails = tuple(StoredMail(uid=40 + number, content=text.encode()) for number, text in enumerate(contents))
        return ImapAnswer(uid_validity=7, uid_next=42, mails=mails, passed_uid=41)

    def posted(self, body: bytes) -> RawRequest:
        return RawRequest(method="POST", url="https://acme.example/hooks/r-5e11", body=body, received_at=self.now)


class TestMails(MailContract):
    def read(self, raw: bytes) -> Decoded:
        now = datetime(2026, 1, 5, 12, tzinfo=UTC)
        headers = post_headers("posts-0123456789abcdef", now, raw)
        request = RawRequest(method="POST", url="https://acme.example/", headers=headers, body=raw, received_at=now)
        verified = MailAdapter().verify(request, ACCOUNT, now)
        assert isinstance(verified, Verified)
        return MailAdapter().decode(verified, ACCOUNT)

    def sent_id(self) -> str:
        to = Conversation(recipient=Identity("email", "ann@customer.example"))
        plan = MailAdapter().encode(
            Message(key="delivery-1", text="Soon."), ACCOUNT, to, datetime(2026, 1, 5, 12, tzinfo=UTC)
        )
        assert isinstance(plan, SendPlan)
        step = plan.steps[0]
        assert isinstance(step, SmtpStep)
        return step.carry
