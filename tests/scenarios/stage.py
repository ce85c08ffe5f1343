"""Plays a scenario: each step is a command at its time, and what is told of it is the customers' own timelines.

`python -m tests.scenarios.stage NAME` writes the timelines that a scenario comes to into its file: review the change.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import attrs
from docs._extensions.scenario_text import SCENARIOS, Scenario, Step, read_scenario

from orchestra.engine.view import View
from orchestra.errors import CommandRefused
from orchestra.journal.memory import MemoryJournal
from orchestra.model import commands as c
from orchestra.model.addresses import Address, Thread
from orchestra.model.instants import since_epoch_us
from orchestra.model.plan import Plan
from orchestra.runtime.history.timeline import Entry, timeline
from orchestra.runtime.ledger import Ledger
from orchestra.runtime.readers import reader_of
from orchestra.runtime.steering import steer
from tests.scenarios.notice_steps import STEPS

__all__ = ["FOLDER", "Stage", "names", "play", "written"]

FOLDER = SCENARIOS
DAY = datetime(2026, 11, 30, tzinfo=UTC)
"""The Monday on which every scenario plays."""


def names() -> list[str]:
    """All scenarios there are."""
    return sorted(path.stem for path in FOLDER.glob("*.txt"))


def play(name: str) -> tuple[Scenario, Stage]:
    """A scenario, and the stage after its last step."""
    scenario = read_scenario((FOLDER / f"{name}.txt").read_text("utf-8"))
    stage = Stage(Plan.load(FOLDER / ("notices.toml" if name.startswith("notice_") else "shop.toml")))
    for step in scenario.steps:
        stage.do(step)
    return scenario, stage


def _address(name: str) -> Address:
    return Address("name", f"key-{name}", name, name)


class Stage:
    """A workspace without a clock of its own, and who is who on it."""

    def __init__(self, plan: Plan) -> None:
        self.journal = MemoryJournal()
        self._ledger = Ledger(self.journal, self.journal.acquire("stage", 0, 10**18))
        self._now_us = since_epoch_us(DAY)
        self._last: c.ReceiveMessage | c.ReceiveContact | None = None
        self._contacts = 0
        self._ids: dict[str, str] = {}
        self._run(c.ChangePlan(plan, plan.digest(), "zones", "check"))

    @property
    def _view(self) -> View:
        return self._ledger.engine.view

    def _run(self, command: c.Command) -> None:
        self._ledger.execute(command, self._now_us)
        self._ledger.commit()

    def do(self, step: Step) -> None:
        """Let time pass until the step, and do it; what is refused must be what the step says is refused."""
        self._now_us = since_epoch_us(DAY + step.at)
        while (due_us := self._ledger.engine.due()) is not None and due_us <= self._now_us:
            self._ledger.tick(due_us)
        self._ledger.commit()
        found = [(make, match) for words, make in _ALL_STEPS.items() if (match := re.fullmatch(words, step.words))]
        assert len(found) == 1, f"nobody knows what this means: {step.words}"
        (make, match) = found[0]
        command = make(self, match.groupdict())
        if step.refused is None:
            if command is not None:
                self._run(command)
            return
        assert command is not None, "time passes in any case"
        assert self._refusal(command) == step.refused, step.words

    def _refusal(self, command: c.Command) -> str:
        try:
            self._run(command)
        except CommandRefused as refusal:
            return str(refusal)
        return "it was not refused"

    def told(self, customer: str, reader: str | None = None) -> list[str]:
        """The lines of somebody's timeline, as a scenario has them."""
        entries = timeline(self.journal, self.id_of(customer), reader=reader_of(self.journal, reader))
        return [_line(entry) for entry in entries]

    def id_of(self, customer: str) -> str:
        """The id of the person of that name."""
        holder = self._view.identity.holder(f"key-{customer}") or self._ids.get(customer)
        assert holder is not None, f"nobody has heard of {customer} yet"
        self._ids[customer] = holder  # also once they are to be forgotten
        return holder

    @property
    def view(self) -> View:
        """All that is known."""
        return self._view

    def case_of(self, customer: str) -> str:
        """The newest case of the person of that name."""
        ids = self._view.identity.group(self.id_of(customer))
        return [name for name, row in self._view.cases.cases.items() if row.customer in ids][-1]

    def instant_of(self, clock: str) -> int:
        """A time of the day on which scenarios play."""
        return since_epoch_us(DAY + clock_of(clock))

    def messages_to(self, customer: str, *states: str) -> list[str]:
        """The messages to somebody that are in one of these states, oldest first."""
        ids = self._view.identity.group(self.id_of(customer))
        rows = self._view.deliveries.deliveries
        return [name for name, row in rows.items() if row.state in states and row.customer in ids]

    # What happens

    def _next_id(self) -> str:
        self._contacts += 1
        return f"k{self._contacts}"

    def _message(self, said: Mapping[str, str]) -> c.Command:
        thread = said.get("thread")
        dated = said.get("dated")
        number = said.get("number")
        self._last = c.ReceiveMessage(
            said["channel"],
            said.get("account") or "main",
            self._next_id(),
            _address(said["who"]),
            thread=None if thread is None else Thread(f"key-{thread}", thread),
            occurred_us=None if dated is None else since_epoch_us(DAY + clock_of(dated)),
            case_number=number,
            topic=said.get("topic"),
            invitation=self._invitation(said),
            text=said["text"],
        )
        return self._last

    def _invitation(self, said: Mapping[str, str]) -> str | None:
        """The newest invitation to the channel, if they come by one."""
        if said.get("invited") is None:
            return None
        rows = self._view.invitations.invitations
        return [name for name, row in rows.items() if row.channel == said["channel"]][-1]

    def _invite(self, said: Mapping[str, str]) -> c.Command:
        actor = f"agent:{said['who']}"
        return c.InviteToChannel(said["to"], self._in_hand(said), text=said["text"], actor=actor)

    def _steer(self, said: Mapping[str, str]) -> c.Command:
        """Whoever waits on a channel is invited to where they are best served, as `Workspace.steer` does."""
        ids = self._view.identity.group(self.id_of(said["other"]))
        rows = self._view.contacts.interactions
        waits = (name for name, row in rows.items() if row.customer in ids and row.state == "QUEUED")
        found = steer(self._view, next(name for name in waits if rows[name].channel == said["channel"]))
        assert found.text is not None, f"{said['other']} had better stay"
        return c.InviteToChannel(found.channel, found.interaction, text=found.text)

    def _report(self, said: Mapping[str, str]) -> c.Command:
        return c.ReportChannel(said["channel"], "main", said["state"], "no answer", actor=f"operator:{said['who']}")

    def _go_on(self, said: Mapping[str, str]) -> c.Command:
        return c.MoveCursor(said["channel"], "main", said["cursor"])

    def _call(self, said: Mapping[str, str]) -> c.Command:
        who, topic = _address(said["who"]), said.get("topic")
        self._last = c.ReceiveContact(said["channel"], said.get("account") or "main", self._next_id(), who, topic=topic)
        return self._last

    def _again(self, said: Mapping[str, str]) -> c.Command:
        assert self._last is not None, "nothing came yet"
        return attrs.evolve(self._last)

    def _sign_in(self, said: Mapping[str, str]) -> c.Command:
        return c.SignIn(said["who"])

    def _offer(self, agent: str) -> tuple[str, int]:
        rows = self._view.routing.offers
        pending = [name for name, row in rows.items() if row.agent == agent and row.state == "PENDING"]
        assert pending, f"{agent} is offered nothing"
        return pending[-1], rows[pending[-1]].token

    def _take(self, said: Mapping[str, str]) -> c.Command:
        offer, token = self._offer(said["who"])
        return c.AcceptOffer(offer, said["who"], token)

    def _decline(self, said: Mapping[str, str]) -> c.Command:
        offer, token = self._offer(said["who"])
        return c.DeclineOffer(offer, said["who"], token)

    def _in_hand(self, said: Mapping[str, str]) -> str:
        """What an agent has in hand on a channel."""
        rows = self._view.contacts.interactions
        mine = [name for name in self._view.routing.in_hand.get(said["who"], ()) if rows[name].agent == said["who"]]
        found = [name for name in mine if rows[name].channel == said["channel"]]
        assert len(found) == 1, f"{said['who']} has {len(found)} contacts on {said['channel']}"
        return found[0]

    def _reply(self, said: Mapping[str, str]) -> c.Command:
        return c.WriteReply(self._in_hand(said), said["who"], said["text"])

    def _finish(self, said: Mapping[str, str]) -> c.Command:
        return c.FinishInteraction(self._in_hand(said), said["who"], said.get("outcome"))

    def _leave(self, said: Mapping[str, str]) -> c.Command:
        rows = self._view.contacts.interactions
        ids = self._view.identity.group(self.id_of(said["who"]))
        mine = [name for name, row in rows.items() if row.customer in ids and row.is_open]
        return c.LeaveContact(next(name for name in mine if rows[name].channel == said["channel"]))

    def _merge(self, said: Mapping[str, str]) -> c.Command:
        return c.MergeCustomers(self.id_of(said["who"]), self.id_of(said["other"]), said["evidence"])

    def _link(self, said: Mapping[str, str]) -> c.Command:
        """One of the contacts of whoever the agent talks with is linked to that one."""
        rows = self._view.contacts.interactions
        to = self._in_hand(said)
        ids = self._view.identity.group(rows[to].customer)
        theirs = [name for name, row in rows.items() if row.customer in ids and row.is_open]
        linked = next(name for name in theirs if rows[name].channel == said["other"])
        return c.LinkQuestion(linked, to, actor=f"agent:{said['who']}")

    def _case_of(self, said: Mapping[str, str]) -> str:
        case = self._view.contacts.interactions[self._in_hand(said)].case
        assert case is not None
        return case

    def _promise(self, said: Mapping[str, str]) -> c.Command:
        attribute, value = said["attribute"], _value(said["value"])
        case, actor = self._case_of(said), f"agent:{said['who']}"
        return c.MakeCommitment(said["subject"], attribute, value, case=case, actor=actor)

    def _tell(self, said: Mapping[str, str]) -> c.Command:
        actor = f"back_office:{said['who']}"
        return c.ReportFact(said["subject"], said["attribute"], _value(said["value"]), actor=actor)

    def _part(self, said: Mapping[str, str]) -> c.Command:
        other, actor = said["other"], f"agent:{said['who']}"
        return c.SetParticipant(self._case_of(said), address=_address(other), role=said["role"], actor=actor)

    def _incident(self, said: Mapping[str, str]) -> c.Command:
        return c.OpenIncident(said["title"], said["text"], [said["topic"]])

    def _open_incident(self) -> str:
        (name,) = self._view.incidents.open
        return name

    def _search(self, said: Mapping[str, str]) -> c.Command:
        return c.LinkMatching(self._open_incident())

    def _approve(self, said: Mapping[str, str]) -> c.Command:
        name = self._open_incident()
        return c.ApproveIncidentText(name, self._view.incidents.incidents[name].version)

    def _close_incident(self, said: Mapping[str, str]) -> c.Command:
        return c.CloseIncident(self._open_incident(), said["resolution"], said["text"])

    def _pause(self, said: Mapping[str, str]) -> c.Command:
        """The clock of what an agent has in hand that is due last stands still."""
        case = self._case_of(said)
        rows = self._view.clocks.clocks
        running = [name for name in self._view.clocks.of[case].values() if rows[name].state == "RUNNING"]
        clock = max(running, key=lambda name: rows[name].due_us or 0)
        return c.PauseClock(clock, said["reason"], actor=f"agent:{said['who']}")

    def _message_to(self, who: str, state: str) -> tuple[str, int]:
        """Id and attempts of the first message to somebody that is in this state."""
        name = self.messages_to(who, state)[0]
        return name, self._view.deliveries.deliveries[name].attempts

    def _leaves(self, said: Mapping[str, str]) -> c.Command:
        name, attempts = self._message_to(said["who"], "PERMITTED")
        return c.StartDelivery(name, attempts + 1, 1)

    def _arrives(self, said: Mapping[str, str]) -> c.Command:
        name, attempts = self._message_to(said["who"], "STARTED")
        return c.RecordOutcome(name, attempts, "accepted", [f"p-{name}"])

    def _send(self, said: Mapping[str, str]) -> c.Command:
        """The application tells of somebody's newest case by itself, as its systems do."""
        key = f"{said['who']}:{said['text']}"
        return c.SendMessage(
            self.case_of(said["other"]),
            key,
            said["topic"],
            said["channel"],
            text=said["text"],
            actor="back_office:shop",
        )

    def _tell_now(self, said: Mapping[str, str]) -> c.Command:
        """An agent tells what is held for whoever they talk with."""
        interaction = self._in_hand(said)
        customer = self._view.contacts.interactions[interaction].customer
        held = self._view.deliveries.hushed.get(customer) or self._view.notices.held[customer]
        return c.TellNow(interaction, said["who"], min(held, key=lambda name: int(name[2:])))

    def _prefer(self, said: Mapping[str, str]) -> c.Command:
        return c.SetPreferences(self.id_of(said["who"]), [said["channel"]])


