"""Tests of the source itself: layers, sizes, docstrings, words."""
