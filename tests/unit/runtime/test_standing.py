"""Whom an address is."""

from __future__ import annotations

import pytest
from tests.contact_centre import Centre, message

from orchestra.errors import MalformedMessage
from orchestra.model.addresses import Email, Handle


async def test_an_address_is_its_customers_or_nobodys() -> None:
    async with Centre().open() as workspace:
        received = await workspace.receive(message(1, sender="joe"))
        assert await workspace.known_by(Handle("joe", kind="loopback")) == received.customer
        assert await workspace.known_by(Handle("ann", kind="loopback")) is None
        await workspace.link_address(received.customer, Email("joe@example.org"), "he said so")
        assert await workspace.known_by(Email("joe@EXAMPLE.org")) == received.customer
        with pytest.raises(MalformedMessage):
            await workspace.known_by(Email("nobody"))
