"""Reads mailboxes: the `imap` extra. The one module that imports it.

What belongs here: a connection for each asking, and the mails that a mailbox holds. What does not: what a mail says,
which is an adapter's, and when to ask.

IMAPClient is used, in a thread of its own: it is maintained, permissively licensed and parses servers' answers, which
none of the asynchronous clients is all at once (aioimaplib is under the GPL, and gives answers unparsed).
"""

from __future__ import annotations

import contextlib
import imaplib
import ssl
from collections.abc import Awaitable, Callable, Generator
from datetime import timedelta
from typing import Any, Literal

import anyio.to_thread
import attrs
from imapclient import IMAPClient, SocketTimeout  # type: ignore[import-untyped] # it has no types
from imapclient.exceptions import LoginError  # type: ignore[import-untyped] # as above

from orchestra.channels.wire import ImapAnswer, ImapStep, NoAnswer, NoAnswerReason, StepResult, StoredMail, WireStep

__all__ = ["ImapTransport"]


class ImapTransport:
    """A mailbox on a mail server (RFC 9051, and 3501 before it), for accounts whose adapter gives `ImapStep`s.

    Every asking has a connection of its own, which ends with it.

    Guarantees:
        The mailbox stays as it is: it is opened for reading alone, and nothing is marked as seen. No more of a mail is
        fetched than a step asks for, whatever its length. A mail that the server cannot give takes no other down.
    """

    def __init__(
        self,
        host: str,
        port: int = 993,
        *,
        username: str,
        password: str | None = None,
        access_token: Callable[[], Awaitable[str]] | None = None,
        security: Literal["tls", "starttls", "none"] = "tls",
        time_out: timedelta = timedelta(seconds=20),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Describe a mailbox. Nothing is opened yet.

        Args:
            host: its server's name or address.
            port: 993 with `tls`, 143 with `starttls`.
            username: whose mailbox it is.
            password: proves it; shown nowhere.
            access_token: gives what proves it instead, where a provider takes no passwords: an OAuth 2.0 access token.
                Asked for each connection, so it keeps a token for as long as it is good; OSError if there is none.
            security: how connections are kept from others; `none` is for a server on the same machine.
            time_out: the longest wait for each answer.
            tls: which certificates to trust; those that the system trusts unless stated.

        Raises:
            ValueError: there is neither a password nor a token, or both.
        """
        if (password is None) is (access_token is None):
            raise ValueError("a mailbox needs either a password or what gives an access token")
        self._host, self._port, self._security, self._tls = host, port, security, tls
        self._username, self._password, self._access_token = username, password, access_token
        self._time_out_s = time_out.total_seconds()

    def __repr__(self) -> str:
        return f"ImapTransport({self._host!r}, {self._port}, security={self._security!r})"

    async def perform(self, step: WireStep) -> StepResult:
        """Ask the mailbox, and tell what it holds."""
        if not isinstance(step, ImapStep):
            raise TypeError(f"a mailbox takes an ImapStep, not {type(step).__name__}")
        # Given up on, the thread ends by its time-outs: it only reads.
        try:
            token = None if self._access_token is None else await self._access_token()
        except OSError as error:
            return _broken_off(error, is_connected=False)
        return await anyio.to_thread.run_sync(self._ask, step, token, abandon_on_cancel=True)

    def _ask(self, step: ImapStep, token: str | None) -> StepResult:
        is_connected = False
        try:
            with self._connected(token) as client:
                is_connected = True
                return _Mailbox(client, step).read()
        except LoginError:
            return ImapAnswer(refusal="login")
        except (OSError, imaplib.IMAP4.abort) as error:
            return _broken_off(error, is_connected=is_connected)
        except imaplib.IMAP4.error:
            return ImapAnswer(refusal="folder" if is_connected else "connection")

    @contextlib.contextmanager
    def _connected(self, token: str | None) -> Generator[Any]:
        make: Any = IMAPClient
        client = make(
            self._host,
            self._port,
            ssl=self._security == "tls",
            ssl_context=self._tls,
            timeout=SocketTimeout(self._time_out_s, self._time_out_s),
        )
        try:
            if self._security == "starttls":
                client.starttls(self._tls)
            if token is None:
                client.login(self._username, self._password)
            else:
                client.oauth2_login(self._username, token)
            yield client
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                client.logout()
        finally:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                client.shutdown()


def _broken_off(error: Exception, *, is_connected: bool) -> NoAnswer:
    if isinstance(error, TimeoutError):
        return NoAnswer(NoAnswerReason.TIMED_OUT, may_have_arrived=is_connected)
    reason = NoAnswerReason.CUT_SHORT if is_connected else NoAnswerReason.NOT_CONNECTED
    return NoAnswer(reason, may_have_arrived=is_connected)


@attrs.define
class _Mailbox:
    """An open connection, and what is read over it."""

    client: Any
    step: ImapStep
    mails: list[StoredMail] = attrs.field(factory=list)
    room: int = 0

    def read(self) -> ImapAnswer:
        step = self.step
        self.room = step.most_bytes_in_all
        folder = self.client.select_folder(step.folder, readonly=True)
        validity, following = _number(folder, b"UIDVALIDITY"), _number(folder, b"UIDNEXT")
        is_known = validity == step.uid_validity
        after = step.after_uid if is_known else 0
        uids = self._found(after, is_known=is_known)
        passed, is_all = self._fetch(uids[: step.most_mails], after)
        has_more = not is_all or len(uids) > step.most_mails
        return ImapAnswer(
            uid_validity=validity,
            uid_next=following,
            mails=tuple(self.mails),
            passed_uid=passed if has_more else max(passed, following - 1),
            has_more=has_more,
        )

    def _found(self, after: int, *, is_known: bool) -> list[int]:
        """The UIDs that are wanted. A range that ends in `*` holds the last mail whatever its UID: it is sorted out."""
        criteria: list[Any] = ["UID", f"{after + 1}:*"] if is_known else ["SINCE", self.step.since]
        return sorted(uid for uid in self.client.search(criteria) if uid > after)

    def _fetch(self, uids: list[int], passed: int) -> tuple[int, bool]:
        """Read mails for as long as there is room: up to which UID, and whether that is all of them."""
        sizes = self.client.fetch(uids, ["RFC822.SIZE"])
        for uid in uids:
            size = _number(sizes.get(uid, {}), b"RFC822.SIZE")
            wanted = min(size, self.step.most_bytes)
            if self.mails and wanted > self.room:
                return passed, False
            try:
                self._fetch_one(uid, size)
            except (OSError, imaplib.IMAP4.abort):
                if not self.mails:
                    raise
                return passed, False  # what came before counts, and the rest is asked for again
            self.room -= wanted
            passed = uid
        return passed, True

    def _fetch_one(self, uid: int, size: int) -> None:
        """Read a mail, only its beginning if it is too long; nothing if it is gone by now."""
        is_whole = size <= self.step.most_bytes
        section = "BODY.PEEK[]" if is_whole else f"BODY.PEEK[]<0.{self.step.most_bytes}>"
        try:
            fields = self.client.fetch([uid], [section]).get(uid)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            self.mails.append(StoredMail(uid=uid, content=b"", is_whole=False))
            return
        for name, content in (fields or {}).items():
            if name.startswith(b"BODY[") and isinstance(content, bytes):
                self.mails.append(StoredMail(uid=uid, content=content[: self.step.most_bytes], is_whole=is_whole))


def _number(fields: Any, name: bytes) -> int:
    value = fields.get(name)
    return value if isinstance(value, int) else 0
