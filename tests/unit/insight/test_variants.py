from __future__ import annotations

import pytest

from orchestra.insight.variants import STANDARD, VARIANTS, Share, Variant, Window

COUNTS = {"answered": 300, "abandoned": 100, "short": 50, "flow_outs": 20}


@pytest.mark.parametrize(
    ("key", "denominator"),
    [
        ("standard", 350),
        ("short_abandons_included", 400),
        ("all_abandons_excluded", 300),
        ("flow_outs_included", 370),
        ("flow_outs_and_short_abandons_included", 420),
        ("flow_outs_included_all_abandons_excluded", 320),
    ],
)
def test_each_variant_counts_what_its_name_says(key: str, denominator: int) -> None:
    assert VARIANTS[key].denominator(**COUNTS) == denominator


def test_every_variant_has_its_own_name() -> None:
    assert len({variant.name for variant in VARIANTS.values()}) == len(VARIANTS)


def test_the_standard_excludes_short_abandons_and_flow_outs() -> None:
    assert Variant() == STANDARD == VARIANTS["standard"]
    assert STANDARD.name == "short abandons excluded, flow-outs excluded"


@pytest.mark.parametrize(
    ("numerator", "denominator", "percent"),
    [(200, 350, 57.14), (1, 3, 33.33), (2, 3, 66.67), (1, 1, 100.0), (0, 5, 0.0), (1, 20_000, 0.01), (0, 0, None)],
)
def test_percent_has_two_places(numerator: int, denominator: int, percent: float | None) -> None:
    assert Share("x", numerator, denominator, Window()).percent == percent


def test_a_share_says_what_it_is_made_of() -> None:
    assert Share("answered", 1, 4, Window(0, 1_500_000)).to_json() == {
        "name": "answered",
        "numerator": 1,
        "denominator": 4,
        "percent": 25.0,
        "window": {"from": "1970-01-01T00:00:00Z", "to": "1970-01-01T00:00:01.500000Z"},
        "restatement_version": 1,
    }


def test_a_window_of_nothing_has_no_ends() -> None:
    assert Window().to_json() == {"from": None, "to": None}
