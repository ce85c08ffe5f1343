"""Who customers are, as an application sees and says it: links, merges, export, forgetting, disclosures."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import anyio
import attrs
import pytest
from tests.contact_centre import PLAN, Centre, SteeredJournal, message, until

from orchestra.errors import JournalUnavailable, MalformedMessage, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.addresses import Email, Handle, Phone
from orchestra.model.definitions import Channel
from orchestra.model.identity import Identity
from orchestra.model.message import Contact, Message
from orchestra.model.plan import Plan
from orchestra.model.results import Linked, Received
from orchestra.runtime.workspace import Workspace
from orchestra.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio

NEWS = attrs.evolve(
    PLAN,
    channels={**PLAN.channels, "email": Channel()},
    identity=Identity(purposes={"news": "opt_in"}, blocked=["front desk"]),
)


async def _write(workspace: Workspace, sender: Email | Phone | Handle, number: str, **values: object) -> Received:
    return await workspace.receive(Message("email", id=number, sender=sender, text=f"text {number}", **values))  # type: ignore[arg-type]


async def test_a_person_is_seen_whole() -> None:
    async with Workspace.open(NEWS) as workspace:
        await _write(workspace, Email("joe@mail.example"), "1")
        await _write(workspace, Email("jm@mail.example"), "2")
        await _write(workspace, Handle("zoe"), "3")
        assert await workspace.link_address("cu1", Phone("+49301234567"), "told") == Linked("cu1", "linked")
        assert await workspace.link_address("cu1", Email("jm@mail.example"), "login") == Linked("cu1", "merged", "li1")
        assert (await workspace.link_address("cu2", Handle("zoe"), "same name", 60)).outcome == "suggested"
        await workspace.execute(c.RecordConsent("cu2", "news", True, "email"))
        person = await workspace.customer("cu2")
        assert (person.id, person.ids, person.addresses) == ("cu1", ("cu1", "cu2"), {"email": 2, "phone": 1})
        assert [(merge.link, merge.other, merge.evidence, merge.confidence) for merge in person.merges] == [
            ("li1", "cu2", "login", 100)
        ]
        assert person.suggested == ("cu3",)
        assert [(said.purpose, said.channel, said.given) for said in person.consents] == [("news", "email", True)]
        await workspace.unlink_address("cu1", Phone("+49301234567"), "given up")
        assert (await workspace.customer("cu1")).addresses == {"email": 2}
        with pytest.raises(UnknownId):
            await workspace.unlink_address("cu1", Phone("+49301234567"), "again")


async def test_ids_of_one_person_have_one_timeline() -> None:
    async with Workspace.open(NEWS) as workspace:
        await _write(workspace, Email("joe@mail.example"), "1")
        await _write(workspace, Email("jm@mail.example"), "2")
        await workspace.execute(c.MergeCustomers("cu1", "cu2", "login"))
        mine, theirs = await workspace.timeline("cu1"), await workspace.timeline("cu2")
        assert mine == theirs
        assert [entry.text for entry in mine if entry.kind == "MessageReceived"] == ["text 1", "text 2"]
        assert "cu2 is the same person (login, li1)" in [entry.sentence for entry in mine]
        await workspace.execute(c.SplitCustomers("li1", "two people"))
        mine, theirs = await workspace.timeline("cu1"), await workspace.timeline("cu2")
        assert [entry.text for entry in mine if entry.kind == "MessageReceived"] == ["text 1"]
        assert [entry.text for entry in theirs if entry.kind == "MessageReceived"] == ["text 2"]


async def test_nobody_is_recognised_by_what_is_no_address() -> None:
    async with Workspace.open(NEWS) as workspace:
        for number, value in enumerate(("Anonymous", "anonymous", " UNKNOWN ", "Front Desk")):
            got = await workspace.receive(Contact("voice", id=f"k{number}", sender=Phone(value)))
            assert got.customer == f"cu{number + 1}"


async def test_what_a_provider_knows_besides_is_linked() -> None:
    async with Workspace.open(NEWS) as workspace:
        await _write(workspace, Handle("bsuid-1", kind="whatsapp"), "1", also=[Phone("+49301234567")])
        got = await workspace.receive(Contact("voice", id="k1", sender=Phone("+49301234567")))
        assert got.customer == "cu1"
        with pytest.raises(MalformedMessage, match=r"also\[0\]"):
            await _write(workspace, Handle("x"), "2", also=[Phone(7)])  # type: ignore[arg-type]
        with pytest.raises(MalformedMessage, match="also"):
            await _write(workspace, Handle("x"), "2", also="+49301234567")


async def test_all_that_is_stored_of_a_person_is_told_to_them() -> None:
    async with Workspace.open(NEWS) as workspace:
        await _write(workspace, Email("joe@mail.example", "Joe"), "1")
        await _write(workspace, Email("jm@mail.example"), "2")
        await _write(workspace, Handle("zoe"), "3")
        await workspace.execute(c.MergeCustomers("cu1", "cu2", "login"))
        told = await workspace.export("cu2")
        assert {entry["customer"] for entry in told} == {"cu1", "cu2"}
        assert [entry["text"] for entry in told if entry["event"] == "MessageReceived"] == ["text 1", "text 2"]
        assert next(entry["name"] for entry in told if entry["event"] == "CustomerAdded") == "Joe"
        assert [entry["position"] for entry in told] == sorted(entry["position"] for entry in told)
        with pytest.raises(UnknownId):
            await workspace.export("cu9")


async def test_who_is_forgotten_is_gone_from_the_store_when_it_is_said() -> None:
    async with Workspace.open(NEWS) as workspace:
        await _write(workspace, Email("joe@mail.example", "Joe"), "1")
        await _write(workspace, Email("jm@mail.example"), "2")
        await _write(workspace, Email("zoe@mail.example"), "3")
        await workspace.execute(c.MergeCustomers("cu1", "cu2", "login"))
        await workspace.erase("cu2", "asked")
        records = list(workspace.journal.read(subjects=["cu1", "cu2"]))
        assert [record for record in records if record.private is not None] == []
        assert any(record.private for record in workspace.journal.read(subjects=["cu3"]))
        assert [entry.text for entry in await workspace.timeline("cu1") if entry.text] == []
        assert (await workspace.customer("cu1")).addresses == {}
        with pytest.raises(UnknownId):
            await workspace.erase("cu9", "asked")


class _Stubborn(SteeredJournal):
    """A journal that erases only when it is allowed to."""

    may_erase = False
    refusals = 0

    def blank(self, subjects: Collection[str] | None = None) -> int:
        if not self.may_erase:
            self.refusals += 1
            raise JournalUnavailable("as planned")
        return super().blank(subjects)


async def test_an_erasure_that_fails_is_tried_again() -> None:
    journal = _Stubborn()
    async with Workspace.open(NEWS, journal) as workspace:
        await _write(workspace, Email("joe@mail.example", "Joe"), "1")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(workspace.erase, "cu1", "asked")
            await until(lambda: journal.refusals > 0)
            journal.may_erase = True
        assert not any(record.private for record in journal.read(subjects=["cu1"]))


async def test_who_leaves_before_it_is_done_is_told_so() -> None:
    journal, told = _Stubborn(), []

    async def ask(workspace: Workspace) -> None:
        with pytest.raises(JournalUnavailable) as caught:
            await workspace.erase("cu1", "asked")
        told.append(caught.value)

    async with anyio.create_task_group() as tasks, Workspace.open(NEWS, journal) as workspace:
        await _write(workspace, Email("joe@mail.example", "Joe"), "1")
        tasks.start_soon(ask, workspace)
        await until(lambda: journal.refusals > 0)
    assert ["goes on with it" in str(error) for error in told] == [True]


async def test_what_an_owner_left_is_erased_by_the_next() -> None:
    journal = _Stubborn()
    async with Workspace.open(NEWS, journal) as workspace:
        await _write(workspace, Email("joe@mail.example", "Joe"), "1")
        await workspace.execute(c.EraseCustomer("cu1", "asked"))
    assert any(record.private for record in journal.read(subjects=["cu1"]))
    journal.may_erase = True
    async with Workspace.open(NEWS, journal) as workspace:
        done = workspace.events(0, [e.ErasureDone])
        assert (await anext(done)).event == e.ErasureDone("cu1")
        await done.aclose()
        assert not any(record.private for record in journal.read(subjects=["cu1"]))


async def test_what_one_was_told_of_the_other_is_listed() -> None:
    async with Workspace.open(NEWS) as workspace:
        first = await _write(workspace, Email("joe@mail.example"), "1", topic="order")
        await _write(workspace, Email("jm@mail.example"), "2", topic="bill")
        await workspace.execute(c.SendMessage(first.case.id, "before", text="to joe alone"))
        await workspace.execute(c.MergeCustomers("cu1", "cu2", "login"))
        await _write(workspace, Email("jm@mail.example"), "3", topic="order", account="second")
        written = await workspace.execute(c.SendMessage(first.case.id, "while", text="about joe, to jm"))
        await workspace.execute(c.CorrectMessage(written.message, text="about Joe, to jm"))
        with pytest.raises(UnknownId):
            await workspace.disclosures("li1")
        await workspace.execute(c.SplitCustomers("li1", "two people"))
        await workspace.execute(c.SendMessage(first.case.id, "after", text="to joe again"))
        told, corrected = await workspace.disclosures("li1")
        assert (corrected.message, corrected.text) == (told.message, "about Joe, to jm")
        assert (told.told, told.of, told.case, told.text) == ("cu2", "cu1", first.case.id, "about joe, to jm")
        assert "about joe" not in repr(told)


async def test_an_answer_goes_to_the_address_that_the_conversation_is_with(monkeypatch: pytest.MonkeyPatch) -> None:
    centre, told = Centre(plan=NEWS, clock=VirtualClock()), []
    encode = type(centre.adapter).encode

    def listen(adapter: Any, message: Any, account: Any, conversation: Any, now: Any) -> Any:
        told.append(conversation.recipient.value)
        return encode(adapter, message, account, conversation, now)

    monkeypatch.setattr(type(centre.adapter), "encode", listen)
    async with centre.open() as workspace:
        got = await workspace.receive(message(1, sender="joe", topic="order"))
        await workspace.link_address(got.customer, Handle("joe-at-work", kind="loopback"), "told")
        for number, (sender, topic) in enumerate((("joe-at-work", "bill"), ("joe", "order"))):
            again = await workspace.receive(message(number + 2, sender=sender, topic=topic))
            assert again.customer == got.customer
            await workspace.execute(c.SendMessage(again.case.id, f"k{number}", text="hi"))
            await workspace.settle()
    assert told == ["joe-at-work", "joe"]


def test_a_plan_says_what_is_wrong_with_it() -> None:
    faulty = attrs.evolve(
        NEWS,
        identity=Identity(
            merge_at=101,
            suggest_at=102,
            limits={"phone": 0},
            levels=["none", "none"],
            purposes={"service": "opt_in", "news": "maybe"},
        ),
        channels={"email": attrs.evolve(NEWS.channels["email"], most_verified="some")},
    )
    paths = [fault.path for fault in faulty.faults() if fault.path.startswith(("identity", "channels.email.most"))]
    assert sorted(paths) == [
        "channels.email.most_verified",
        "identity.levels[1]",
        "identity.limits.phone",
        "identity.merge_at",
        "identity.purposes.news",
        "identity.purposes.service",
        "identity.suggest_at",
    ]
    assert any(f.path == "identity.levels" for f in attrs.evolve(NEWS, identity=Identity(levels=[])).faults())
    assert isinstance(faulty, Plan)
