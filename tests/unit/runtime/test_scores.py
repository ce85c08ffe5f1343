"""An application's scores from the door to the explanation: who needs them, who does not, and what is told of them."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from tests.contact_centre import PLAN, Centre, SteeredJournal, message, turns

from orchestra.engine.scores import UNRATED
from orchestra.errors import DefinitionError, InvalidCommand, JournalUnavailable
from orchestra.model import commands as c, events as e
from orchestra.model.plan import Plan
from orchestra.model.scores import ProfileScore, Score, ScoredAgent, ScoredContact, ScoreFailure, Scores
from orchestra.runtime.history.explain import explain
from orchestra.runtime.loading import load_engine, save_snapshot
from orchestra.testing.clock import VirtualClock
from orchestra.testing.faults import JournalFault


def ben_first(agent: ScoredAgent, contact: ScoredContact) -> int:
    return int(agent.name == "ben")


def naming(*order: str) -> Plan:
    return attrs.evolve(PLAN, queues={"care": attrs.evolve(PLAN.queues["care"], order=order)})


SCORES: Scores = {"acme.ben@1": Score(ben_first)}
SCORED = naming("score:acme.ben@1", "idle")


def centre(plan: Plan = SCORED, journal: Any = None) -> Centre:
    return Centre(journal, VirtualClock(), plan)


async def offered(centre: Centre, scores: Scores) -> e.OfferMade:
    async with centre.open(scores=scores) as workspace:
        await workspace.sign_in("ana")
        await workspace.sign_in("ben")
        await workspace.receive(message(1))
    made: e.OfferMade = centre.events(e.OfferMade)[-1]
    return made


async def test_a_workspace_is_opened_with_scores() -> None:
    made = await offered(centre(), SCORES)
    assert (made.agent, made.key[0], made.runners_up[0][0]) == ("ben", -1, 0)


async def test_a_workspace_with_scores_tells_of_every_agent() -> None:
    desk = centre()
    made = await offered(desk, SCORES)
    async with desk.open(scores=SCORES) as workspace:
        explanation = await workspace.explain(made.interaction, full=True)
    assert [candidate.agent for candidate in explanation.decisions[-1].candidates or ()] == ["ben", "ana"]


async def test_a_plan_that_names_what_was_not_given_is_refused_at_the_door() -> None:
    plan = naming("score:acme.ben@2", "score:acme.ana@1", "idle")
    with pytest.raises(DefinitionError) as caught:
        async with centre(plan).open(scores=SCORES):
            pass
    assert [str(fault) for fault in caught.value.faults] == [
        "queues.care.order[0]: no score 'acme.ben@2' is registered; there are: acme.ben@1",
        "queues.care.order[1]: no score 'acme.ana@1' is registered; there are: acme.ben@1",
    ]


async def test_who_opens_it_again_needs_the_scores_too_and_who_reads_does_not() -> None:
    first = centre()
    made = await offered(first, SCORES)
    with pytest.raises(DefinitionError, match=r"order\[0\]: no score 'acme.ben@1' is registered; there are: none"):
        async with first.open():
            pass
    live = load_engine(first.journal, use_snapshot=False).state_hash()
    save_snapshot(first.journal)
    assert load_engine(first.journal).state_hash() == live
    (decision,) = explain(first.journal, made.interaction).decisions
    assert (decision.agent, decision.key[0]) == ("ben", -1)


async def test_all_agents_are_told_to_whoever_has_the_scores() -> None:
    first = centre()
    made = await offered(first, SCORES)
    (decision,) = explain(first.journal, made.interaction, full=True, scores=SCORES).decisions
    assert decision.candidates is not None
    assert [(one.rank, one.key) for one in decision.candidates] == [(1, made.key), (2, made.runners_up[0])]
    with pytest.raises(DefinitionError, match=r"no score 'acme\.ben@1' is registered; there are: other@1"):
        explain(first.journal, made.interaction, full=True, scores={"other@1": Score(ben_first)})


async def test_another_process_cannot_change_to_a_plan_whose_scores_are_not_here() -> None:
    plan = naming("score:acme.ben@7")
    async with centre(PLAN).open(scores=SCORES) as workspace:
        with pytest.raises(InvalidCommand, match=r"no score 'acme\.ben@7' is registered"):
            await workspace.execute(c.ChangePlan(plan, plan.digest(), "2025b", workspace.key.check))
        await workspace.execute(c.ChangePlan(SCORED, SCORED.digest(), "2025b", workspace.key.check))


async def test_what_goes_wrong_with_a_score_is_told_by_health() -> None:
    def wrong(agent: ScoredAgent, contact: ScoredContact) -> int:
        return 1 // 0

    async with centre().open(scores={"acme.ben@1": Score(wrong)}) as workspace:
        assert workspace.health().scores_failed == {}
        await workspace.sign_in("ana")
        await workspace.receive(message(1))
        assert workspace.health().scores_failed == {"acme.ben@1": ScoreFailure(1, "raised ZeroDivisionError")}
        assert (await workspace.execute(c.SignIn("ben"))) is None
        assert workspace.health().quarantined == 0


async def test_an_engine_that_is_loaded_anew_has_the_scores() -> None:
    journal = SteeredJournal()
    async with centre(journal=journal).open(scores=SCORES) as workspace:
        await workspace.sign_in("ana")
        await workspace.sign_in("ben")
        journal.fail(JournalFault.REFUSE)
        with pytest.raises(JournalUnavailable):
            await workspace.receive(message(1))
        await turns()
        await workspace.receive(message(2))
    made = centre(journal=journal).events(e.OfferMade)[-1]
    assert (made.agent, made.key[0]) == ("ben", -1)


async def test_what_fell_due_under_a_plan_whose_score_is_gone_is_decided_all_the_same() -> None:
    first = centre(attrs.evolve(naming("score:old@1", "idle"), presence=attrs.evolve(PLAN.presence, misses=0)))
    async with first.open(scores={"old@1": Score(ben_first)}) as workspace:
        await workspace.sign_in("ana", heartbeats=True)
        await workspace.sign_in("ben", heartbeats=True)
        await workspace.receive(message(1))
    assert isinstance(first.clock, VirtualClock)
    await first.clock.advance(minutes=2)
    second = Centre(first.journal, first.clock, SCORED)
    async with second.open(scores=SCORES):
        pass
    keys = [made.key[0] for made in second.events(e.OfferMade)]
    assert keys[:2] == [-1, UNRATED], "the offer was missed while nobody owned the workspace, and another one made"


@pytest.mark.parametrize(
    ("scores", "told"),
    [
        ([ben_first], "must be a mapping of names to scores, as {'acme.vip@2': Score\\(rate\\)}, not list"),
        ({"acme.ben": Score(ben_first)}, "must have names with a version, as acme.vip@2, not 'acme.ben'"),
        ({5: Score(ben_first)}, "must have names with a version, as acme.vip@2, not 5"),
        ({"acme.ben@1": ben_first}, "must hold scores, as Score\\(rate\\), .*, not function"),
        ({"acme.ben@1": ProfileScore(5)}, "must hold functions: acme.ben@1 is int"),  # type: ignore[arg-type]
    ],
)
async def test_what_is_no_score_is_refused_when_opening(scores: Any, told: str) -> None:
    with pytest.raises(DefinitionError, match=told):
        async with centre().open(scores=scores):
            pass
