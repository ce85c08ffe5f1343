"""Files that customers send, without await.

Generated from `orchestra.runtime.filing` by `tests/blocking_generator.py`; do not edit.
"""

from __future__ import annotations

from typing import TypeVar

from orchestra.blocking.portal import Opened
from orchestra.channels.parts import MediaRef
from orchestra.journal.media import KeptMedia
from orchestra.model.addresses import Ref
from orchestra.runtime import filing

__all__ = ["Filing"]


AnyFiling = TypeVar("AnyFiling", bound=filing.Filing)


class Filing(Opened[AnyFiling]):
    """Files that customers send."""

    def fetch_media(self, customer: str | Ref, media: MediaRef, *, channel: str, account: str = "main") -> KeptMedia:
        """Fetch a file that a message named, and keep it with the customer until they are erased.

        Asked for again, it is fetched again, and kept once. What is kept is found by its digest in the store that the
        workspace was opened with.

        Args:
            customer: whose file it is.
            media: what the message named, as the adapter gave it.
            channel: on which it came.
            account: to which of our accounts there.

        Raises:
            UnknownId: there is no such customer, or they are forgotten; or there is no such line.
            InvalidCommand: the workspace was opened without `media`.
            DeliveryRefused: it cannot be had, is too large, or of a type that is not taken.
            DeliveryUnavailable: it cannot be had now.
            JournalUnavailable: it cannot be kept now.
        """
        return self._door.run(self._inner.fetch_media, customer, media, channel=channel, account=account)
