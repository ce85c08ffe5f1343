from __future__ import annotations

import attrs
import pytest
from tests.engine_driver import SECOND, Driver, plan

from orchestra.engine.presence.state import FOLLOW, GRACE, wanted
from orchestra.errors import InvalidCommand, NotAllowedInState, UnknownId
from orchestra.model import commands as c, events as e
from orchestra.model.definitions import AgentDefinition, Presence, Role


def _agent(driver: Driver, name: str = "ana") -> tuple[str, dict[str, bool]]:
    row = driver.engine.view.presence.agents[name]
    return row.state, row.devices


# Signing in and out


def test_an_agent_signs_in_on_one_device_then_another() -> None:
    driver = Driver()
    assert driver.run(c.SignIn("ana")).events == [e.AgentSignedIn("ana", "main", takes_work=True)]
    assert driver.run(c.SignIn("ana", "phone")).events == [e.AgentSignedIn("ana", "phone", takes_work=True)]
    assert driver.run(c.SignIn("ana", "phone")).events == []
    assert _agent(driver) == ("AVAILABLE", {"main": True, "phone": True})


def test_signing_out_ends_all_devices() -> None:
    driver = Driver()
    driver.sign_in("ana")
    driver.run(c.SignIn("ana", "phone"))
    assert driver.run(c.SignOut("ana", "home")).events == [e.AgentSignedOut("ana", "home")]
    assert _agent(driver) == ("OFFLINE", {})
    assert driver.engine.view.presence.agents["ana"].reason == "home"


def test_a_second_device_of_an_agent_who_is_away_takes_no_work() -> None:
    driver = Driver()
    driver.sign_in("ana")
    driver.run(c.SetAway("ana", "lunch"))
    assert driver.run(c.SignIn("ana", "phone")).events == [e.AgentSignedIn("ana", "phone", takes_work=False)]
    assert _agent(driver)[0] == "AWAY"


@pytest.mark.parametrize(
    ("state", "command", "trigger"),
    [
        ("OFFLINE", c.SignOut("ana"), "sign_out"),
        ("OFFLINE", c.SetAway("ana", "x"), "go_away"),
        ("OFFLINE", c.SetAvailable("ana"), "come_back"),
        ("AVAILABLE", c.SetAvailable("ana"), "come_back"),
    ],
)
def test_what_the_state_does_not_allow_is_refused(state: str, command: c.Command, trigger: str) -> None:
    driver = Driver()
    if state == "AVAILABLE":
        driver.sign_in("ana")
    driver.refuse(command, NotAllowedInState, subject="ana", state=state, trigger=trigger)


@pytest.mark.parametrize(
    "command",
    [
        c.SignIn("zoe"),
        c.SignOut("zoe"),
        c.SetAway("zoe", "x"),
        c.SetAvailable("zoe"),
        c.LoseDevice("zoe", "main"),
        c.ReturnDevice("zoe", "main"),
        c.RemoveAgent("zoe"),
    ],
)
def test_an_agent_whom_nobody_knows_is_refused(command: c.Command) -> None:
    Driver().refuse(command, UnknownId, kind="agent", id="zoe")


def test_a_device_needs_a_name() -> None:
    Driver().refuse(c.SignIn("ana", ""), InvalidCommand, field="device")


# Away


def test_away_and_back() -> None:
    driver = Driver()
    driver.sign_in("ana")
    assert driver.run(c.SetAway("ana", "lunch")).events == [e.AgentWentAway("ana", "lunch")]
    assert driver.run(c.SetAway("ana", "meeting")).events == [e.AgentWentAway("ana", "meeting")]
    assert driver.engine.view.presence.agents["ana"].reason == "meeting"
    assert driver.run(c.SetAvailable("ana")).events == [e.AgentAvailable("ana", takes_work=True)]
    assert driver.engine.view.presence.agents["ana"].reason is None
    driver.run(c.SetAway("ana", "lunch"))
    driver.run(c.SignOut("ana"))
    assert _agent(driver)[0] == "OFFLINE"


def test_reasons_are_those_of_the_plan_if_it_lists_any() -> None:
    driver = Driver(plan(presence=Presence(away_reasons=("lunch",))))
    driver.sign_in("ana")
    driver.run(c.SetAway("ana", "lunch"))
    driver.refuse(c.SetAway("ana", "nap"), InvalidCommand, field="reason")


