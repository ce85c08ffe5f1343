"""What a mail server pipes each mail into that comes for the shop: it is posted to the workspace's web door.

    care@shop.example  |/srv/shop/mail_pipe.py https://desk.shop.example/hooks/ROUTE_KEY

The secret is in MAIL_SECRET. Until the mail is in the journal it is the mail server's, which tries again.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from orchestra.channels.mail.posted import post_headers

__all__ = ["post"]

TAKEN, NO_MAIL, TRY_AGAIN = 0, 65, 75
"""What mail servers understand: done, returned to the sender, kept for later (sysexits.h)."""


def post(mail: bytes, url: str, secret: str) -> int:
    """Post a mail; gives what the mail server is to do with it."""
    where = urlsplit(url)
    kind = HTTPSConnection if where.scheme == "https" else HTTPConnection
    door = kind(where.netloc, timeout=30)
    try:
        door.request("POST", where.path, body=mail, headers=dict(post_headers(secret, datetime.now(UTC), mail)))
        status = door.getresponse().status
    except (OSError, HTTPException):
        return TRY_AGAIN
    finally:
        door.close()
    return TAKEN if status == 200 else NO_MAIL if status == 400 else TRY_AGAIN


if __name__ == "__main__":
    sys.exit(post(sys.stdin.buffer.read(), sys.argv[1], os.environ["MAIL_SECRET"]))
