from __future__ import annotations

from collections.abc import Mapping

import attrs
import pytest
from tests.engine_driver import CARE, Driver, person, plan

from orchestra.engine.access import authorize, role_faults
from orchestra.engine.engine import Engine
from orchestra.errors import InvalidCommand, NotPermitted, UnknownId
from orchestra.model import commands as c
from orchestra.model.definitions import Role
from orchestra.model.plan import Plan

ROLES = {
    "supervisor": Role(("*",), others=True),
    "trainee": Role(("SignIn", "AcceptOffer")),
    "lead": Role(("RescindOffer", "RecordReply", "SetAway")),
}

EXAMPLES: tuple[c.Command, ...] = (
    c.ChangePlan(Plan(), "", "", ""),
    c.DefineAgent("ana", ["care"]),
    c.RemoveAgent("ana"),
    c.SignIn("ana"),
    c.SignOut("ana"),
    c.SetAway("ana", "lunch"),
    c.SetAvailable("ana"),
    c.LoseDevice("ana", "main"),
    c.ReturnDevice("ana", "main"),
    c.ReceiveContact("chat", "main", "k1", person("joe")),
    c.ReceiveMessage("chat", "main", "m1", person("joe")),
    c.LeaveContact("in1"),
    c.EndCall("voice", "main", "k1"),
    c.AskCall("voice", "main", "k1"),
    c.PressKeys("voice", "main", "k1", "p1", "1"),
    c.ReportLeg("voice", "main", "k1", "of1", "answered"),
    c.EditMessage("chat", "main", "m1", "e1"),
    c.KeepFile("cu1", "me1", 1, "0" * 64),
    c.RetractMessage("chat", "main", "m1"),
    c.ReactToMessage("chat", "main", "m1", "e1", person("joe")),
    c.RecordAutoReply("chat", "main", "m1", person("joe"), "vacation"),
    c.RecordWatermark("chat", "main", person("joe"), "read", 1),
    c.TakeConsent("chat", "main", person("joe"), given=False),
    c.TakeIdentity(person("joe"), person("joe2")),
    c.HoldInteraction("in1", "ana"),
    c.RetrieveInteraction("in1", "ana"),
    c.FinishInteraction("in1", "ana"),
    c.FinishWrapUp("in1", "ana"),
    c.TransferInteraction("in1", "ana", "care"),
    c.HandOver("in1", "ana"),
    c.CancelInteraction("in1", "x"),
    c.RequestCallback("in1"),
    c.RescheduleCallback("in1", 1),
    c.CancelCallback("in1", "x"),
    c.ReportCallback("in1", "ana", "busy"),
    c.ReportDialing("in1", 1, "busy"),
    c.ScheduleCallback("voice", "main", person("joe")),
    c.TellNow("in1", "ana", "de1"),
    c.WriteReply("in1", "ana", "hi"),
    c.RecordReply("chat", "main", "r1", person("joe")),
    c.OpenCase("cu1"),
    c.OpenWorkItem("task", "k", "ca1"),
    c.SetCaseWaiting("ca1", "customer"),
    c.ResumeCase("ca1"),
    c.ResolveCase("ca1"),
    c.ReopenCase("ca1", "x"),
    c.CloseCase("ca1"),
    c.PauseClock("ck1", "x"),
    c.ResumeClock("ck1"),
    c.AssignCase("ca1", "team", "care"),
    c.MergeCases("ca1", "ca2", "x"),
    c.UnmergeCase("ca2", "x"),
    c.SplitCase("ca1", "x", ["in1"]),
    c.MoveInteraction("in1", "ca1", "x"),
    c.AcceptCaseSuggestion("in1"),
    c.DismissCaseSuggestion("in1", "x"),
    c.AddRef("ca1", "x"),
    c.SetFields("ca1", {}),
    c.AcceptOffer("of1", "ana", 1),
    c.ConfirmConnected("of1", "ana", 1),
    c.ReportSetupFailed("of1", "ana", 1, "no line"),
    c.DeclineOffer("of1", "ana", 1),
    c.RescindOffer("of1", "x"),
    c.AskConsult("in1", "ana", "bob"),
    c.ConsultQueue("in1", "ana", "care"),
    c.AcceptConsult("cs1", "ana", 1),
    c.DeclineConsult("cs1", "ana", 1),
    c.EndConsult("cs1", "ana"),
    c.LeaveConsult("cs1", "ana"),
    c.MergeConsult("cs1", "ana"),
    c.MonitorInteraction("in1", "ana"),
    c.StopMonitoring("in1", "ana"),
    c.Whisper("in1", "ana", "hi"),
    c.BargeIn("in1", "ana"),
    c.TakeOver("in1", "ana"),
    c.CompleteTransfer("cs1", "ana"),
    c.TransferToAgent("in1", "ana", "bob"),
    c.SendMessage("ca1", "k", text="hi"),
    c.CorrectMessage("me1", text="hi"),
    c.TakeBackMessage("me1"),
    c.SendReaction("me1"),
    c.StartDelivery("de1", 1, 1),
    c.RecordOutcome("de1", 1, "accepted"),
    c.RecoverDelivery("de1", 2),
    c.ResumeDeliveries("chat", "main"),
    c.RecordReceipt("chat", "main", "p1", "read"),
    c.CancelDelivery("de1", "x"),
    c.StopSending("x"),
    c.StartSending(),
    c.ReportChannel("chat", "main", "down", "x"),
    c.MoveCursor("chat", "main", "c1"),
    c.MarkLog("s", 1, 0, 0),
    c.BeginImport(),
    c.ImportCustomer("u1", [person("joe")]),
    c.ImportCase("t1", "cu1"),
    c.ImportMessage("chat", "main", "m1", person("joe"), True),
    c.ImportStatus("ca1", "open"),
    c.LinkAddress("cu1", person("mia"), "told"),
    c.ConfirmAddress("cu1", person("joe")),
    c.UnlinkAddress("cu1", person("joe"), "x"),
    c.MergeCustomers("cu1", "cu2", "told"),
    c.DismissMerge("cu1", "cu2", "x"),
    c.SplitCustomers("li1", "x"),
    c.LinkQuestion("in2", "in1"),
    c.UnlinkQuestion("in2"),
    c.InviteToChannel("email", "in1", text="come"),
    c.WithdrawInvitation("iv1", "x"),
    c.SettleTriage("ca1", "li1"),
    c.SetParticipant("ca1", "cu2", "relative"),
    c.RemoveParticipant("ca1", "cu2", "x"),
    c.VerifyContact("in1", "basic", "asked"),
    c.RecordConsent("joe", "news", True),
    c.SetPreferences("joe", []),
    c.SetCustomerZone("joe", "Asia/Tokyo"),
    c.SetCustomerLanguage("joe", "de"),
    c.SetCustomerForm("joe", None),
    c.SetCustomerHours("joe", "18:00-20:00"),
    c.EraseCustomer("cu1", "asked"),
    c.RecordErasure("cu1"),
    c.CloseQueue("care", "x"),
    c.OpenQueue("care", "x"),
    c.MakeCommitment("o", "price", 1, case="ca1"),
    c.WithdrawCommitment("cm1", "x"),
    c.SetCaseType("ca1", None),
    c.AdvanceCase("ca1", "checked"),
    c.MakePromise("ca1"),
    c.RevisePromise("pr1", "x"),
    c.WithdrawPromise("pr1", "x"),
    c.TellFact("ca1", "due", "2026-12-01"),
    c.PlanNotice("k1", "delay", "ca1"),
    c.CancelNotice("nt1", "x"),
    c.SetNoticePreference("joe", False),
    c.ReportFact("o", "price", 1),
    c.SettleConflict("cf1", "cm1"),
    c.OfferHandOff("ca1", "team", "care"),
    c.AcceptHandOff("ho1", "ana"),
    c.DeclineHandOff("ho1", "ana", "x"),
    c.WithdrawHandOff("ho1", "x"),
    c.EscalateCase("ca1", "x"),
    c.RaiseFinding("ca1", "praise"),
    c.AcknowledgeFinding("fi1", "care"),
    c.RequestAction("refund@1", "k1", "ca1"),
    c.StartAction("ar1", 1, 1),
    c.RecordAction("ar1", 1, "done"),
    c.RecoverAction("ar1", 1),
    c.CancelAction("ar1", "x"),
    c.OpenIncident("no power"),
    c.UpdateIncident("ic1", "no power"),
    c.ApproveIncidentText("ic1", 1),
    c.LinkToIncident("ic1", "ca1"),
    c.UnlinkFromIncident("ic1", "ca1", "x"),
    c.LinkMatching("ic1"),
    c.FlagIncidentCase("ic1", "ca1", "x"),
    c.CloseIncident("ic1", "power is back"),
)