# Devices


def test_with_the_last_device_the_grace_begins_and_ends_in_agent_lost() -> None:
    driver = Driver()
    driver.sign_in("ana")
    driver.run(c.SignIn("ana", "phone"))
    assert driver.run(c.LoseDevice("ana", "phone")).events == [e.DeviceLost("ana", "phone", None)]
    assert driver.run(c.LoseDevice("ana", "phone")).events == []
    until = driver.now_us + 60 * SECOND
    assert driver.run(c.LoseDevice("ana", "main")).events == [e.DeviceLost("ana", "main", until)]
    assert _agent(driver) == ("AVAILABLE", {"main": False, "phone": False})
    assert driver.advance(59.9) == []
    assert driver.advance(0.1) == [e.AgentLost("ana")]
    assert _agent(driver) == ("OFFLINE", {})
    assert driver.engine.view.presence.agents["ana"].reason == "lost"


@pytest.mark.parametrize(
    "back", [c.ReturnDevice("ana", "main"), c.SignIn("ana", "main"), c.SignIn("ana", "phone"), c.SignOut("ana")]
)
def test_whoever_comes_back_within_the_grace_is_not_lost(back: c.Command) -> None:
    driver = Driver()
    driver.sign_in("ana")
    driver.run(c.LoseDevice("ana", "main"))
    driver.run(back, 59)
    assert driver.engine.view.timers.get(GRACE, "ana") is None
    assert driver.advance(600) == []


def test_a_returned_device_takes_work_unless_its_agent_is_away() -> None:
    driver = Driver()
    driver.sign_in("ana")
    assert driver.run(c.ReturnDevice("ana", "main")).events == []
    driver.run(c.LoseDevice("ana", "main"))
    assert driver.run(c.ReturnDevice("ana", "main")).events == [e.DeviceReturned("ana", "main", takes_work=True)]
    driver.run(c.SetAway("ana", "lunch"))
    driver.run(c.LoseDevice("ana", "main"))
    assert driver.run(c.SetAvailable("ana")).events == [e.AgentAvailable("ana", takes_work=False)]
    driver.run(c.SetAway("ana", "lunch"))
    assert driver.run(c.ReturnDevice("ana", "main")).events == [e.DeviceReturned("ana", "main", takes_work=False)]


def test_an_agent_away_can_be_lost_too() -> None:
    driver = Driver()
    driver.sign_in("ana")
    driver.run(c.SetAway("ana", "lunch"))
    driver.run(c.LoseDevice("ana", "main"))
    assert driver.advance(60) == [e.AgentLost("ana")]


@pytest.mark.parametrize("command", [c.LoseDevice("ana", "tablet"), c.ReturnDevice("ana", "tablet")])
def test_a_device_that_never_signed_in_is_refused(command: c.Command) -> None:
    driver = Driver()
    driver.sign_in("ana")
    driver.refuse(command, UnknownId, kind="device", id="tablet")


# Misses


def _miss(driver: Driver, times: int) -> None:
    for number in range(times):
        driver.message(f"misser{number}-{len(driver.log)}", after=0)
        driver.advance(30)
        driver.run(c.CancelInteraction(driver.last(e.InteractionStarted).interaction, "x"))


def test_an_agent_who_misses_offers_is_set_away() -> None:
    driver = Driver()
    driver.sign_in("ana")
    _miss(driver, 2)
    assert _agent(driver)[0] == "AVAILABLE"
    _miss(driver, 1)
    assert driver.last(e.AgentWentAway) == e.AgentWentAway("ana", "missed offers")
    assert driver.engine.view.presence.agents["ana"].misses == 0


@pytest.mark.parametrize("answer", ["accept", "decline", "sign_out"])
def test_an_answer_begins_the_count_anew(answer: str) -> None:
    driver = Driver()
    driver.sign_in("ana")
    _miss(driver, 2)
    driver.message("joe")
    if answer == "sign_out":
        driver.run(c.SignOut("ana"))
        driver.sign_in("ana")
    else:
        {"accept": driver.accept, "decline": driver.decline}[answer]()
    assert driver.engine.view.presence.agents["ana"].misses == 0


