"""Steps of scenarios about notices: what the shop announces, what customers want, and what becomes of messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import attrs

from orchestra.engine.view import View
from orchestra.model import commands as c

__all__ = ["STEPS"]

Said = Mapping[str, str]


class OnStage(Protocol):
    """Who is who, and what time it is."""

    @property
    def view(self) -> View:
        """All that is known."""
        ...

    def id_of(self, customer: str) -> str:
        """The id of the person of that name."""
        ...

    def case_of(self, customer: str) -> str:
        """Their newest case."""
        ...

    def instant_of(self, clock: str) -> int:
        """A time of that day."""
        ...

    def messages_to(self, customer: str, *states: str) -> list[str]:
        """The messages to somebody that are in one of these states, oldest first."""
        ...


def _announce(stage: OnStage, said: Said) -> c.Command:
    facts = dict(one.split(" is ", 1) for one in (said.get("facts") or "").split(", ") if one)
    begins, ends = said.get("begins"), said.get("ends")
    return c.PlanNotice(
        f"k{len(stage.view.notices.notices) + 1}",
        said["topic"],
        stage.case_of(said["other"]),
        facts={name: str(value) for name, value in facts.items()},
        urgency="urgent" if said.get("urgent") else "normal",
        not_before_us=None if begins is None else stage.instant_of(begins),
        expires_us=None if ends is None else stage.instant_of(ends),
        supersedes_group=said.get("group"),
    )


def _want(stage: OnStage, said: Said) -> c.Command:
    wanted = said["wants"] == "wants"
    return c.SetNoticePreference(stage.id_of(said["who"]), wanted, said.get("topic"), said.get("channel"))


def _consent(stage: OnStage, said: Said) -> c.Command:
    return c.RecordConsent(stage.id_of(said["who"]), said["purpose"], said["says"] == "allows", said.get("channel"))


def _hours(stage: OnStage, said: Said) -> c.Command:
    return c.SetCustomerHours(stage.id_of(said["who"]), said["hours"])


def _forget(stage: OnStage, said: Said) -> c.Command:
    return c.EraseCustomer(stage.id_of(said["other"]), "asked for it")


def _settle(stage: OnStage, said: Said) -> c.Command:
    return c.ResolveCase(stage.case_of(said["other"]))


def _cancel(stage: OnStage, said: Said) -> c.Command:
    return c.CancelNotice(said["notice"], said["reason"])


def _drop(stage: OnStage, said: Said) -> c.Command:
    plan = stage.view.plan
    topics = {name: topic for name, topic in plan.notices.topics.items() if name != said["topic"]}
    without = attrs.evolve(plan, notices=attrs.evolve(plan.notices, topics=topics))
    return c.ChangePlan(without, without.digest(), "zones", "check")


def _merge_cases(stage: OnStage, said: Said) -> c.Command:
    case, other = _cases(stage, said["other"])
    return c.MergeCases(other, case, "the same matter")


def _cases(stage: OnStage, customer: str) -> list[str]:
    ids = stage.view.identity.group(stage.id_of(customer))
    return [name for name, row in stage.view.cases.cases.items() if row.customer in ids]


def _part(stage: OnStage, said: Said) -> c.Command:
    return c.SplitCustomers(list(stage.view.identity.merges)[-1], said["reason"])


def _tell(stage: OnStage, said: Said) -> c.Command:
    actor = f"agent:{said['who']}"
    return c.TellFact(stage.case_of(said["other"]), said["fact"], said["value"], actor=actor)


def _fails(stage: OnStage, said: Said) -> c.Command:
    name = stage.messages_to(said["who"], "STARTED")[0]
    attempts, is_undeliverable = stage.view.deliveries.deliveries[name].attempts, bool(said.get("for_good"))
    return c.RecordOutcome(name, attempts, "failed", code=said["code"], is_undeliverable=is_undeliverable)


def _came(stage: OnStage, said: Said) -> c.Command:
    """A receipt for the oldest message that left on a channel."""
    rows = stage.view.deliveries.deliveries
    left = stage.messages_to(said["who"], "ACCEPTED", "DELIVERED", "UNKNOWN")
    row = next(rows[name] for name in left if rows[name].channel == said["channel"])
    is_weak = said["state"] == "opened by a machine"
    state = "read" if is_weak else said["state"]
    return c.RecordReceipt(row.channel, row.account, row.provider_ids[0], state, is_weak=is_weak)


def _nothing(stage: OnStage, said: Said) -> None:
    """Only time passes."""


_OTHER = r"(?P<other>\w+)"

STEPS: Mapping[str, Callable[[OnStage, Said], c.Command | None]] = {
    rf"the shop announces (?P<topic>\w+) to {_OTHER}(?P<urgent> urgently)?(?: in group (?P<group>\w+))?"
    r"(?: from (?P<begins>[\d:]+))?(?: until (?P<ends>[\d:]+))?(?:: (?P<facts>.+))?": _announce,
    r"(?P<who>\w+) (?P<wants>wants|refuses) notices(?: of (?P<topic>\w+))?(?: on (?P<channel>\w+))?": _want,
    r"(?P<who>\w+) (?P<says>allows|forbids) (?P<purpose>\w+)(?: on (?P<channel>\w+))?": _consent,
    r"(?P<who>\w+) would rather be reached at (?P<hours>[\d:]+-[\d:]+)": _hours,
    rf"the shop forgets {_OTHER}": _forget,
    rf"the shop settles the case of {_OTHER}": _settle,
    r"the shop cancels (?P<notice>\w+): (?P<reason>.+)": _cancel,
    r"the shop drops (?P<topic>\w+) from its plan": _drop,
    rf"the shop merges the cases of {_OTHER}": _merge_cases,
    r"the shop parts both again: (?P<reason>.+)": _part,
    rf"(?P<who>\w+) informs {_OTHER}: (?P<fact>\w+) is (?P<value>.+)": _tell,
    r"the message to (?P<who>\w+) fails(?P<for_good> for good)?: (?P<code>.+)": _fails,
    r"the message to (?P<who>\w+) on (?P<channel>\w+) is (?P<state>delivered|read|opened by a machine)": _came,
    r"the clock goes on": _nothing,
}
"""What a step about notices may say, and what is done then; None if time alone is to pass."""
