"""The mail transport against a real server on this machine, and against servers that do as they please."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from tests.mail_server import MailServer, served
from tests.tls import certify, contexts

from orchestra.channels.smtp_transport import SmtpTransport
from orchestra.channels.wire import FrameStep, NoAnswer, NoAnswerReason, SmtpAnswer, SmtpStep

SOON = timedelta(seconds=0.3)
MAIL = b"From: shop@example.com\r\nTo: joe@example.com\r\nSubject: News\r\n\r\nHello\r\n.\r\nJoe\r\n"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # which is all that the client runs on


def step(*recipients: str, sender: str = "shop@example.com") -> SmtpStep:
    return SmtpStep(idempotency_key="k", sender=sender, recipients=recipients or ("joe@example.com",), message=MAIL)


@asynccontextmanager
async def scripted(*lines: bytes, hangs: bool = False) -> AsyncIterator[int]:
    """A server that says these lines, one for each that it is told, and then hangs up or says nothing any more."""
    over = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for line in lines:
            writer.write(line + b"\r\n")
            if not await reader.readline():
                break
        if hangs:
            await over.wait()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        over.set()
        server.close()
        await asyncio.sleep(0.01)


def transport(port: int, **values: Any) -> SmtpTransport:
    return SmtpTransport("127.0.0.1", port, **{"security": "none", "time_out": SOON, **values})


async def test_a_mail_arrives_as_it_is() -> None:
    house = MailServer()
    async with served(house) as port:
        answer = await transport(port).perform(step("joe@example.com", "ann@example.com"))
    assert answer == SmtpAnswer(code=250, text="taken")
    assert house.got == [("shop@example.com", ["joe@example.com", "ann@example.com"], MAIL)]


async def test_who_is_refused_is_named_and_others_get_it() -> None:
    house = MailServer(refuses=["eve@example.com"])
    async with served(house) as port:
        answer = await transport(port).perform(step("eve@example.com", "joe@example.com"))
        nobody = await transport(port).perform(step("eve@example.com"))
    assert answer == SmtpAnswer(code=250, text="taken", refused=(("eve@example.com", 550),))
    assert nobody == SmtpAnswer(code=550, text="nobody of that name", refused=(("eve@example.com", 550),))
    assert [to for _, to, _ in house.got] == [["joe@example.com"]]


async def test_what_the_server_says_of_the_mail_is_the_answer() -> None:
    async with served(MailServer(answer="452 the disk is full")) as port:
        assert await transport(port).perform(step()) == SmtpAnswer(code=452, text="the disk is full")


@pytest.mark.parametrize("is_able", [True, False])
async def test_other_letters_in_an_address(is_able: bool) -> None:
    house = MailServer()
    async with served(house, enable_SMTPUTF8=is_able) as port:
        answer = await transport(port).perform(step("jörg@example.com"))
    assert isinstance(answer, SmtpAnswer)
    assert answer.code == (250 if is_able else 553)
    assert [to for _, to, _ in house.got] == [["jörg@example.com"]] * is_able


async def test_an_address_that_would_be_another_command_is_refused() -> None:
    house = MailServer()
    async with served(house) as port:
        for wrong in (step("joe@example.com>\r\nRCPT TO:<eve@example.com"), step(sender="a@x\nDATA")):
            answer = await transport(port).perform(wrong)
            assert isinstance(answer, SmtpAnswer)
            assert answer.code == 553
    assert house.got == []


async def test_nobody_is_there() -> None:
    async with served(MailServer()) as port:
        pass
    expected = NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False)
    assert await transport(port).perform(step()) == expected


HELLO = (b"220 here", b"250 here")


@pytest.mark.parametrize(
    ("lines", "hangs", "expected"),
    [
        ([b"554 go away"], False, SmtpAnswer(code=554, text="go away")),
        ([b"nonsense"], False, NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False)),
        ([*HELLO, b"nonsense"], False, NoAnswer(NoAnswerReason.CUT_SHORT, may_have_arrived=False)),
        (
            [*HELLO, b"250 ok", b"250 ok", b"354 go", b"?"],
            False,
            NoAnswer(NoAnswerReason.CUT_SHORT, may_have_arrived=True),
        ),
        ([*HELLO], False, NoAnswer(NoAnswerReason.CUT_SHORT, may_have_arrived=False)),
        ([*HELLO], True, NoAnswer(NoAnswerReason.TIMED_OUT, may_have_arrived=False)),
        ([*HELLO, b"451 later"], False, SmtpAnswer(code=451, text="later")),
        ([*HELLO, b"250 ok", b"250 ok", b"503 no"], False, SmtpAnswer(code=503, text="no")),
        ([*HELLO, b"250 ok", b"250 ok", b"354 go"], False, NoAnswer(NoAnswerReason.CUT_SHORT, may_have_arrived=True)),
        ([*HELLO, b"250 ok", b"250 ok", b"354 go"], True, NoAnswer(NoAnswerReason.TIMED_OUT, may_have_arrived=True)),
    ],
)
async def test_a_server_that_does_as_it_pleases(lines: list[bytes], hangs: bool, expected: Any) -> None:
    async with scripted(*lines, hangs=hangs) as port:
        assert await transport(port).perform(step()) == expected


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for 127.0.0.1 that nobody but these tests trusts."""
    return certify(tmp_path_factory.mktemp("tls") / "both.pem")