def test_offers_taken_back_are_no_misses() -> None:
    driver = Driver()
    driver.sign_in("ana")
    for name in ("joe", "jim", "jon", "jan"):
        got = driver.message(name)
        driver.run(c.LeaveContact(got.interaction))
    assert driver.engine.view.presence.agents["ana"].misses == 0


def test_a_plan_may_never_set_anyone_away() -> None:
    driver = Driver(plan(presence=Presence(misses=0)))
    driver.sign_in("ana")
    _miss(driver, 5)
    assert _agent(driver)[0] == "AVAILABLE"


# Profiles


def test_an_agent_is_defined_by_command() -> None:
    driver = Driver(plan(roles={"lead": Role(("*",))}))
    decided = driver.run(
        c.DefineAgent("zoe", ["sales", "care"], {"german": 50, "billing": 9}, ["lead"], 80, name="Zoe Example")
    )
    assert decided.events == [
        e.AgentDefined(
            *("zoe", ["care", "sales"], {"billing": 9, "german": 50}, ["lead"], 80, "command"), name="Zoe Example"
        )
    ]
    assert list(decided.events[0].skills) == ["billing", "german"]
    assert driver.engine.view.agent("zoe").state == "OFFLINE"


def test_a_new_profile_keeps_presence() -> None:
    driver = Driver()
    driver.sign_in("ana")
    driver.run(c.SignIn("ana", "phone"))
    _miss(driver, 1)
    driver.run(c.DefineAgent("ana", ["sales"]))
    row = driver.engine.view.agent("ana")
    assert (row.teams, row.source, row.state, row.misses) == (["sales"], "command", "AVAILABLE", 1)
    assert row.devices == {"main": True, "phone": True}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"agent": ""}, "agent"),
        ({"agent": "x" * 201}, "agent"),
        ({"agent": "a\nb"}, "agent"),
        ({"teams": []}, "teams"),
        ({"teams": ["care", "none"]}, "teams"),
        ({"skills": {"none": 1}}, "skills"),
        ({"skills": {"german": 0}}, "skills"),
        ({"skills": {"german": 101}}, "skills"),
        ({"roles": ["none"]}, "roles"),
        ({"capacity_percent": 0}, "capacity_percent"),
        ({"capacity_percent": 10_001}, "capacity_percent"),
    ],
)
def test_a_profile_that_makes_no_sense_is_refused(change: dict[str, object], field: str) -> None:
    Driver().refuse(attrs.evolve(c.DefineAgent("zoe", ["care"]), **change), InvalidCommand, field=field)


def test_an_agent_is_removed_signed_out_first() -> None:
    driver = Driver()
    driver.sign_in("ana")
    driver.run(c.LoseDevice("ana", "main"))
    assert driver.run(c.RemoveAgent("ana")).events == [e.AgentSignedOut("ana", "removed"), e.AgentRemoved("ana")]
    assert driver.run(c.RemoveAgent("bob")).events == [e.AgentRemoved("bob")]
    assert driver.engine.view.timers.get(GRACE, "ana") is None
    assert set(driver.engine.view.presence.agents) == {"cleo"}
    driver.refuse(c.SignIn("ana"), UnknownId, kind="agent")


# Agents of the plan


def test_agents_of_the_plan_follow_it() -> None:
    driver = Driver()
    driver.sign_in("ana", "bob")
    driver.run(c.DefineAgent("zoe", ["care"]))
    driver.run(c.DefineAgent("cleo", ["care"]))
    old = plan()
    agents = {"ana": AgentDefinition(("care",), {"german": 20}), "dan": AgentDefinition(("sales",))}
    decided = driver.change_plan(attrs.evolve(old, agents=agents))
    assert decided.events[1:] == [
        e.AgentDefined("dan", ["sales"], {}, [], 100, "plan"),
        e.AgentDefined("ana", ["care"], {"german": 20}, [], 100, "plan"),
        e.AgentSignedOut("bob", "removed"),
        e.AgentRemoved("bob"),
    ]
    assert set(driver.engine.view.presence.agents) == {"ana", "cleo", "dan", "zoe"}
    assert driver.engine.view.agent("cleo").teams == ["care"]
    assert driver.engine.view.agent("ana").state == "AVAILABLE"


