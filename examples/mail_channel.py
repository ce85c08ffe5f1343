"""A line for e-mail: what people mail to the shop comes in, and what agents answer goes out.

async with Workspace.open(PLAN, "sqlite:contacts.db", channels=[line(...)]) as ws: ...
"""

from __future__ import annotations

from orchestra import Line, Plan
from orchestra.channels.imap_transport import ImapTransport
from orchestra.channels.mail.adapter import MailAdapter, mail_account
from orchestra.channels.mail.servers import MailServers
from orchestra.channels.smtp_transport import SmtpTransport

__all__ = ["PLAN", "line"]

PLAN = Plan.parse("""
[workspace]
default_queue = "care"
[teams.care]
[queues.care]
team = "care"
[channels.mail]
poll = "30s"
[agents.ana]
teams = ["care"]
""")


def line(sender: str, token: str, outgoing: SmtpTransport, mailbox: ImapTransport) -> Line:
    """The line of an address, as `Shop <care@shop.example>`; `token` is a secret to keep for good."""
    account = mail_account(sender, token=token, plus_addresses=True)
    return Line("mail", MailAdapter(), account, MailServers(outgoing, mailbox))
