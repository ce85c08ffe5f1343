"""Files that customers send, without await.

Generated from `orchestra.runtime.filing` by `tests/blocking_generator.py`; do not edit.
"""

from __future__ import annotations

from typing import TypeVar

from orchestra.blocking.portal import Opened
from orchestra.channels.parts import MediaRef
from orchestra.journal.media import KeptMedia
from orchestra.model.addresses import Ref
from orchestra.model.attachments import Attachment, File
from orchestra.runtime import filing

__all__ = ["Filing"]


AnyFiling = TypeVar("AnyFiling", bound=filing.Filing)


class Filing(Opened[AnyFiling]):
    """Files that customers send, and that they are sent."""

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

    def fetch_attachment(self, customer: str | Ref, attachment: Attachment, *, actor: str | None = None) -> KeptMedia:
        """A file of a message: from the store if it is kept, else fetched and kept with whoever wrote the message.

        Args:
            customer: in whose timeline the message stands.
            attachment: as a timeline or a context gives it.
            actor: for whom, as `agent:ana`: who is not shown a message's text is not given its files; None for all.

        Raises:
            UnknownId: there is no such file, or not any more: its message was taken back, or the customer is forgotten.
            NotPermitted: the actor is not shown the message.
            InvalidCommand: the workspace was opened without `media`.
            DeliveryRefused: it cannot be had, is too large, or of a type that is not taken; `not_kept` if its bytes
                came with a message and were not taken then.
            DeliveryUnavailable: it cannot be had now.
            JournalUnavailable: it cannot be kept now.
        """
        return self._door.run(self._inner.fetch_attachment, customer, attachment, actor=actor)

    def keep_file(self, customer: str | Ref, file: File) -> KeptMedia:
        """Keep a file that a customer is to be sent, until they are erased.

        Args:
            customer: whom it is for.
            file: its bytes, and what they are.

        Raises:
            UnknownId: there is no such customer, or they are forgotten.
            InvalidCommand: it is empty or too large, or the workspace was opened without `media`.
            JournalUnavailable: it cannot be kept now.
        """
        return self._door.run(self._inner.keep_file, customer, file)