def test_an_agent_whom_the_plan_does_not_change_stays_as_they_are() -> None:
    driver = Driver()
    queues = dict(plan().queues)
    queues["care"] = attrs.evolve(queues["care"], priority=3)
    assert [type(event) for event in driver.change_plan(plan(queues=queues)).events] == [e.PlanChanged]


MANY = {f"agent{number:03d}": AgentDefinition(("care",), name="Ann") for number in range(300)}


def test_a_plan_of_many_agents_defines_them_all_at_once() -> None:
    driver = Driver(plan(agents=MANY))
    assert [type(event) for event in driver.batches[0].events] == [e.PlanChanged, *[e.AgentDefined] * 300]
    assert {event.name for event in driver.events(e.AgentDefined)} == {"Ann"}


def test_a_plan_of_thousands_of_agents_is_followed_in_slices() -> None:
    company = {f"agent{number:04d}": AgentDefinition(("care",), name="Ann") for number in range(2_500)}
    driver = Driver(plan(agents=company))
    known = driver.engine.view.presence.agents
    assert len(driver.batches[0].events) == 501
    assert len(known) == 500
    assert driver.reloaded().state_hash() == driver.replayed().state_hash() == driver.engine.state_hash()
    # All are there before any other command is.
    driver.advance(0)
    assert set(known) == set(company)
    driver.run(c.SignIn("agent2499", "desk"))
    assert max(len(batch.events) for batch in driver.batches[1:]) <= 200
    assert driver.engine.view.timers.get(FOLLOW, "") is None
    defined = [event.agent for event in driver.events(e.AgentDefined)]
    assert len(defined) == len(set(defined)) == len(company)


def test_another_plan_before_all_have_followed_takes_its_place() -> None:
    company = {f"agent{number:04d}": AgentDefinition(("care",)) for number in range(700)}
    driver = Driver(plan(agents=company))
    trained = {name: AgentDefinition(("care",), skills={"german": 50}) for name in list(company)[600:]}
    driver.change_plan(plan(agents=trained))
    assert max(len(batch.events) for batch in driver.batches) <= 501
    driver.advance(1)
    assert {name: agent.skills for name, agent in driver.engine.view.presence.agents.items()} == {
        name: {"german": 50} for name in trained
    }


def test_agents_whom_the_plan_drops_go_in_slices() -> None:
    driver = Driver(plan(agents=MANY))
    driver.sign_in(*MANY)
    since = len(driver.batches)
    driver.change_plan(plan(agents={}))
    assert len(driver.engine.view.presence.agents) == 250
    driver.run(c.DefineAgent("agent299", ["sales"]))
    driver.run(c.RemoveAgent("agent100"))
    assert driver.reloaded().state_hash() == driver.engine.state_hash()
    driver.advance(1)
    assert max(len(batch.events) for batch in driver.batches[since:]) <= 101
    assert set(driver.engine.view.presence.agents) == {"agent299"}
    assert driver.engine.view.timers.get(FOLLOW, "") is None


def test_a_plan_that_names_them_again_during_the_walk_keeps_the_rest() -> None:
    driver = Driver(plan(agents=MANY))
    driver.change_plan(plan(agents={}))
    left = set(driver.engine.view.presence.agents)
    assert 0 < len(left) < 300
    driver.change_plan(plan(agents=MANY))
    assert driver.engine.view.timers.get(FOLLOW, "") is None
    assert set(driver.engine.view.presence.agents) == set(MANY)
    assert driver.advance(1) == []


def test_a_profile_wanted_is_sorted() -> None:
    definition = AgentDefinition(("b", "a"), {"y": 1, "x": 2}, ("r", "q"), 50)
    assert wanted(definition) == (["a", "b"], {"x": 2, "y": 1}, ["q", "r"], 50, "person", 0)


def test_names_are_private() -> None:
    driver = Driver()
    driver.run(c.DefineAgent("zoe", ["care"], name="Zoe Example"))
    assert driver.last(e.AgentDefined).name == "Zoe Example"
    assert "Zoe" not in str(driver.engine.dump())
    assert "Zoe" not in repr(driver.log)