OWN = {
    *("SignIn", "SignOut", "SetAway", "SetAvailable", "AcceptOffer", "DeclineOffer", "HoldInteraction"),
    *("ConfirmConnected", "ReportSetupFailed"),
    *("AskConsult", "ConsultQueue", "AcceptConsult", "DeclineConsult", "EndConsult", "LeaveConsult"),
    *("MergeConsult", "CompleteTransfer", "TransferToAgent"),
    *("RetrieveInteraction", "WriteReply", "TellNow", "FinishInteraction", "FinishWrapUp", "TransferInteraction"),
    *("AcceptHandOff", "DeclineHandOff"),
    "HandOver",
    "ReportCallback",
}
CASES = {
    *("OpenCase", "SetCaseWaiting", "ResumeCase", "ResolveCase", "ReopenCase", "AssignCase", "AddRef", "SetFields"),
    *("SendMessage", "OpenWorkItem", "MakeCommitment", "WithdrawCommitment", "LinkQuestion", "UnlinkQuestion"),
    *("OfferHandOff", "WithdrawHandOff", "EscalateCase", "RaiseFinding", "AcknowledgeFinding"),
    *("RequestAction", "TellFact", "PauseClock", "ResumeClock", "PlanNotice", "CancelNotice"),
    *("SetCaseType", "AdvanceCase", "MakePromise", "RevisePromise", "WithdrawPromise"),
    *("LinkToIncident", "UnlinkFromIncident", "FlagIncidentCase"),
    *("InviteToChannel", "WithdrawInvitation"),
    *("CorrectMessage", "TakeBackMessage", "SendReaction"),
}
MATTERS = {
    *("MergeCases", "UnmergeCase", "SplitCase", "MoveInteraction"),
    *("AcceptCaseSuggestion", "DismissCaseSuggestion"),
}
WISHES = {
    "RecordConsent",
    "SetPreferences",
    "SetCustomerZone",
    "SetCustomerLanguage",
    "SetCustomerForm",
    "SetCustomerHours",
    "SetNoticePreference",
}
TOLD = WISHES | {"LinkAddress", "VerifyContact"}
IDENTITY = TOLD | {
    "ConfirmAddress",
    "UnlinkAddress",
    "MergeCustomers",
    "DismissMerge",
    "SplitCustomers",
    "SettleTriage",
}
IDENTITY |= {"SetParticipant", "RemoveParticipant"}
CALLBACKS = {"RequestCallback", "ScheduleCallback", "RescheduleCallback", "CancelCallback"}
SUPERVISION = {"MonitorInteraction", "StopMonitoring", "Whisper", "BargeIn", "TakeOver"}
INBOUND = {"ReceiveMessage", "ReceiveContact", "LeaveContact"} | CALLBACKS
HEARD = {"EndCall", "EditMessage", "RetractMessage", "ReactToMessage", "RecordAutoReply", "TakeConsent"}
HEARD |= {"AskCall", "PressKeys", "ReportLeg"}
EVERY = {type(command).__name__ for command in EXAMPLES}

