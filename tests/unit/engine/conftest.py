"""What tests of consults begin with: a contact in hand, somebody asked about it, somebody who takes part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.engine_driver import plan
from tests.invariants import WatchedEngine, check_liveness, check_rebuilt, check_state
from tests.unit.engine.consult_desk import Desk


@pytest.fixture
def desk() -> Iterator[Desk]:
    """Ana has all the calls and chats that tests make; at the end everything holds, and after a rebuild too."""
    engine = WatchedEngine()
    driver = Desk(plan(), engine=engine)
    driver.sign_in("ana")
    yield driver
    driver.advance(0)
    check_state(engine, engine.witness)
    check_liveness(engine)
    for rebuilt in (driver.replayed(is_blanked=True), driver.reloaded()):
        check_rebuilt(engine, rebuilt)


@pytest.fixture
def got(desk: Desk) -> Any:
    """A chat that ana has; then bob and cleo sign in."""
    got = desk.answered()
    desk.sign_in("bob", "cleo")
    return got


@pytest.fixture
def asked(desk: Desk, got: Any) -> Any:
    """Bob is asked about it."""
    return desk.ask(got)


@pytest.fixture
def joined(desk: Desk, asked: Any) -> Any:
    """Bob takes part in it."""
    desk.join(asked)
    return asked