_WHO = r"(?P<who>\w+)"
_ON = r" on (?P<channel>\w+)(?: at (?P<account>\w+))?"
_ABOUT = r"(?: in thread (?P<thread>\w+))?(?: about (?P<topic>\w+))?"
_TEXT = r"(?: naming (?P<number>\S+))?(?:, dated (?P<dated>[\d:]+))?: (?P<text>.+)"
_SAID = r"(?P<attribute>\w+) of (?P<subject>\S+) is (?P<value>\S+)"

_STEPS: Mapping[str, Callable[[Stage, Mapping[str, str]], c.Command]] = {
    rf"{_WHO} signs in": Stage._sign_in,
    rf"{_WHO} calls{_ON}{_ABOUT}": Stage._call,
    rf"{_WHO} writes{_ON}(?P<invited> as invited)?{_ABOUT}{_TEXT}": Stage._message,
    rf"{_WHO} reports (?P<channel>\w+) (?P<state>down|up)": Stage._report,
    r"the cursor of (?P<channel>\w+) moves to (?P<cursor>\w+)": Stage._go_on,
    rf"{_WHO} invites to (?P<to>\w+) on (?P<channel>\w+): (?P<text>.+)": Stage._invite,
    rf"{_WHO} steers (?P<other>\w+) on (?P<channel>\w+)": Stage._steer,
    r"the same comes once more": Stage._again,
    rf"{_WHO} takes it": Stage._take,
    rf"{_WHO} declines": Stage._decline,
    rf"{_WHO} answers on (?P<channel>\w+): (?P<text>.+)": Stage._reply,
    rf"{_WHO} finishes on (?P<channel>\w+)(?: as (?P<outcome>\w+))?": Stage._finish,
    rf"{_WHO} leaves on (?P<channel>\w+)": Stage._leave,
    rf"{_WHO} turns out to be (?P<other>\w+) \((?P<evidence>[^)]+)\)": Stage._merge,
    rf"{_WHO} links (?P<other>\w+) to (?P<channel>\w+)": Stage._link,
    rf"{_WHO} says on (?P<channel>\w+): {_SAID}": Stage._promise,
    rf"{_WHO} tells: {_SAID}": Stage._tell,
    rf"{_WHO} pauses on (?P<channel>\w+): (?P<reason>.+)": Stage._pause,
    rf"{_WHO} notes on (?P<channel>\w+) that (?P<other>\w+) is a (?P<role>\w+)": Stage._part,
    rf"the message to {_WHO} leaves": Stage._leaves,
    rf"the message to {_WHO} arrives": Stage._arrives,
    rf"the {_WHO} sends (?P<other>\w+) on (?P<channel>\w+) about (?P<topic>\w+): (?P<text>.+)": Stage._send,
    rf"{_WHO} tells on (?P<channel>\w+) what is held": Stage._tell_now,
    rf"{_WHO} prefers (?P<channel>\w+)": Stage._prefer,
    r"the head opens an incident about (?P<topic>\w+), (?P<title>[^:]+): (?P<text>.+)": Stage._incident,
    r"the head links all that match": Stage._search,
    r"the head approves the text": Stage._approve,
    r"the head closes the incident, (?P<resolution>[^:]+): (?P<text>.+)": Stage._close_incident,
}
"""What a step may say, and what is done then."""

