"""An account's settings for mails, read from its `Account`."""

from __future__ import annotations

import re

import attrs

from orchestra.channels.account import Account
from orchestra.channels.description import ConfigField, ConfigKind
from orchestra.channels.mail.addresses import Mailbox, parse_addresses, same_address
from orchestra.channels.mail.bounds import Bounds

__all__ = ["CONFIG", "INBOUND_SECRET", "TOKEN_SECRET", "Settings"]

TOKEN_SECRET = "token"  # noqa: S105 - the name under which the secret is kept, not a secret
"""Proves that an id or address is of our making. Keep replaced values for as long as people answer old mails."""
INBOUND_SECRET = "inbound"  # noqa: S105 - as above
"""Shared with whatever posts mails to us."""

_TEXTS = (
    ("subject", "the subject of mails whose message has none; 'A message from Shop' if not set"),
    ("aliases", "further own addresses, separated by commas: what comes from them is our own"),
    ("forms", "addresses that own web forms mail from, separated by commas: there Reply-To is the sender"),
    ("lists", "List-Ids of own groups that pass mails on, separated by commas: those are no mailing lists"),
    ("trusted_results", "the name of the own mail server in its Authentication-Results; others do not count"),
    ("case_number", "the form of cases' numbers in subjects, as the plan has it; 'C-{:06d}' if not set, '' for none"),
    ("inbound", "how posted mails prove to be genuine: 'signature' (if not set) or 'bearer'"),
    ("folder", "the folder of the mailbox that is read; INBOX if not set"),
)  # fmt: skip
_INTEGERS = (
    ("first_days", "how many days back to read a mailbox that is asked for the first time; 1 if not set"),
    ("most_bytes", "the longest mail to send, and the most of a mail that is read; 25,000,000 if not set"),
)

CONFIG = (
    ConfigField(name="from", kind=ConfigKind.TEXT, help="Shop <care@shop.example>", is_required=True),
    *(ConfigField(name=name, kind=ConfigKind.TEXT, help=text) for name, text in _TEXTS),
    *(ConfigField(name=name, kind=ConfigKind.INTEGER, help=text) for name, text in _INTEGERS),
    ConfigField(
        name="plus_addresses",
        kind=ConfigKind.FLAG,
        help="the mail server delivers care+anything@shop.example to care@shop.example, too",
    ),
)
"""The settings of an account."""

_NOBODY = Mailbox("")
_MOST_ADDRESSES = 100


@attrs.frozen(kw_only=True)
class Settings:
    """What an account says, with what it does not say filled in.

    Attributes:
        sender: whom our mails come from.
        own: every address of ours.
        forms: the addresses of our own forms.
        lists: the ids of own groups that pass mails on to us, in lower case.
        subject: for mails whose message has none.
        has_plus: our server takes what stands behind a plus sign.
        trusted: whose `Authentication-Results` count; empty for nobody's.
        secrets: the token secrets, the current one first.
        case_number: finds a case's number in a subject; None if none is looked for.
        folder: the folder that is read.
        first_days: how far back the first time.
        bounds: how much of a mail is read and sent.
    """

    sender: Mailbox
    own: tuple[str, ...] = attrs.field(repr=False)
    forms: tuple[str, ...] = attrs.field(repr=False)
    lists: tuple[str, ...]
    subject: str
    has_plus: bool
    trusted: str
    secrets: tuple[str, ...] = attrs.field(repr=False)
    case_number: re.Pattern[str] | None
    folder: str
    first_days: int
    bounds: Bounds

    @classmethod
    def of(cls, account: Account) -> Settings:
        """Read an account's settings; what is not well formed counts as not set."""
        sender = next(iter(parse_addresses(account.text_setting("from", ""), 1)), _NOBODY)
        aliases = _addresses(account, "aliases")
        most = _integer(account, "most_bytes", Bounds().mail_bytes)
        return cls(
            sender=sender,
            own=(sender.address, *aliases),
            forms=_addresses(account, "forms"),
            lists=tuple(one.strip().lower() for one in account.text_setting("lists", "").split(",") if one.strip()),
            subject=account.text_setting("subject", "") or f"A message from {sender.name or sender.address}",
            has_plus=account.config.get("plus_addresses") is True,
            trusted=account.text_setting("trusted_results", "").strip().lower(),
            secrets=account.secret_values(TOKEN_SECRET),
            case_number=_number(account.text_setting("case_number", "C-{:06d}")),
            folder=account.text_setting("folder", "INBOX"),
            first_days=_integer(account, "first_days", 1),
            bounds=Bounds(mail_bytes=most),
        )

    def is_own(self, address: str) -> bool:
        """Tell whether an address is ours, whatever stands behind a plus sign."""
        plain = _without_plus(address)
        return any(same_address(plain, own) or same_address(address, own) for own in self.own)

    def behind_plus(self, address: str) -> str | None:
        """Give what stands behind the plus sign of an address of ours; None if nothing does, or it is not ours."""
        local, _, domain = address.rpartition("@")
        own, plus, behind = local.partition("+")
        if not plus or not any(same_address(f"{own}@{domain}", known) for known in self.own):
            return None
        return behind or None


def _without_plus(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _number(form: str) -> re.Pattern[str] | None:
    """What finds a number of that form; None if there is no place for one in it."""
    before, opening, rest = form.partition("{")
    _, closing, after = rest.partition("}")
    if not opening or not closing:
        return None
    return re.compile(rf"(?<![\w-]){re.escape(before)}[0-9]{{1,15}}{re.escape(after)}(?![\w-])", re.ASCII)


def _addresses(account: Account, name: str) -> tuple[str, ...]:
    return tuple(found.address for found in parse_addresses(account.text_setting(name, ""), _MOST_ADDRESSES))


def _integer(account: Account, name: str, default: int) -> int:
    value = account.config.get(name, default)
    return value if type(value) is int and value >= 0 else default