MAY: Mapping[str, set[str]] = {
    "agent:ana": OWN | CASES | MATTERS | CALLBACKS | IDENTITY | {"SettleConflict"},
    "bot:ana": OWN | CASES | CALLBACKS | TOLD,
    "customer": INBOUND | WISHES,
    "customer:joe": INBOUND | WISHES,
    "back_office:sap": CASES
    | MATTERS
    | CALLBACKS
    | IDENTITY
    | {"EraseCustomer", "CloseCase", "RecordReply", "ReportFact"}
    | {"OpenIncident", "UpdateIncident", "LinkMatching"},
    "operator:root": EVERY,
    "system": EVERY,
    "agent:super": EVERY,
    "agent:novice": {"SignIn", "AcceptOffer"},
    "agent:nobody": set(),
}
"""Actor -> the commands they may give, of those that name ana where they name an agent."""


def _driver() -> Driver:
    driver = Driver(plan(roles=ROLES))
    driver.run(c.DefineAgent("super", ["care"], roles=["supervisor"]))
    driver.run(c.DefineAgent("novice", ["care"], roles=["trainee"]))
    driver.run(c.DefineAgent("chief", ["care"], roles=["trainee", "lead"]))
    return driver


@pytest.fixture(scope="module")
def engine() -> Engine:
    return _driver().engine


def test_there_is_an_example_of_every_command() -> None:
    assert {type(command) for command in EXAMPLES} == set(c.COMMANDS)


@pytest.mark.parametrize("command", EXAMPLES, ids=lambda command: type(command).__name__)
@pytest.mark.parametrize("actor", MAY)
def test_every_kind_of_actor_against_every_command(engine: Engine, actor: str, command: c.Command) -> None:
    name = type(command).__name__
    given = attrs.evolve(command, actor=actor)
    if actor == "agent:novice" and hasattr(command, "agent") and name in MAY[actor]:
        given.agent = "novice"
    if name in MAY[actor]:
        assert authorize(engine.view, given) == actor
        return
    with pytest.raises(NotPermitted) as caught:
        authorize(engine.view, given)
    assert (caught.value.actor, caught.value.command) == (actor, name)
    assert caught.value.reason


