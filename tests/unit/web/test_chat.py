"""The web chat at its door: who may connect, what is acknowledged when, and what is shown after coming back."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import anyio
import attrs
import pytest
from anyio.abc import TaskStatus
from tests.asgi_client import ask
from tests.chat_client import ChatClient, connected
from tests.chat_shop import ACCOUNT, LINE, PATH, ChatShop
from tests.contact_centre import SteeredJournal, message, until

from orchestra.channels.web_chat import Session, issue_token
from orchestra.errors import InvalidCommand
from orchestra.journal.registry import open_journal
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import Email, Handle
from orchestra.model.message import Message
from orchestra.runtime.agents import ActiveContact
from orchestra.runtime.client import connect
from orchestra.runtime.signals import PlaceSignal
from orchestra.testing.clock import START
from orchestra.testing.faults import JournalFault
from orchestra.web import WebApplication, transcripts
from orchestra.web.connection import _place


@pytest.fixture
def shop() -> ChatShop:
    return ChatShop()


async def accepted(shop: ChatShop) -> ActiveContact:
    session = await shop.workspace.sign_in("ana")
    return await (await session.next_offer()).accept()


async def test_messages_go_both_ways(shop: ChatShop) -> None:
    async with shop.open(), connected(shop.app, PATH) as client:
        await client.hello()
        assert (await client.write("a1", "Hello"))["seq"] == 1
        assert await client.texts(1) == [(1, "customer", "Hello")]
        contact = await accepted(shop)
        await contact.reply("Good morning")
        assert await client.texts(1) == [(2, "agent", "Good morning")]
        (added,) = shop.events(e.CustomerAdded)
        assert added.kind == "web_chat"
        (received,) = shop.events(e.MessageReceived)
        assert (received.text, received.channel, received.account) == ("Hello", "chat", "main")


async def test_a_message_is_acknowledged_when_it_is_in_the_journal() -> None:
    shop = ChatShop(journal := SteeredJournal())
    async with shop.open(), connected(shop.app, PATH) as client:
        await client.hello()
        journal.hold()
        await client.say("message", id="a1", text="Hello")
        await journal.held()
        assert client.from_app.statistics().current_buffer_used == 0
        journal.let_pass()
        assert (await client.heard("ack")) == {"type": "ack", "id": "a1", "seq": 1}
        assert [event.text for event in shop.events(e.MessageReceived)] == ["Hello"]


async def test_what_could_not_be_stored_ends_the_connection_and_comes_again() -> None:
    shop = ChatShop(journal := SteeredJournal())
    async with shop.open():
        async with connected(shop.app, PATH) as client:
            token = (await client.hello())["token"]
            journal.fail(JournalFault.OBSCURE)  # it is stored, and nobody is told
            await client.say("message", id="a1", text="Hello")
            assert await client.next() == {"type": "closed", "code": 1013}
        async with connected(shop.app, PATH) as client:
            await client.hello(token)
            assert (await client.write("a1", "Hello"))["seq"] == 1
            assert (await client.write("a2", "Again"))["seq"] == 2
        assert [event.text for event in shop.events(e.MessageReceived)] == ["Hello", "Again"]


async def test_the_same_message_twice_is_taken_once(shop: ChatShop) -> None:
    async with shop.open(), connected(shop.app, PATH) as client, connected(shop.app, PATH) as other:
        token = (await client.hello())["token"]
        assert (await client.write("a1", "Hello"))["seq"] == 1
        assert (await client.write("a1", "Hello"))["seq"] == 1
        await other.hello(token)
        assert (await other.write("a1", "Something else"))["seq"] == 1
        assert len(shop.events(e.MessageReceived)) == 1


async def test_who_comes_back_sees_what_came_meanwhile(shop: ChatShop) -> None:
    async with shop.open():
        async with connected(shop.app, PATH) as client:
            await client.hello()
            await client.write("a1", "Hello")
            token = (await client.heard("session"))["token"]
        contact = await accepted(shop)
        await contact.reply("One")
        await contact.reply("Two")
        async with connected(shop.app, PATH) as client:
            await client.hello(token, after=1)
            assert await client.texts(2) == [(2, "agent", "One"), (3, "agent", "Two")]
        async with connected(shop.app, PATH) as client:
            await client.hello(token)
            assert [seq for seq, _, _ in await client.texts(3)] == [1, 2, 3]


async def test_after_a_restart_the_numbers_are_the_same(shop: ChatShop) -> None:
    async with shop.open(), connected(shop.app, PATH) as client:
        await client.hello()
        await client.write("a1", "Hello")
        token = (await client.heard("session"))["token"]
        await (await accepted(shop)).reply("One")
        await client.texts(2)
    async with shop.open(), connected(shop.app, PATH) as client:
        await client.hello(token, after=1)
        assert await client.texts(1) == [(2, "agent", "One")]
        assert (await client.write("a2", "Thanks"))["seq"] == 3


async def test_the_token_of_before_the_first_message_finds_the_chat_too(shop: ChatShop) -> None:
    """The connection may end between the acknowledgement and the better token."""
    async with shop.open(), connected(shop.app, PATH) as client:
        token = (await client.hello())["token"]
        await client.write("a1", "Hello")
    async with shop.open(), connected(shop.app, PATH) as client:
        await client.hello(token)
        assert await client.texts(1) == [(1, "customer", "Hello")]


async def test_all_tabs_show_the_same(shop: ChatShop) -> None:
    async with shop.open(), connected(shop.app, PATH) as client, connected(shop.app, PATH) as other:
        token = (await client.hello())["token"]
        await other.hello(token)
        await client.write("a1", "Hello")
        assert await other.texts(1) == [(1, "customer", "Hello")]
        await other.write("b1", "I mean: good morning")
        await (await accepted(shop)).reply("Hello")
        shown = [(1, "customer", "Hello"), (2, "customer", "I mean: good morning"), (3, "agent", "Hello")]
        assert await client.texts(3) == shown
        assert await other.texts(2) == shown[1:]


async def test_one_sees_nothing_of_another(shop: ChatShop) -> None:
    async with shop.open(), connected(shop.app, PATH) as joe, connected(shop.app, PATH) as eve:
        await joe.hello()
        await eve.hello()
        await joe.write("a1", "My secret")
        assert (await eve.write("a1", "Mine"))["seq"] == 1  # her own a1, though he has one too
        assert await eve.texts(1) == [(1, "customer", "Mine")]
        assert len({event.customer for event in shop.events(e.MessageReceived)}) == 2


async def test_a_message_is_shown_only_once_it_may_be_sent(shop: ChatShop) -> None:
    async with shop.open() as workspace, connected(shop.app, PATH) as client:
        await client.hello()
        await client.write("a1", "Hello")
        contact = await accepted(shop)
        await workspace.execute(c.StopSending(reason="a test"))
        await contact.reply("Not yet")
        await client.write("a2", "Are you there?")
        await workspace.execute(c.StartSending())
        shown = await client.texts(3)
        assert shown == [(1, "customer", "Hello"), (2, "customer", "Are you there?"), (3, "agent", "Not yet")]


async def test_what_was_corrected_before_it_left_is_shown_as_it_is_now(shop: ChatShop) -> None:
    async with shop.open() as workspace, connected(shop.app, PATH) as client:
        await client.hello()
        await client.write("a1", "Hello")
        contact = await accepted(shop)
        await workspace.execute(c.StopSending("incident"))
        await contact.reply("It costs 40.")
        await contact.correct("me2", "It costs 49.")
        await workspace.execute(c.StartSending())
        assert await client.texts(2) == [(1, "customer", "Hello"), (2, "agent", "It costs 49.")]
        with pytest.raises(InvalidCommand, match="cannot be corrected"):
            await contact.correct("me2", "It costs 50.")


async def test_the_client_tells_what_has_arrived_and_what_is_read(shop: ChatShop) -> None:
    async with shop.open(), connected(shop.app, PATH) as client:
        await client.hello()
        await client.write("a1", "Hello")
        await (await accepted(shop)).reply("Good morning")
        await client.heard("message")
        shown = await client.heard("message")
        await client.say("received", id=shown["id"])
        await client.say("read", id=shown["id"])
        await client.say("read", id="de1.forged")
        await client.write("a2", "Thanks")
        receipts = [(event.delivery, event.receipt) for event in shop.events(e.ReceiptRecorded)]
        (delivery,) = {event.delivery for event in shop.events(e.DeliveryPlanned)}
        assert receipts == [(delivery, "delivered"), (delivery, "read")]


async def test_typing_is_told_to_who_listens(shop: ChatShop, monkeypatch: pytest.MonkeyPatch) -> None:
    async with shop.open() as workspace, connected(shop.app, PATH) as client:
        await client.hello()
        await client.write("a1", "Hello")
        (started,) = shop.events(e.InteractionStarted)
        heard: list[tuple[str, str]] = []
        monkeypatch.setattr(workspace, "typing", lambda *told: heard.append(told))
        await client.say("typing", is_typing=True)
        await client.say("typing", is_typing=False)
        await client.write("a2", "Anybody?")
        assert heard == [(started.interaction, "customer")]


async def test_an_agent_who_types_is_seen_doing_so(shop: ChatShop) -> None:
    async with shop.open() as workspace, connected(shop.app, PATH) as joe, connected(shop.app, PATH) as eve:
        await joe.hello()
        await eve.hello()
        await joe.write("a1", "Hello")
        await eve.write("a1", "Hello")
        first, second = shop.events(e.InteractionStarted)
        workspace.typing(second.interaction, "customer")
        workspace.typing(first.interaction, "ana")
        assert await joe.heard("typing") == {"type": "typing", "is_typing": True}
        await eve.write("a2", "Anybody?")
        assert [kept["type"] for kept in eve.kept if kept["type"] == "typing"] == []


async def test_a_message_that_cannot_be_taken_is_refused_and_others_are_taken(shop: ChatShop) -> None:
    line = attrs.evolve(LINE, channel="fax")
    async with shop.open(), connected(shop.app, PATH) as client:
        await client.hello()
        lines = shop.workspace.lines
        lines._by_route[ACCOUNT.route_key] = line  # a channel that the plan does not have any more
        async with connected(shop.app, PATH) as other:
            await other.hello()
            await other.say("message", id="b1", text="Hello")
            assert await other.heard("refused") == {"type": "refused", "id": "b1"}
        assert (await client.write("a1", "Hello"))["seq"] == 1


@pytest.mark.parametrize(
    ("origin", "may"),
    [
        ("https://shop.example", True),
        ("https://WWW.shop.example", True),
        ("https://door.example", True),
        ("http://shop.example", False),
        ("https://shop.example.evil.example", False),
        ("null", False),
        ("", False),
        (None, False),
    ],
)
async def test_whose_pages_may_connect(shop: ChatShop, origin: str | None, may: bool) -> None:
    async with shop.open(), connected(shop.app, PATH, origin=origin) as client:
        assert (client.code is None) is may


async def test_apps_may_connect_where_the_account_says_so() -> None:
    account = attrs.evolve(ACCOUNT, config={**ACCOUNT.config, "apps": True})
    shop = ChatShop(line=attrs.evolve(LINE, account=account))
    token = issue_token(
        account, Session(person="user-81", expires_at=START.replace(year=2999), is_known=True, name="Jo")
    )
    async with shop.open():
        async with connected(shop.app, PATH, origin=None) as client:
            await client.hello(token)
            await client.write("a1", "Hello")
        async with connected(shop.app, PATH, origin="https://evil.example") as client:
            assert client.code == 1013
    (added,) = shop.events(e.CustomerAdded)
    assert (added.value, added.name) == ("user-81", "Jo")


@pytest.mark.parametrize("is_owner", [True, False])
async def test_whom_the_application_knows_is_found_with_a_new_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_owner: bool
) -> None:
    """An application makes a token for each visit, and knows nothing of our customers."""
    monkeypatch.setattr(transcripts, "_LONGEST_SEARCH", 3)
    url = f"sqlite:{tmp_path}/contacts.db"
    shop = ChatShop(open_journal(url))
    token = issue_token(ACCOUNT, Session(person="user-81", expires_at=START.replace(year=2999), is_known=True))
    async with shop.open(), connected(shop.app, PATH) as client:
        await client.hello(token)
        await client.write("a1", "Hello")
        for number in range(5):
            await shop.workspace.receive(message(number))
    async with shop.open(), connect(url, channels=[LINE]) as worker:
        app = shop.app if is_owner else WebApplication("https://door.example")
        async with app.serving(shop.workspace if is_owner else worker), connected(app, PATH) as client:
            await client.hello(token)
            if is_owner:  # its state tells whose the address is
                assert await client.texts(1) == [(1, "customer", "Hello")]
            assert (await client.write("a2", "Again"))["seq"] == 2
            if not is_owner:  # it is known since they wrote
                await client.heard("reset")
                assert await client.texts(1) == [(1, "customer", "Hello")]
            assert await client.texts(1) == [(2, "customer", "Again")]
    shop.journal.close()


async def test_who_may_not_connect_learns_no_key(shop: ChatShop) -> None:
    async with shop.open():
        for path in ("/chat/other", "/chat/", "/hooks/chat-7f3a", "/nothing"):
            async with connected(shop.app, path) as client:
                assert client.code == 1013
    async with connected(shop.app, PATH) as client:
        assert client.code == 1013  # nothing is served


async def test_a_forged_token_is_nobodys(shop: ChatShop) -> None:
    async with shop.open():
        async with connected(shop.app, PATH) as client:
            token = (await client.hello())["token"]
        async with connected(shop.app, PATH) as client:
            await client.say("hello", version=1, token=token[:-1] + ("A" if token[-1] != "A" else "B"))
            assert await client.next() == {"type": "bye", "code": "token"}
            assert await client.next() == {"type": "closed", "code": 4400}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", 4400),
        ("[]", 4400),
        ('{"type": "message", "id": "a", "text": "before hello"}', 4400),
        ('{"type": "hello", "version": 2}', 4400),
        ('{"type": "hello", "version": 1, "after": -1}', 4400),
        ("x" * 64_001, 1009),
    ],
)
async def test_what_is_no_frame_ends_the_connection(shop: ChatShop, text: str, code: int) -> None:
    async with shop.open(), connected(shop.app, PATH) as client:
        await client.say_text(text)
        assert (await client.heard("closed"))["code"] == code


async def test_bytes_are_no_frame(shop: ChatShop) -> None:
    async with shop.open(), connected(shop.app, PATH) as client:
        await client.to_app.send({"type": "websocket.receive", "bytes": b"{}"})
        assert await client.next() == {"type": "closed", "code": 1003}


async def test_too_many_frames_end_the_connection(shop: ChatShop) -> None:
    async with shop.open(), connected(shop.app, PATH) as client:
        await client.hello()
        for _ in range(60):
            await client.say("ping")
        assert (await client.heard("closed"))["code"] == 4429


async def test_a_ping_is_answered(shop: ChatShop) -> None:
    async with shop.open(), connected(shop.app, PATH) as client:
        await client.hello()
        await client.say("ping")
        assert await client.next() == {"type": "pong"}
        await client.say("something-new", a=1)
        await client.say("ping")
        assert await client.next() == {"type": "pong"}


async def test_one_peer_has_so_many_connections(shop: ChatShop) -> None:
    shop = ChatShop(chats_per_peer=2, chats=3)
    async with shop.open(), connected(shop.app, PATH), connected(shop.app, PATH) as second:
        async with connected(shop.app, PATH) as third:
            assert (second.code, third.code) == (None, 1013)
        async with connected(shop.app, PATH, client=("2001:db8::1", 1)) as elsewhere:
            assert elsewhere.code is None
            async with connected(shop.app, PATH, client=("2001:db8:9::1", 1)) as fourth:
                assert fourth.code == 1013
        async with connected(shop.app, PATH, client=("2001:db8:9::1", 1)) as again:
            assert again.code is None


async def test_a_cursor_of_another_chat_begins_anew(shop: ChatShop) -> None:
    async with shop.open(), connected(shop.app, PATH) as client:
        await client.hello(after=7)
        assert await client.next() == {"type": "reset"}
        await client.write("a1", "Hello")
        assert await client.texts(1) == [(1, "customer", "Hello")]


async def test_leaving_the_workspace_ends_all_connections(shop: ChatShop) -> None:
    may_end = anyio.Event()

    async def serve(*, task_status: TaskStatus[None]) -> None:
        async with shop.open():
            task_status.started()
            await may_end.wait()

    async with anyio.create_task_group() as tasks:
        await tasks.start(serve)
        async with connected(shop.app, PATH) as client:
            await client.hello()
            may_end.set()
            assert await client.next() == {"type": "closed", "code": 1012}


async def test_erased_words_are_gone_at_once_and_for_ever(shop: ChatShop) -> None:
    async with shop.open() as workspace, connected(shop.app, PATH) as client:
        await client.hello()
        await client.write("a1", "My secret")
        await client.texts(1)
        token = (await client.heard("session"))["token"]
        (customer,) = {event.customer for event in shop.events(e.CustomerAdded)}
        await workspace.erase(customer, "they asked")
        await client.heard("reset")
        assert "text" not in await client.heard("message")
        async with connected(shop.app, PATH) as other:
            await other.hello(token)
            assert "text" not in await other.heard("message")
    async with shop.open(), connected(shop.app, PATH) as client:
        await client.hello(token)
        assert "text" not in await client.heard("message")
        # They may write again, as somebody whom nothing ties to who they were, and come back with either token.
        assert (await client.write("a2", "Hello"))["seq"] == 2
        newer = (await client.heard("session"))["token"]
    async with shop.open(), connected(shop.app, PATH) as client, connected(shop.app, PATH) as other:
        await client.hello(token, after=1)
        assert await client.texts(1) == [(2, "customer", "Hello")]
        assert (await client.write("a3", "Again"))["seq"] == 3
    async with shop.open(), connected(shop.app, PATH) as client:
        await client.hello(newer)
        assert [text for _, _, text in await client.texts(2)] == ["Hello", "Again"]


async def test_a_chat_goes_on_when_its_customer_turns_out_to_be_another(shop: ChatShop) -> None:
    mail = Email("joe@example.org")
    async with shop.open() as workspace:
        async with connected(shop.app, PATH) as client:
            await client.hello()
            await client.write("a1", "Hello")
            token = (await client.heard("session"))["token"]
        known = (await workspace.receive(Message("chat", id="m1", sender=mail, text="A mail"))).customer
        (writer,) = {event.customer for event in shop.events(e.MessageReceived) if event.text == "Hello"}
        await workspace.link_address(
            known, Handle(shop.events(e.CustomerAdded)[0].value, kind="web_chat"), "they said so"
        )
        async with connected(shop.app, PATH) as client:
            await client.hello(token)
            assert await client.texts(1) == [(1, "customer", "Hello")]
            assert (await client.write("a2", "It is me"))["seq"] == 2
        assert writer != known
    async with shop.open(), connected(shop.app, PATH) as client:
        await client.hello(token)
        assert await client.texts(2) == [(1, "customer", "Hello"), (2, "customer", "It is me")]


async def test_of_a_long_chat_the_newest_are_shown(shop: ChatShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcripts, "_MOST_KEPT", 2)
    async with shop.open(), connected(shop.app, PATH) as client:
        token = (await client.hello())["token"]
        for number in range(1, 4):
            assert (await client.write(f"a{number}", f"Message {number}"))["seq"] == number
        async with connected(shop.app, PATH) as other:
            await other.hello(token)
            assert await other.heard("gap") == {"type": "gap", "after": 0, "until": 1}
            assert await other.texts(2) == [(2, "customer", "Message 2"), (3, "customer", "Message 3")]


async def test_the_page_is_served_to_whom_may_hold_it(shop: ChatShop) -> None:
    assert (await ask(shop.app, "GET", PATH)).status == 404
    async with shop.open():
        answer = await ask(shop.app, "GET", PATH)
        policy = answer.headers["content-security-policy"]
        assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert b"Chat with &lt;us&gt;" in answer.body
        assert b"<us>" not in answer.body
        assert "frame-ancestors 'self' https://shop.example https://www.shop.example" in policy
        assert "unsafe-inline" not in policy
        assert (await ask(shop.app, "GET", "/chat/other")).status == 404
        assert (await ask(shop.app, "POST", PATH)).status == 404


async def test_frames_come_by_http_too(shop: ChatShop) -> None:
    async with shop.open():
        async with connected(shop.app, PATH) as client:
            token = (await client.hello())["token"]
            await client.write("a1", "Hello")
            body = b'{"frames": [{"type": "message", "id": "a2", "text": "By HTTP"}]}'
            answer = await ask(shop.app, "POST", "/hooks/chat-7f3a", [("Authorization", f"Bearer {token}")], body)
            assert answer.status == 200
            assert (await client.texts(2))[1] == (2, "customer", "By HTTP")
        assert (await ask(shop.app, "POST", "/hooks/chat-7f3a", [("Authorization", "Bearer x.y")], body)).status == 401


async def test_nothing_is_kept_of_who_is_gone(shop: ChatShop) -> None:
    async with shop.open():
        rooms = shop.app._rooms
        assert rooms is not None
        async with connected(shop.app, PATH) as client:
            await client.hello()
            await client.write("a1", "Hello")
            assert rooms.count == 1
        await until(lambda: rooms.count == 0)
        assert rooms.is_empty


async def waiting(shop: ChatShop, name: str) -> None:
    """Somebody else waits, too."""
    await shop.workspace.receive(
        Message("chat", account="main", id=name, sender=Handle(name, kind="web_chat"), text="?")
    )


async def no_longer_waiting(client: ChatClient) -> None:
    """Return when they are told so; until then they may be told of places that have changed."""
    while "before" in await client.heard("place"):
        pass


async def test_who_waits_is_told_their_place_until_somebody_has_them(shop: ChatShop) -> None:
    async with shop.open(), connected(shop.app, PATH) as client:
        await client.hello()
        await waiting(shop, "before")
        await client.write("a1", "Hello")
        assert await client.heard("place") == {"type": "place", "before": 1}  # and how long it takes nobody knows yet
        session = await shop.workspace.sign_in("ana")
        first = await (await session.next_offer()).accept()
        await (await session.next_offer()).accept()
        await no_longer_waiting(client)
        assert first.interaction != shop.events(e.MessageReceived)[-1].interaction


async def test_who_comes_back_is_told_their_place_anew(shop: ChatShop) -> None:
    async with shop.open():
        async with connected(shop.app, PATH) as client, connected(shop.app, PATH) as other:
            await client.hello()
            await client.write("a1", "Hello")
            assert (await client.heard("place"))["before"] == 0
            token = (await client.heard("session"))["token"]
            await other.hello(token)
            assert (await other.heard("place"))["before"] == 0
        async with connected(shop.app, PATH) as client:
            await client.hello(token, after=1)
            assert (await client.heard("place"))["before"] == 0
    async with shop.open(), connected(shop.app, PATH) as client:
        await client.hello(token, after=1)
        assert (await client.heard("place"))["before"] == 0


async def test_who_waits_again_is_told_again(shop: ChatShop) -> None:
    async with shop.open(), connected(shop.app, PATH) as client:
        await client.hello()
        session = await shop.workspace.sign_in("ana")
        await client.write("a1", "Hello")
        offer = await session.next_offer()
        contact = await offer.accept()
        await contact.reply("One moment")
        assert await client.texts(2) == [(1, "customer", "Hello"), (2, "agent", "One moment")]
        await session.away("break")
        await shop.workspace.execute(c.TransferInteraction(contact.interaction, "ana", queue="care"))
        assert (await client.heard("place"))["before"] == 0
        await shop.workspace.execute(c.CancelInteraction(contact.interaction, "closed"))
        await no_longer_waiting(client)


async def test_an_estimated_wait_is_told_in_whole_seconds() -> None:
    assert json.loads(_place(PlaceSignal("in1", 2, timedelta(seconds=61, milliseconds=1)))) == {
        "type": "place",
        "before": 2,
        "wait_s": 62,
    }
    assert json.loads(_place(PlaceSignal("in1", None, None))) == {"type": "place"}
