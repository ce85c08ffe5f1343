"""Apprise: outward only, to the hundred and more services that the library of that name knows.

What belongs here: frames that say what to tell whom (`adapter`), and carrying them out (`transport`, the extra). What
does not: services that have an adapter of their own, which tells what arrived and takes answers.
"""

from __future__ import annotations

__all__: list[str] = []