@pytest.mark.parametrize("command", EXAMPLES, ids=lambda command: type(command).__name__)
def test_without_an_actor_it_is_whom_the_command_is_for(engine: Engine, command: c.Command) -> None:
    name = type(command).__name__
    if name in SUPERVISION:
        with pytest.raises(NotPermitted):
            authorize(engine.view, command)
        return
    expected = "agent:ana" if name in OWN else "customer" if name in INBOUND | HEARD else "system"
    assert authorize(engine.view, command) == expected


@pytest.mark.parametrize("actor", ["", "ana", "admin:ana", "agents:ana", ":ana"])
def test_an_actor_of_no_known_kind_is_refused(engine: Engine, actor: str) -> None:
    with pytest.raises(InvalidCommand) as caught:
        authorize(engine.view, c.SignIn("ana", actor=actor))
    assert caught.value.field == "actor"


def test_an_agent_may_not_do_the_work_of_another(engine: Engine) -> None:
    for actor in ("agent:bob", "agent:chief", "bot:bob"):
        with pytest.raises(NotPermitted, match="ana's work"):
            authorize(engine.view, c.SetAway("ana", "lunch", actor=actor))
    assert authorize(engine.view, c.SetAway("ana", "lunch", actor="agent:super")) == "agent:super"


def test_a_customer_asks_for_what_is_their_own() -> None:
    driver = _driver()
    got, other = driver.call("joe"), driver.call("eve")
    view, mine, theirs = driver.engine.view, f"customer:{got.customer}", f"customer:{other.customer}"
    for command in (
        c.LeaveContact(got.interaction, actor=theirs),
        c.RequestCallback(got.interaction, actor=theirs),
        c.ScheduleCallback("voice", "main", person("joe"), customer=got.customer, actor=theirs),
        c.ScheduleCallback("voice", "main", person("joe"), case=got.case.id, actor=theirs),
        c.RecordConsent(got.customer, "news", True, actor=theirs),
    ):
        with pytest.raises(NotPermitted, match="another customer"):
            authorize(view, command)
        for actor in (mine, "customer"):  # whoever speaks for customers without naming one has seen to it
            assert authorize(view, attrs.evolve(command, actor=actor)) == actor
    with pytest.raises(UnknownId):
        driver.run(c.LeaveContact("in99", actor=theirs))


def test_the_roles_of_an_agent_add_up(engine: Engine) -> None:
    assert authorize(engine.view, c.RescindOffer("of1", "x", actor="agent:chief")) == "agent:chief"
    assert authorize(engine.view, c.AcceptOffer("of1", "chief", 1, actor="agent:chief")) == "agent:chief"


def test_a_command_that_may_name_an_agent_and_names_none_is_nobody_elses_work(engine: Engine) -> None:
    reply = c.RecordReply("chat", "main", "r1", person("joe"), actor="agent:chief")
    assert authorize(engine.view, reply) == "agent:chief"
    with pytest.raises(NotPermitted):
        authorize(engine.view, attrs.evolve(reply, agent="ana"))


def test_roles_count_also_when_no_actor_is_given(engine: Engine) -> None:
    assert authorize(engine.view, c.SignIn("novice")) == "agent:novice"
    with pytest.raises(NotPermitted) as caught:
        authorize(engine.view, c.SignOut("novice"))
    assert (caught.value.actor, caught.value.command) == ("agent:novice", "SignOut")


def test_own_work_of_an_agent_whom_nobody_knows(engine: Engine) -> None:
    with pytest.raises(UnknownId) as caught:
        authorize(engine.view, c.SignIn("zoe"))
    assert (caught.value.kind, caught.value.id) == ("agent", "zoe")


def test_a_role_that_the_plan_lost_gives_no_rights() -> None:
    driver = _driver()
    driver.engine.view.plans.plan = Plan.parse(CARE)
    with pytest.raises(NotPermitted):
        authorize(driver.engine.view, c.WriteReply("in1", "novice", "hi", actor="agent:novice"))


def test_the_actor_is_in_the_log() -> None:
    driver = _driver()
    driver.run(c.SignIn("ana"))
    driver.run(c.SetAway("ana", "lunch", actor="agent:super"))
    driver.message()
    assert [(type(logged.event).__name__, logged.actor) for logged in driver.log[-8:]][0:2] == [
        ("AgentWentAway", "agent:super"),
        ("CustomerAdded", "customer"),
    ]


def test_a_role_that_allows_no_known_command_is_a_fault() -> None:
    faulty = plan(roles={"odd": Role(("SignIn", "Dance", "*"))})
    faults = [(fault.path, fault.message) for fault in role_faults(faulty)]
    assert faults == [("roles.odd.may[1]", "no command 'Dance'")]
    assert role_faults(plan(roles=ROLES)) == []
