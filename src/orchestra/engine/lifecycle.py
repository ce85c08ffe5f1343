"""The state tables: every state machine of the engine is one table here, applied by one function.

A table lists every step there is; a pair that is not listed is refused and changes nothing. The documentation's
diagrams are drawn from these tables.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from orchestra.errors import DefinitionError, Fault, NotAllowedInState

__all__ = [
    "ACTION",
    "CASE",
    "CLOCK",
    "CONSULT",
    "DELIVERY",
    "HAND_OFF",
    "INCIDENT",
    "INTERACTION",
    "INVITATION",
    "MACHINES",
    "NOTICE",
    "OFFER",
    "PRESENCE",
    "PROMISE",
    "RECEIPTS",
    "TARGET",
    "Machine",
]


@attrs.frozen
class Machine:
    """A state machine as data.

    Attributes:
        name: of what it is the life.
        initial: the state it begins in.
        final: states that leave nothing to be done. A step may still lead out of one (a late receipt).
        steps: (state, trigger) -> next state.
    """

    name: str
    initial: str
    final: frozenset[str]
    steps: Mapping[tuple[str, str], str]

    def __attrs_post_init__(self) -> None:
        faults = [Fault(self.name, text) for text in _faults(self)]
        if faults:
            raise DefinitionError(faults)

    @property
    def states(self) -> tuple[str, ...]:
        """All states, in order of first mention."""
        mentioned = [self.initial, *(name for (state, _), after in self.steps.items() for name in (state, after))]
        return tuple(dict.fromkeys([*mentioned, *sorted(self.final)]))

    @property
    def triggers(self) -> tuple[str, ...]:
        """All triggers, in order of first mention."""
        return tuple(dict.fromkeys(trigger for _, trigger in self.steps))

    def step(self, subject: str, state: str, trigger: str) -> str:
        """The state after the trigger.

        Raises:
            NotAllowedInState: the table has no such step.
        """
        after = self.steps.get((state, trigger))
        if after is None:
            raise NotAllowedInState(subject, state, trigger)
        return after

    def allows(self, state: str, trigger: str) -> bool:
        """Whether the table has such a step."""
        return (state, trigger) in self.steps


def _faults(machine: Machine) -> list[str]:
    reached, edge = {machine.initial}, [machine.initial]
    while edge:
        state = edge.pop()
        after = {target for (source, _), target in machine.steps.items() if source == state} - reached
        reached |= after
        edge.extend(after)
    unreachable = [f"{state} cannot be reached" for state in machine.states if state not in reached]
    leaving = {source for source, _ in machine.steps}
    ends = [f"{state} is a dead end" for state in machine.states if state not in leaving | machine.final]
    return unreachable + ends


def _table(rows: str) -> dict[tuple[str, str], str]:
    """Read lines of `STATE trigger STATE`."""
    steps = {}
    for row in rows.strip().splitlines():
        state, trigger, after = row.split()
        steps[state, trigger] = after
    return steps


INTERACTION = Machine(
    "interaction",
    initial="ARRIVED",
    final=frozenset({"DONE", "ABANDONED", "CANCELED", "DEFLECTED", "MERGED"}),
    steps=_table(
        """
        ARRIVED  queue     QUEUED
        ARRIVED  deflect   DEFLECTED
        ARRIVED  schedule  SCHEDULED
        ARRIVED  cancel    CANCELED
        SCHEDULED schedule SCHEDULED
        SCHEDULED queue    QUEUED
        SCHEDULED end      DONE
        SCHEDULED cancel   CANCELED
        LINKED   link      LINKED
        LINKED   queue     QUEUED
        LINKED   merge     MERGED
        LINKED   end       DONE
        LINKED   cancel    CANCELED
        QUEUED   schedule  SCHEDULED
        QUEUED   dial      DIALING
        DIALING  queue     QUEUED
        DIALING  schedule  SCHEDULED
        DIALING  end       DONE
        DIALING  cancel    CANCELED
        OFFERED  schedule  SCHEDULED
        CONNECTING schedule SCHEDULED
        ACTIVE   schedule  SCHEDULED
        QUEUED   move      QUEUED
        QUEUED   offer     OFFERED
        QUEUED   leave     ABANDONED
        QUEUED   deflect   DEFLECTED
        QUEUED   end       DONE
        QUEUED   cancel    CANCELED
        QUEUED   link      LINKED
        QUEUED   defer     DEFERRED
        DEFERRED queue     QUEUED
        DEFERRED link      LINKED
        DEFERRED leave     ABANDONED
        DEFERRED end       DONE
        DEFERRED cancel    CANCELED
        OFFERED  link      LINKED
        OFFERED  offer     OFFERED
        OFFERED  connect   CONNECTING
        OFFERED  queue     QUEUED
        OFFERED  accept    ACTIVE
        OFFERED  leave     ABANDONED
        OFFERED  end       DONE
        OFFERED  cancel    CANCELED
        CONNECTING connect CONNECTING
        CONNECTING fail    OFFERED
        CONNECTING accept  ACTIVE
        CONNECTING leave   ABANDONED
        CONNECTING end     DONE
        CONNECTING cancel  CANCELED
        ACTIVE   hold      HELD
        ACTIVE   transfer  ACTIVE
        ACTIVE   queue     QUEUED
        ACTIVE   wrap_up   WRAPPING
        ACTIVE   end       DONE
        ACTIVE   cancel    CANCELED
        HELD     retrieve  ACTIVE
        HELD     transfer  ACTIVE
        HELD     queue     QUEUED
        HELD     wrap_up   WRAPPING
        HELD     end       DONE
        HELD     cancel    CANCELED
        ACTIVE   park      PARKED
        HELD     park      PARKED
        PARKED   park      PARKED
        PARKED   resume    ACTIVE
        PARKED   transfer  ACTIVE
        PARKED   queue     QUEUED
        PARKED   wrap_up   WRAPPING
        PARKED   end       DONE
        PARKED   cancel    CANCELED
        WRAPPING end       DONE
        """
    ),
)

OFFER = Machine(
    "offer",
    initial="PENDING",
    final=frozenset(
        {
            *("ACCEPTED", "DECLINED", "TIMED_OUT", "RESCINDED", "WITHDRAWN", "CUSTOMER_LEFT", "AGENT_LOST"),
            "SETUP_FAILED",
        }
    ),
    steps=_table(
        """
        PENDING    accept         ACCEPTED
        PENDING    connect        CONNECTING
        PENDING    decline        DECLINED
        PENDING    time_out       TIMED_OUT
        PENDING    rescind        RESCINDED
        PENDING    withdraw       WITHDRAWN
        PENDING    customer_leave CUSTOMER_LEFT
        PENDING    agent_lose     AGENT_LOST
        CONNECTING confirm        ACCEPTED
        CONNECTING fail           SETUP_FAILED
        CONNECTING rescind        RESCINDED
        CONNECTING withdraw       WITHDRAWN
        CONNECTING customer_leave CUSTOMER_LEFT
        CONNECTING agent_lose     AGENT_LOST
        """
    ),
)

CONSULT = Machine(
    "consult",
    initial="ASKED",
    final=frozenset(
        {
            *("DECLINED", "TIMED_OUT", "SETUP_FAILED", "CANCELED", "CUSTOMER_LEFT", "AGENT_LOST", "LEFT", "ENDED"),
            *("TRANSFERRED", "DEFLECTED"),
        }
    ),
    steps=_table(
        """
        ASKED  queue          QUEUED
        QUEUED queue          QUEUED
        QUEUED ask            ASKED
        QUEUED end            CANCELED
        QUEUED customer_leave CUSTOMER_LEFT
        QUEUED deflect        DEFLECTED
        ASKED  accept         JOINED
        ASKED  connect        CONNECTING
        ASKED  barge_in       MERGED
        ASKED  decline        DECLINED
        ASKED  time_out       TIMED_OUT
        ASKED  end            CANCELED
        ASKED  customer_leave CUSTOMER_LEFT
        ASKED  agent_lose     AGENT_LOST
        CONNECTING queue          QUEUED
        CONNECTING confirm        JOINED
        CONNECTING fail           SETUP_FAILED
        CONNECTING end            CANCELED
        CONNECTING customer_leave CUSTOMER_LEFT
        CONNECTING agent_lose     AGENT_LOST
        JOINED leave          LEFT
        JOINED end            ENDED
        JOINED customer_leave CUSTOMER_LEFT
        JOINED agent_lose     AGENT_LOST
        JOINED transfer       TRANSFERRED
        JOINED merge          MERGED
        MERGED leave          LEFT
        MERGED end            ENDED
        MERGED customer_leave CUSTOMER_LEFT
        MERGED agent_lose     AGENT_LOST
        MERGED transfer       TRANSFERRED
        """
    ),
)

CASE = Machine(
    "case",
    initial="OPEN",
    final=frozenset({"CLOSED", "MERGED"}),
    steps=_table(
        """
        OPEN                   wait_on_customer    WAITING_ON_CUSTOMER
        OPEN                   wait_on_third_party WAITING_ON_THIRD_PARTY
        OPEN                   resolve             RESOLVED
        WAITING_ON_CUSTOMER    resume              OPEN
        WAITING_ON_CUSTOMER    wait_on_third_party WAITING_ON_THIRD_PARTY
        WAITING_ON_CUSTOMER    resolve             RESOLVED
        WAITING_ON_THIRD_PARTY resume              OPEN
        WAITING_ON_THIRD_PARTY wait_on_customer    WAITING_ON_CUSTOMER
        WAITING_ON_THIRD_PARTY resolve             RESOLVED
        RESOLVED               reopen              OPEN
        RESOLVED               close               CLOSED
        CLOSED                 reopen              OPEN
        OPEN                   merge               MERGED
        WAITING_ON_CUSTOMER    merge               MERGED
        WAITING_ON_THIRD_PARTY merge               MERGED
        RESOLVED               merge               MERGED
        CLOSED                 merge               MERGED
        MERGED                 unmerge             OPEN
        """
    ),
)

HAND_OFF = Machine(
    "hand_off",
    initial="OFFERED",
    final=frozenset({"ACCEPTED", "DECLINED", "TIMED_OUT", "WITHDRAWN"}),
    steps=_table(
        """
        OFFERED accept   ACCEPTED
        OFFERED decline  DECLINED
        OFFERED time_out TIMED_OUT
        OFFERED withdraw WITHDRAWN
        """
    ),
)

PRESENCE = Machine(
    "presence",
    initial="OFFLINE",
    final=frozenset({"OFFLINE"}),
    steps=_table(
        """
        OFFLINE   sign_in   AVAILABLE
        AVAILABLE sign_in   AVAILABLE
        AWAY      sign_in   AWAY
        AVAILABLE go_away   AWAY
        AWAY      go_away   AWAY
        AWAY      come_back AVAILABLE
        AVAILABLE sign_out  OFFLINE
        AWAY      sign_out  OFFLINE
        """
    ),
)

DELIVERY = Machine(
    "delivery",
    initial="PENDING",
    final=frozenset({"ACCEPTED", "DELIVERED", "READ", "ACTED", "FAILED", "UNKNOWN", "EXPIRED", "CANCELED"}),
    steps=_table(
        """
        PENDING   permit  PERMITTED
        PENDING   expire  EXPIRED
        PENDING   cancel  CANCELED
        PERMITTED lapse   PENDING
        PERMITTED start   STARTED
        PERMITTED expire  EXPIRED
        PERMITTED cancel  CANCELED
        STARTED   accept  ACCEPTED
        STARTED   retry   PENDING
        STARTED   fail    FAILED
        STARTED   lose    UNKNOWN
        ACCEPTED  deliver DELIVERED
        ACCEPTED  read    READ
        ACCEPTED  act     ACTED
        ACCEPTED  fail    FAILED
        UNKNOWN   deliver DELIVERED
        UNKNOWN   read    READ
        UNKNOWN   act     ACTED
        UNKNOWN   fail    FAILED
        DELIVERED read    READ
        DELIVERED act     ACTED
        READ      act     ACTED
        """
    ),
)

TARGET = Machine(
    "target",
    initial="AIMED",
    final=frozenset({"MET", "LATE"}),
    steps=_table(
        """
        AIMED    connect MET
        AIMED    risk    AT_RISK
        AT_RISK  connect MET
        AT_RISK  breach  BREACHED
        BREACHED connect LATE
        """
    ),
)

ACTION = Machine(
    "action",
    initial="READY",
    final=frozenset({"DONE", "FAILED", "UNKNOWN", "CANCELED"}),
    steps=_table(
        """
        READY   start  STARTED
        READY   cancel CANCELED
        STARTED finish DONE
        STARTED retry  WAITING
        STARTED fail   FAILED
        STARTED lose   UNKNOWN
        WAITING ring   READY
        WAITING cancel CANCELED
        """
    ),
)

INCIDENT = Machine(
    "incident",
    initial="OPEN",
    final=frozenset({"CLOSED"}),
    steps=_table(
        """
        OPEN    close CLOSING
        CLOSING end   CLOSED
        """
    ),
)

NOTICE = Machine(
    "notice",
    initial="PLANNED",
    final=frozenset({"SENT", "SUPPRESSED", "FAILED", "EXPIRED"}),
    steps=_table(
        """
        PLANNED    hold     HELD
        PLANNED    send     SENDING
        PLANNED    suppress SUPPRESSED
        PLANNED    fail     FAILED
        PLANNED    expire   EXPIRED
        PLANNED    succeed  SENT
        HELD       hold     HELD
        HELD       send     SENDING
        HELD       suppress SUPPRESSED
        HELD       fail     FAILED
        HELD       expire   EXPIRED
        HELD       succeed  SENT
        SENDING    recall   PLANNED
        SENDING    advance  PLANNED
        SENDING    suppress SUPPRESSED
        SENDING    fail     FAILED
        SENDING    expire   EXPIRED
        SENDING    succeed  SENT
        SENT       advance  PLANNED
        SUPPRESSED succeed  SENT
        FAILED     succeed  SENT
        EXPIRED    succeed  SENT
        """
    ),
)

INVITATION = Machine(
    "invitation",
    initial="OFFERED",
    final=frozenset({"ACCEPTED", "EXPIRED", "WITHDRAWN"}),
    steps=_table(
        """
        OFFERED accept   ACCEPTED
        OFFERED expire   EXPIRED
        OFFERED withdraw WITHDRAWN
        """
    ),
)

CLOCK = Machine(
    "clock",
    initial="RUNNING",
    final=frozenset({"FULFILLED", "CANCELED"}),
    steps=_table(
        """
        RUNNING   pause   PAUSED
        RUNNING   fulfil  FULFILLED
        RUNNING   cancel  CANCELED
        PAUSED    pause   PAUSED
        PAUSED    resume  RUNNING
        PAUSED    fulfil  FULFILLED
        PAUSED    cancel  CANCELED
        FULFILLED restart RUNNING
        """
    ),
)

PROMISE = Machine(
    "promise",
    initial="OPEN",
    final=frozenset({"KEPT", "BROKEN", "WITHDRAWN"}),
    steps=_table(
        """
        OPEN    revise   REVISED
        OPEN    keep     KEPT
        OPEN    break    BROKEN
        OPEN    withdraw WITHDRAWN
        REVISED revise   REVISED
        REVISED keep     KEPT
        REVISED break    BROKEN
        REVISED withdraw WITHDRAWN
        BROKEN  revise   BROKEN
        """
    ),
)

RECEIPTS = {"delivered": "deliver", "read": "read", "acted": "act", "failed": "fail"}
"""A receipt's word -> the trigger it is. A step that is not listed changes nothing: receipts never regress."""

MACHINES = (
    INTERACTION,
    OFFER,
    CONSULT,
    CASE,
    HAND_OFF,
    PRESENCE,
    DELIVERY,
    TARGET,
    ACTION,
    INCIDENT,
    NOTICE,
    INVITATION,
    CLOCK,
    PROMISE,
)
"""All machines, for the documentation and the tests that walk them."""
