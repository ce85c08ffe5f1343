"""Who a reader is, and how much they see of what belongs where."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.unit.insight.rig import PLAN, Desk, person, thread

from orchestra.errors import InvalidCommand, NotPermitted
from orchestra.journal.memory import MemoryJournal
from orchestra.model import commands as c
from orchestra.model.definitions import Sight
from orchestra.model.plan import Plan
from orchestra.runtime.readers import NOWHERE, Place, Reader, Withheld, place_in, reader_in, reader_of

BRANDED = (
    PLAN
    + """
[teams.shoes]
[teams.hats]
[queues.shoes]
team = "shoes"
[queues.hats]
team = "hats"
[channels.mail.accounts.shoes]
queue = "shoes"
[channels.mail.accounts.hats]
queue = "hats"
[brands.shoes]
accounts = {mail = ["shoes"]}
teams = ["shoes", "sales"]
[brands.hats]
accounts = {mail = ["hats"]}
teams = ["hats", "sales"]
[agents.sam]
teams = ["shoes"]
[agents.hal]
teams = ["hats"]
[agents.both]
teams = ["sales"]
[agents.tom]
teams = ["shoes"]
roles = ["trainee"]
[agents.sue]
teams = ["shoes"]
roles = ["trainee", "auditor"]
[roles.trainee]
may = ["*"]
sees = {own = "facts", teams = "trace", withholds = ["vip", "code"]}
[roles.auditor]
may = ["*"]
sees = {own = "trace", teams = "all", brands = "facts", withholds = ["vip"]}
[fields.customer]
vip = "boolean"
code = "text"
"""
)


def desk() -> Desk:
    """Joe writes to the shoes, then to the hats; Hal took the second."""
    desk = Desk(BRANDED)
    desk.run(c.ReceiveMessage("mail", "shoes", "m1", person("joe"), thread=thread("t1"), text="shoe"), 10)
    desk.run(c.ReceiveMessage("mail", "hats", "m2", person("joe"), thread=thread("t2"), text="hat"), 11)
    desk.sign_in("hal", at_s=12)
    desk.take("in2", 13)
    return desk


DESK = desk()
WAYS: dict[str, Callable[[str | None], Reader]] = {
    "state": lambda actor: reader_in(DESK.view, actor),
    "journal": lambda actor: reader_of(DESK.journal, actor),
}


@pytest.fixture(params=sorted(WAYS))
def read(request: pytest.FixtureRequest) -> Callable[[str | None], Reader]:
    """Makes a reader of an actor, from the state or from the journal alone."""
    return WAYS[request.param]


@pytest.mark.parametrize("actor", [None, "system", "operator:root"])
def test_the_application_and_operators_see_everything(read: Callable[[str | None], Reader], actor: str | None) -> None:
    reader = read(actor)
    assert reader.sees_all
    assert reader.seen(Place("hats", frozenset({"team:hats"}), frozenset(), "hats"))[0] == "all"
    assert not reader.hides("vip")
    assert reader.fields({"vip": True}) == {"vip": True}
    reader.refuse_customers("x")
    reader.refuse_others("cu1", "x")


SHOES = Place("shoes", frozenset({"team:shoes"}), frozenset(), "shoes")
HATS = Place("hats", frozenset({"team:hats"}), frozenset(), "hats")
CARE = Place("care", frozenset({"team:care"}))


@pytest.mark.parametrize(
    ("actor", "place", "seen", "mark"),
    [
        ("agent:sam", SHOES, "all", Withheld("role")),
        ("agent:sam", HATS, "trace", Withheld("brand", "hats")),
        ("agent:sam", CARE, "facts", Withheld("team", "care")),
        ("agent:sam", NOWHERE, "facts", Withheld("team")),
        ("agent:sam", Place("hats", frozenset({"team:hats"}), frozenset({"sam"}), "hats"), "all", Withheld("role")),
        ("agent:sam", Place("care", frozenset({"agent:sam"})), "all", Withheld("role")),
        ("agent:sam", Place("care", frozenset({"agent:tom"})), "all", Withheld("role")),
        ("agent:sam", Place("care", frozenset({"agent:hal"})), "facts", Withheld("team", "care")),
        ("agent:sam", Place("care", frozenset({"agent:gone"})), "facts", Withheld("team", "care")),
        ("agent:both", SHOES, "facts", Withheld("team", "shoes")),
        ("agent:both", HATS, "facts", Withheld("team", "hats")),
        ("agent:ana", HATS, "facts", Withheld("team", "hats")),
        ("agent:tom", SHOES, "facts", Withheld("role")),
        ("agent:tom", CARE, "trace", Withheld("team", "care")),
        ("agent:sue", SHOES, "facts", Withheld("role")),
        ("agent:sue", HATS, "facts", Withheld("brand", "hats")),
        ("agent:sue", CARE, "all", Withheld("team", "care")),
        ("bot:sam", SHOES, "all", Withheld("role")),
        ("back_office:billing", HATS, "facts", Withheld("team", "hats")),
    ],
)
def test_who_sees_how_much(
    read: Callable[[str | None], Reader], actor: str, place: Place, seen: str, mark: Withheld
) -> None:
    assert read(actor).seen(place) == (seen, mark)


def test_what_every_role_withholds_is_withheld(read: Callable[[str | None], Reader]) -> None:
    assert read("agent:tom").fields({"vip": True, "code": "x", "note": 1}) == {
        "vip": Withheld("role"),
        "code": Withheld("role"),
        "note": 1,
    }
    assert read("agent:sam").fields({"vip": True, "code": "x"}) == {"vip": True, "code": "x"}
    assert read("customer:cu1").fields({"vip": True}) == {"vip": Withheld("inner")}


def test_a_customer_is_all_their_ids(read: Callable[[str | None], Reader]) -> None:
    reader = read("customer:cu1")
    assert list(reader.ids) == ["cu1"]
    reader.refuse_others("cu1", "x")
    with pytest.raises(NotPermitted, match="another customer"):
        reader.refuse_others("cu2", "x")
    with pytest.raises(NotPermitted, match="not for a customer"):
        reader.refuse_customers("x")


@pytest.mark.parametrize("actor", ["agent:nobody", "agent", "bot:", "customer:cu9", "customer", "customer:"])
def test_nobody_reads_whom_nobody_knows(read: Callable[[str | None], Reader], actor: str) -> None:
    with pytest.raises(NotPermitted, match="no such"):
        read(actor)


@pytest.mark.parametrize("actor", ["", "manager:ana", "Agent:ana"])
def test_there_are_no_other_kinds(read: Callable[[str | None], Reader], actor: str) -> None:
    with pytest.raises(InvalidCommand, match="must be one of"):
        read(actor)


def test_where_cases_and_contacts_belong() -> None:
    assert place_in(DESK.view, "ca1") == Place("shoes", frozenset({"team:shoes"}), frozenset(), "shoes")
    assert place_in(DESK.view, "ca1", "in1") == place_in(DESK.view, "ca1")
    assert place_in(DESK.view, "ca2") == Place("hats", frozenset({"agent:hal"}), frozenset(), "hats")
    hands = frozenset({"hal"})
    assert place_in(DESK.view, "ca2", "in2") == Place("hats", frozenset({"agent:hal", "team:hats"}), hands, "hats")
    assert place_in(DESK.view, None) == NOWHERE


def test_a_case_without_contacts_is_of_no_brand() -> None:
    desk = Desk(BRANDED)
    desk.write("joe", 10)
    desk.run(c.OpenCase("cu1", queue="hats"), 11)
    assert place_in(desk.view, "ca2") == Place("hats", frozenset({"team:hats"}), frozenset(), None)
    assert place_in(desk.view, "ca1").brand is None


def test_agents_who_are_gone_read_nothing() -> None:
    desk = Desk(BRANDED)
    desk.run(c.DefineAgent("eva", ["care"]), 1)
    assert reader_of(desk.journal, "agent:eva").teams == {"care"}
    desk.run(c.RemoveAgent("eva"), 2)
    for find in (lambda: reader_of(desk.journal, "agent:eva"), lambda: reader_in(desk.view, "agent:eva")):
        with pytest.raises(NotPermitted):
            find()


def test_an_empty_journal_knows_no_plan() -> None:
    assert reader_of(MemoryJournal(), None).plan == Plan()


def test_a_mark_says_why() -> None:
    assert str(Withheld("team", "sales")) == "[withheld: team sales]"
    assert str(Withheld("role")) == "[withheld: role]"
    assert Withheld("brand", "hats").to_json() == {"withheld": "brand", "of": "hats"}


def test_who_has_no_role_of_the_plan_sees_what_everybody_does() -> None:
    reader = Reader("agent:x", Plan(), "x", sights=[Sight()])
    assert reader.seen(Place("care", frozenset({"agent:y"})))[0] == "facts", "nobody is known to be of whose team"
