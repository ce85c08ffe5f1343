"""The shipped contract suite over the built-in adapters, and what the suite itself promises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from tests.contract.courier import CourierCase
from tests.contract.loopback_case import LoopbackCase

from orchestra.channels.loopback import LoopbackAdapter
from orchestra.testing.adapters import POINTS, AdapterContract


class TestLoopback(LoopbackCase):
    """What vendors have of their own is left out."""


class TestCourier(CourierCase):
    """Every point but the one about timestamps."""


def test_together_they_leave_no_point_out() -> None:
    assert not set(LoopbackCase.not_applicable) & set(CourierCase.not_applicable)


class Unasked:
    """The loopback adapter without its optional part."""

    def __init__(self) -> None:
        inner = LoopbackAdapter()
        self.channel, self.contract_version = inner.channel, inner.contract_version
        self.describe, self.capabilities, self.verify = inner.describe, inner.capabilities, inner.verify
        self.decode, self.encode, self.interpret = inner.decode, inner.encode, inner.interpret


class Partial(LoopbackCase):
    not_applicable: ClassVar[Mapping[int, str]] = {20: "the provider shows nobody their own messages"}


class Unreasoned(LoopbackCase):
    not_applicable: ClassVar[Mapping[int, str]] = {20: " "}


class Misnumbered(LoopbackCase):
    not_applicable: ClassVar[Mapping[int, str]] = {99: "no such point"}


def test_a_point_that_does_not_apply_is_skipped_with_its_reason() -> None:
    with pytest.raises(pytest.skip.Exception, match=r"point 20 .*: the provider shows nobody"):
        Partial().test_20_own_echo()
    Partial().test_17_unknown_type()


def test_a_point_cannot_be_left_out_without_a_reason() -> None:
    with pytest.raises(AssertionError, match="without a reason"):
        Unreasoned().test_20_own_echo()


def test_a_point_that_does_not_exist_cannot_be_left_out() -> None:
    with pytest.raises(AssertionError, match="99"):
        Misnumbered().test_17_unknown_type()


def test_every_point_has_a_test() -> None:
    numbers = {int(name.split("_")[1]) for name in dir(AdapterContract) if name.startswith("test_")}
    assert numbers == set(POINTS)


def test_the_suite_asks_for_what_it_lacks() -> None:
    class Silent(LoopbackCase):
        answer = AdapterContract.answer
        echo = AdapterContract.echo
        page = AdapterContract.page

    with pytest.raises(pytest.fail.Exception, match="answer"):
        Silent().test_42_permanent_and_transient()
    with pytest.raises(pytest.fail.Exception, match="echo"):
        Silent().test_46_round_trip()
    with pytest.raises(pytest.fail.Exception, match="page"):
        Silent().test_49_same_page()


def test_an_adapter_that_asks_for_no_news_need_not_pass_for_one() -> None:
    class Pushed(LoopbackCase):
        def adapter(self) -> Any:
            return Unasked()

    for test in (Pushed().test_47_failed_poll, Pushed().test_48_hostile_poll, Pushed().test_49_same_page):
        with pytest.raises(pytest.skip.Exception, match="asks for no news"):
            test()
    Pushed().test_44_no_effects()
