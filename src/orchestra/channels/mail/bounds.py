"""How much of a foreign mail is read at most.

The standard library takes 1.3 s for 500 nested parts, 5 s for 20,000 addresses, and ends in a RecursionError at 1,000
parts: whoever reads foreign mails needs bounds of their own.
"""

from __future__ import annotations

import attrs

__all__ = ["USUAL", "Bounds"]


@attrs.frozen(kw_only=True)
class Bounds:
    """What is beyond is left out, and said so in `Mail.faults`; the rest of the mail stands.

    Attributes:
        mail_bytes: of the whole mail.
        header_bytes: of the header of a mail or part.
        depth: parts inside of parts.
        parts: of a mail, those that only hold others included.
        addresses: in one header field.
        references: ids in one header field; the oldest and the newest are kept.
        text_bytes: of the text, in UTF-8: more than a message may have could not be taken at all.
        attachments: of a mail.
    """

    mail_bytes: int = 25_000_000
    header_bytes: int = 64_000
    depth: int = 20
    parts: int = 200
    addresses: int = 100
    references: int = 50
    text_bytes: int = 400_000
    attachments: int = 100


USUAL = Bounds()
"""What is read where nobody says otherwise."""
