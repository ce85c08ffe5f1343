"""A plan with notices, and a driver of an engine that tells its customers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orchestra.engine.deliveries.state import Delivery
from orchestra.engine.notices.row import Notice
from orchestra.model import commands as c, events as e
from orchestra.model.plan import Plan
from tests.engine_driver import CARE, HOUR, Driver

__all__ = ["DIGESTS", "NOTICES", "Teller"]

NOTICES = (
    CARE
    + """
[channels.sms]
[channels.task]
work = true
[identity.purposes]
news = "opt_in"
[notices.starts.email]
address = "handle"
[notices.topics.stage]
text = "It is $stage."
facts = {stage = "text"}
[notices.topics.delay]
text = "It comes on $due instead, $days days late."
facts = {due = "date", days = "integer"}
after_resolved = true
legs = [
    {channel = "sms", success_at = "delivered", wait = "1h"},
    {channel = "email", success_at = "accepted"},
]
[notices.topics.both]
text = "It is $stage, and comes on $due."
facts = {stage = "text", due = "date"}
[notices.topics.law]
kind = "legal"
text = "We must tell you."
[notices.topics.recall]
kind = "critical"
text = "Do not use it."
[notices.topics.offer]
kind = "marketing"
purpose = "news"
text = "It is cheap."
[notices.topics.code]
text = "Your code is $code."
facts = {code = "text"}
never_held = true
[notices.topics.quiet]
text = "Nothing new."
wanted = false
"""
)
"""The small contact centre, with some notices."""

DIGESTS = NOTICES.replace('text = "It is $stage."', 'text = "It is $stage."\ndigest = "news"').replace(
    'text = "It is $stage, and comes on $due."', 'text = "It is $stage, and comes on $due."\ndigest = "news"'
)
DIGESTS += """
[notices.topics.place]
text = "It is in $place."
facts = {place = "text"}
digest = "news"
[notices.digests.news]
window = "1h"
text = "$count things are new:\\n$entries"
"""
"""The same, but what changes is gathered for an hour."""


class Teller(Driver):
    """An engine whose customer joe wrote a mail, and a text message if that is wanted, about their case ca1."""

    def __init__(self, of: Plan | str = NOTICES, *, channels: Sequence[str] = ("email",), **values: Any) -> None:
        super().__init__(of, **values)
        for channel in channels:
            got = self.message("joe", channel, topic="order")
            self.run(c.CancelInteraction(got.interaction, "seen to"), 1)

    def plan_notice(self, topic: str = "stage", key: str = "k1", after: float = 1, **values: Any) -> str:
        """Plan a notice; gives its id."""
        facts = {"stage": {"stage": "packed"}, "delay": {"due": "2026-08-01", "days": 3}, "code": {"code": "4711"}}
        about = {} if "customer" in values else {"case": "ca1"}
        command = c.PlanNotice(key, topic, **{"facts": facts.get(topic, {})} | about | values)
        name: str = self.run(command, after).result
        return name

    def notice(self, name: str = "nt1") -> Notice:
        """How it stands; the same after a reload and a replay."""
        for engine in (self.reloaded(), self.replayed(is_blanked=True)):
            assert engine.state_hash() == self.engine.state_hash()
            for index in (
                "by_key",
                "of",
                "newest",
                "in_group",
                "telling",
                "held",
                "talking",
                "had",
                "by_delivery",
                "crews",
            ):
                assert getattr(engine.view.notices, index) == getattr(self.engine.view.notices, index), index
        return self.engine.view.notices.notices[name]

    def state(self, name: str = "nt1") -> str:
        """How it stands, and why."""
        row = self.notice(name)
        return row.state if row.reason is None else f"{row.state}: {row.reason}"

    def delivery(self, name: str = "de1") -> Delivery:
        """A message as it stands."""
        return self.engine.view.deliveries.deliveries[name]

    def start(self, name: str = "de1", after: float = 0) -> None:
        """Its message leaves."""
        self.run(c.StartDelivery(name, self.delivery(name).attempts + 1, 1), after)

    def outcome(self, outcome: str = "accepted", name: str = "de1", **values: Any) -> None:
        """Its message leaves, and that becomes of it."""
        self.start(name)
        ids = [f"p-{name}"] if outcome == "accepted" else []
        self.run(c.RecordOutcome(name, self.delivery(name).attempts, outcome, ids, **values), 1)

    def receipt(self, receipt: str, name: str = "de1", **values: Any) -> None:
        """The provider tells what became of it."""
        row = self.delivery(name)
        self.run(c.RecordReceipt(row.channel, row.account, f"p-{name}", receipt, **values), 1)

    def talk(self, agent: str = "ana") -> str:
        """Joe calls, and an agent is on the phone with them; gives the contact."""
        self.sign_in(agent)
        return str(self.answered("joe", "voice", topic="order").interaction)

    def hang_up(self, contact: str, agent: str = "ana") -> None:
        """They have talked."""
        self.run(c.FinishInteraction(contact, agent), HOUR / 1e6)

    def written(self) -> list[str | None]:
        """What was written to customers."""
        return [event.text for event in self.events(e.MessageWritten)]
