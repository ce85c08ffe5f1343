"""Tests; a package so that `tests.strategies` and `tests.counts` can be imported from any of them."""
