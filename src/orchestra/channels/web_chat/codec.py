"""One connection of the web chat, without its socket: frames in, events and frames out.

Belongs here: in which order frames may come, and who somebody is. Does not: what was written before, which the journal
knows, and when to end a silent connection (`orchestra.web`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import attrs

from orchestra.channels.account import Account
from orchestra.channels.port import Decoded, Issue, StreamStep
from orchestra.channels.web_chat.frames import (
    TEXT_LIMIT,
    VERSION,
    Hello,
    Ping,
    event_of,
    frame,
    is_hello,
    read_fields,
    read_hello,
)
from orchestra.channels.web_chat.tokens import Session, issue_token, lifetime_of, session_of
from orchestra.channels.wire import FrameStep
from orchestra.errors import MalformedMessage

__all__ = ["WebChatCodec"]


class WebChatCodec:
    """One connection. Each call of `feed` takes one whole frame.

    Args:
        account: whose chat it is.
        position: where the journal is: who is new has not written before it.
        draw: gives an id for who is new, which nobody can guess.

    Attributes:
        session: who it is; None before the first frame.
        after: the last message that they had seen before; they are shown those behind it.
    """

    def __init__(self, account: Account, position: int, draw: Callable[[], str]) -> None:
        self._account = account
        self._position = position
        self._draw = draw
        self.session: Session | None = None
        self.after = 0

    def feed(self, data: bytes, now: datetime) -> StreamStep:
        """Take the next frame; empty bytes mean that the peer has closed the connection. Never raises."""
        if not data:
            return StreamStep(is_closing=True)
        try:
            fields = read_fields(data)
            if self.session is None:
                if not is_hello(fields):
                    raise MalformedMessage("frame.type", "must be hello at first")
                return self._greet(read_hello(fields), now)
            found = event_of(fields, self.session, now, data)
        except MalformedMessage as error:
            return self._refuse(error, data)
        if isinstance(found, Ping):
            return StreamStep(frames=(self._step(frame("pong")),))
        return StreamStep(decoded=Decoded(events=(found,)))

    def token(self, session: Session) -> str:
        """Give the token of a session as it is now."""
        return issue_token(self._account, session)

    def _greet(self, hello: Hello, now: datetime) -> StreamStep:
        session = None if hello.token is None else session_of(hello.token, self._account, now)
        if session is None and hello.token is not None:
            # Whoever was known is not taken for somebody else in silence: the client asks anew, without a token.
            return StreamStep(frames=(self._step(frame("bye", code="token")),), is_closing=True)
        until = now + lifetime_of(self._account)
        if session is None:
            session = Session(person=self._draw(), expires_at=until, since=self._position)
        elif not session.is_known:
            session = attrs.evolve(
                session, expires_at=until
            )  # who comes back stays; the application decides for its own
        self.session, self.after = session, hello.after
        welcome = frame("welcome", version=VERSION, token=self.token(session), text_limit=TEXT_LIMIT)
        return StreamStep(frames=(self._step(welcome),))

    def _refuse(self, error: MalformedMessage, data: bytes) -> StreamStep:
        issue = Issue(code="malformed_frame", where=error.where, reason=error.reason, raw_digest="")
        bye = frame("bye", code="malformed", where=error.where)
        return StreamStep(decoded=Decoded(issues=(issue,)), frames=(self._step(bye),), is_closing=True)

    def _step(self, data: bytes) -> FrameStep:
        return FrameStep(idempotency_key="-", connection=self._account.id, data=data)
