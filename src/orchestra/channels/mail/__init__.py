"""E-mail: reading, telling what a mail is, writing, and asking a mailbox.

Belongs here: all that is pure. `adapter.MailAdapter` fulfils the port; `reading.read_mail` gives a mail's bytes as
values. Does not: connections, which are those of `smtp_transport` and `imap_transport`.

Import the module that you need; this package re-exports nothing, so that it stays cheap to import.
"""

from __future__ import annotations

__all__: list[str] = []
