"""Commands: contacts of one customer at the same time."""

from __future__ import annotations

import attrs

from orchestra.model.command import Command, Id

__all__ = ["LinkQuestion", "UnlinkQuestion"]


@attrs.define
class LinkQuestion(Command):
    """Note that a contact which waits asks the same as another one of its customer, whose answer is to be its own, too.

    It leaves its queue. When the other one is finished, it is told so where it was asked, and is over; if the other one
    ends without an answer, it waits again with the place that it had. `UnlinkQuestion` takes this back.
    """

    interaction: Id
    to: Id


@attrs.define
class UnlinkQuestion(Command):
    """Note that a contact asks something of its own after all: it waits again with the place that it had."""

    interaction: Id
