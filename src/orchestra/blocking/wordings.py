"""What customers would be told, without await.

Generated from `orchestra.runtime.wordings` by `tests/blocking_generator.py`; do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import TypeVar

from orchestra.blocking.portal import Opened
from orchestra.model.addresses import Ref
from orchestra.runtime import wordings
from orchestra.runtime.wordings import Told

__all__ = ["Wordings"]


AnyWordings = TypeVar("AnyWordings", bound=wordings.Wordings)


class Wordings(Opened[AnyWordings]):
    """What customers would be told. Reads see what is durable, and only that."""

    def wording(
        self,
        customer: str | Ref,
        topic: str,
        channel: str,
        facts: Mapping[str, str | int | date | datetime | timedelta],
    ) -> Told:
        """What a customer would be told of a topic on a channel: in their language and form, on their clock.

        Args:
            customer: whose language, form of address and zone count.
            topic: one of the plan's templates.
            channel: on which it would be said.
            facts: all that the topic has, each of its type.

        Raises:
            UnknownId: there is no such customer, topic or channel.
            InvalidCommand: a fact is missing, of another type, or none of the topic's.
        """
        return self._door.run(self._inner.wording, customer, topic, channel, facts)
