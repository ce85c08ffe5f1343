"""The adapter for e-mail as the runtime sees it."""

from __future__ import annotations

from orchestra.channels.account import Conversation
from orchestra.channels.description import StepKind
from orchestra.channels.mail.adapter import MailAdapter, mail_account
from orchestra.channels.parts import Identity, TextFormat
from orchestra.channels.port import ChannelAdapter, PollingAdapter
from orchestra.channels.registry import discover, find_adapter


def test_it_is_built_in() -> None:
    assert isinstance(find_adapter("mail", []), MailAdapter)
    assert discover([]).problems == ()
    assert isinstance(MailAdapter(), ChannelAdapter)
    assert isinstance(MailAdapter(), PollingAdapter)


def test_it_says_what_an_account_needs() -> None:
    described = MailAdapter().describe()
    assert described.step_kinds == {StepKind.SMTP, StepKind.IMAP}
    who = mail_account("Shop <care@shop.example>", token="a secret of the shop's own")
    assert described.check(who.config, who.secrets) == ()
    faults = described.check({}, (), "channels.mail")
    assert {fault.path for fault in faults} == {"channels.mail.from", "channels.mail.token"}


def test_an_account_is_made_of_its_address() -> None:
    who = mail_account("Shop <care@shop.example>", token="t", inbound="i", route_key="r", folder="Care")
    assert (who.id, who.channel, who.route_key, who.config["folder"]) == ("care@shop.example", "mail", "r", "Care")
    assert (who.secret_values("token"), who.secret_values("inbound")) == (("t",), ("i",))
    plain = mail_account("care@shop.example", token="t")
    assert (plain.route_key, plain.secret_values("inbound")) == ("mail-care@shop.example", ())


def test_it_says_what_mails_carry() -> None:
    can = MailAdapter().capabilities(
        mail_account("a@b.example", token="t"), Conversation(recipient=Identity("email", "x"))
    )
    assert can.formats == {TextFormat.PLAIN, TextFormat.HTML}
    assert can.can_initiate
    assert can.threads
    assert not can.outbound_idempotency
    assert not can.live