def let_in(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    assert isinstance(data, LoginPassword)
    return AuthResult(success=(data.login, data.password) == (b"shop", b"secret"), handled=False)


@pytest.mark.filterwarnings("ignore:Requiring AUTH", "ignore:Session.login_data")  # what that server thinks of itself
@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize("password", ["secret", "wrong"])
async def test_who_says_who_they_are_does_so_where_nobody_listens(
    certificate: Path, security: str, password: str
) -> None:
    server_tls, client_tls = contexts(certificate)
    house = MailServer()
    rules: dict[str, Any] = {"authenticator": let_in, "auth_required": True}
    if security == "starttls":
        rules |= {"tls_context": server_tls, "require_starttls": True}
    else:
        rules |= {"auth_require_tls": False}
    async with served(house, server_tls if security == "tls" else None, **rules) as port:
        who = {"username": "shop", "password": password, "security": security, "tls": client_tls}
        answer = await transport(port, **who, time_out=timedelta(seconds=5)).perform(step())
    assert isinstance(answer, SmtpAnswer)
    assert (answer.code, len(house.got)) == ((250, 1) if password == "secret" else (535, 0))


class TokenServer(MailServer):
    """It wants an access token, and says why it does not take one before it refuses it."""

    async def auth_XOAUTH2(self, server: SMTP, words: list[str]) -> AuthResult | None:
        said = base64.b64decode(words[1]).decode()
        if said == "user=shop\x01auth=Bearer good\x01\x01":
            return AuthResult(success=True)
        await server.challenge_auth(base64.b64encode(b'{"status":"400"}').decode(), encode_to_b64=False)
        return AuthResult(success=False, handled=False)


@pytest.mark.filterwarnings("ignore:Requiring AUTH", "ignore:Session.login_data")
@pytest.mark.parametrize("token", ["good", "old", None])
async def test_a_token_says_who_they_are_where_no_password_is_taken(certificate: Path, token: str | None) -> None:
    server_tls, client_tls = contexts(certificate)
    house = TokenServer()

    async def give() -> str:
        if token is None:
            raise ConnectionRefusedError("nobody gives tokens there")
        return token

    async with served(house, server_tls, auth_require_tls=False, auth_required=True) as port:
        who: dict[str, Any] = {"username": "shop", "access_token": give, "security": "tls", "tls": client_tls}
        answer = await transport(port, **who, time_out=timedelta(seconds=5)).perform(step())
    if token is None:
        assert answer == NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False)
    else:
        assert isinstance(answer, SmtpAnswer)
        assert answer.code == (250 if token == "good" else 535)
    assert len(house.got) == (1 if token == "good" else 0)


async def test_a_server_that_nobody_vouches_for_is_told_nothing(certificate: Path) -> None:
    server_tls, _ = contexts(certificate)
    house = MailServer()
    async with served(house, server_tls) as port:
        answer = await transport(port, security="tls", time_out=timedelta(seconds=5)).perform(step())
    assert answer == NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False)
    assert house.got == []


async def test_a_server_that_cannot_be_raised_to_tls_is_told_nothing() -> None:
    house = MailServer()
    async with served(house) as port:
        answer = await transport(port, security="starttls").perform(step())
    assert answer == NoAnswer(NoAnswerReason.NOT_CONNECTED, may_have_arrived=False)
    assert house.got == []


async def test_other_steps_are_not_for_it() -> None:
    with pytest.raises(TypeError, match="takes an SmtpStep, not FrameStep"):
        await transport(1).perform(FrameStep(idempotency_key="k", connection="c", data=b""))


def test_a_password_is_never_sent_in_the_clear_nor_shown() -> None:
    with pytest.raises(ValueError, match="a password needs security='starttls' or 'tls'"):
        transport(25, username="shop", password="secret")
    shown = repr(transport(25, username="shop", password="secret", security="tls"))
    assert shown == "SmtpTransport('127.0.0.1', 25, security='tls')"
