"""Where a bot calls: a server, and the bot's token in the path."""

from __future__ import annotations

import re

from orchestra.channels.account import Account
from orchestra.channels.sending import Refused
from orchestra.channels.telegram.facts import DEFAULT_URL, TOKEN_SECRET

__all__ = ["prefix_of"]

# A token stands in the path: nothing in it may lead elsewhere.
_TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{1,100}")


def prefix_of(account: Account) -> str | Refused:
    """Give what stands before every method's name, or say what the account lacks."""
    tokens = account.secret_values(TOKEN_SECRET)
    if not tokens or _TOKEN.fullmatch(tokens[0]) is None:
        return Refused("no_token", "the account needs the secret `token`, as BotFather gave it")
    return f"{account.text_setting('url', DEFAULT_URL)}/bot{tokens[0]}/"
