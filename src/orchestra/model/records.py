"""What a journal stores: records, the batches they come in, leases, inbox entries and snapshots.

Facts and private parts are opaque text here (canonical JSON, written by the codec), so a journal needs to know
no event types and a new event needs no new journal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

__all__ = ["Batch", "Done", "Lease", "Record", "Request", "Snapshot"]


@attrs.define(eq=True)
class Record:
    """One event as stored.

    Attributes:
        position: 1 for the first record of a journal, then rising by one without gaps.
        at_us: engine time, microseconds since 1970 UTC; never falls from record to record.
        type: the event's name.
        version: version of the event's form, from 1.
        actor: who caused it, `kind:name`.
        subject: the customer concerned, if one is.
        facts: canonical JSON object; never a name, a raw address or a message body.
        private: canonical JSON object with just those, or None; may be blanked by erasure at any time.
    """

    position: int
    at_us: int
    type: str
    version: int
    actor: str
    subject: str | None
    facts: str
    private: str | None = attrs.field(default=None, repr=False)


@attrs.define
class Done:
    """The answer to an inbox request, stored in the same transaction as the events it caused.

    `result` is canonical JSON: a value or a refusal. It may quote private data and never shows in a repr. `at_us` is
    when the owner answered, by its clock and not by the last record's time: answers are kept some days from then on.
    """

    request_id: str
    result: str = attrs.field(repr=False)
    at_us: int


@attrs.define
class Batch:
    """Everything one command or one tick decided: in the journal whole, or not at all.

    `records` may be empty when a refused inbox request has only an answer to store. `keys` is subject -> wrapped key,
    of those whose first private part is among the records, where private parts are encrypted. `filed` is key ->
    position, of customers who are archived by a record there; `struck` are positions of those who are recalled.
    """

    records: Sequence[Record]
    done: Done | None = None
    keys: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    filed: Mapping[str, int] = attrs.field(factory=dict, repr=False)
    struck: Sequence[int] = ()


@attrs.frozen
class Lease:
    """The right to append. `epoch` rises with every owner, so that an old owner is recognised and refused."""

    epoch: int
    holder: str
    since_us: int
    expires_us: int


@attrs.define
class Request:
    """One command waiting in the inbox, in order of `number`. `command` is None if what is stored is damaged."""

    number: int
    request_id: str
    command: str | None = attrs.field(repr=False)


@attrs.define
class Snapshot:
    """A cached state at `position`: `state` is opaque compressed bytes, `schema` what wrote them."""

    position: int
    schema: str
    state: bytes = attrs.field(repr=False)
