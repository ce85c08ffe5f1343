"""Token buckets by name, and whose requests count together."""

from __future__ import annotations

import pytest

from orchestra.web.rates import Rates, network_of


class Watch:
    now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


def test_a_burst_passes_and_then_the_rate_holds() -> None:
    watch = Watch()
    rates = Rates(2, 10, watch)
    assert [rates.wait_s("ann") for _ in range(20)] == [0.0] * 20
    assert rates.wait_s("ann") == pytest.approx(0.5)
    watch.now_s += 0.5
    assert rates.wait_s("ann") == 0.0
    assert rates.wait_s("ann") == pytest.approx(0.5)
    watch.now_s += 3_600
    assert [rates.wait_s("ann") for _ in range(21)][-2:] == [0.0, pytest.approx(0.5)]


def test_what_is_refused_costs_nothing() -> None:
    watch = Watch()
    rates = Rates(1, 10, watch)
    waits = [rates.wait_s("ann") for _ in range(1_000)]
    assert waits[-1] == pytest.approx(1.0)


def test_one_does_not_count_for_another() -> None:
    rates = Rates(1, 10, Watch())
    assert [rates.wait_s("ann") for _ in range(11)][-1] > 0
    assert rates.wait_s("ben") == 0.0


def test_no_more_names_are_kept_than_fit() -> None:
    rates = Rates(1, 3, Watch())
    for _ in range(11):
        rates.wait_s("ann")
    for name in ("ben", "cem", "dan"):
        rates.wait_s(name)
    assert rates.kept == 3
    assert rates.wait_s("ann") == 0.0  # forgotten


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("no address", "no address"),
    ],
)
def test_whose_requests_count_together(host: str, network: str) -> None:
    assert network_of(host) == network