_ALL_STEPS: Mapping[str, Callable[[Stage, Mapping[str, str]], c.Command | None]] = {**_STEPS, **STEPS}


def _value(text: str) -> int | str:
    return int(text) if text.isdecimal() else text


def clock_of(text: str) -> timedelta:
    """A time of the day, as 9:00 or 9:00:05."""
    hours, minutes, seconds = (*map(int, text.split(":")), 0)[:3]
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _line(entry: Entry) -> str:
    said = entry.sentence if entry.text is None else f"{entry.sentence}: {entry.text}"
    in_one_line = said.replace("\n", " / ")
    return f"{entry.at:%H:%M:%S} {entry.channel or '-':<6} {in_one_line}"


def written(name: str) -> str:
    """The text of a scenario with the timelines that it comes to."""
    scenario, stage = play(name)
    text = (FOLDER / f"{name}.txt").read_text("utf-8")
    head = text.partition("\nTimeline of ")[0]
    parts = [head]
    for whom in scenario.timelines:
        reader = "" if whom.reader is None else f" for {whom.reader}"
        lines = "".join(f"    {line}\n" for line in stage.told(whom.customer, whom.reader))
        parts.append(f"\nTimeline of {whom.customer}{reader}\n{lines}")
    return "".join(parts)


def main() -> None:
    """Write the timelines of the scenarios named, or of all."""
    for name in sys.argv[1:] or names():
        (FOLDER / f"{name}.txt").write_text(written(name), "utf-8")


if __name__ == "__main__":
    main()
