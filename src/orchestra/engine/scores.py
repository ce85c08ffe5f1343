"""Calling the application's scores, so that none of them can break a decision.

Belongs here: what becomes of an answer. Does not: what they are given (`routing.scoring`), and any state: what a score
said stands in the events of the decisions, and nothing that follows events asks a score.
"""

from __future__ import annotations

from collections.abc import Mapping

from orchestra.model.correlating import CERTAIN, PLAIN, CaseScore, ScoredArrival, ScoredCase, plain
from orchestra.model.scores import (
    MOST,
    ProfileScore,
    Score,
    ScoredAgent,
    ScoredContact,
    ScoredNeed,
    ScoredProfile,
    ScoreFailure,
    Scores,
)

__all__ = ["UNRATED", "Rating"]

_OWN: Scores = {PLAIN: CaseScore(plain)}
"""Those that ship."""

UNRATED = MOST + 1
"""In a key, the place of whoever has no score: behind all who have one."""


class Rating:
    """The scores that an application registered.

    Attributes:
        scores: name -> the score.
        failed: name -> what went wrong with it; told to people, and never asked by a decision.
    """

    __slots__ = ("failed", "scores")

    def __init__(self, scores: Scores | None = None) -> None:
        self.scores: Scores = dict(scores or {})
        self.failed: dict[str, ScoreFailure] = {}

    def is_for_profiles(self, name: str) -> bool:
        """Whether a score depends on teams and skills alone. Of one that nobody registered nothing is known."""
        return isinstance(self.scores.get(name), ProfileScore)

    def agent(self, name: str, agent: ScoredAgent, contact: ScoredContact) -> int:
        """The place in a key that a score gives an agent, least first; `UNRATED` if it gives none."""
        score = self.scores.get(name)
        if not isinstance(score, Score):  # a plan may be in force that names what this process does not have
            return self._failed(name, "is not registered")
        try:
            value = score.rate(agent, contact)
        except Exception as error:  # noqa: BLE001 - the application's code: whatever it raises, routing goes on
            return self._failed(name, f"raised {type(error).__name__}")
        return self._place(name, value)

    def profile(self, name: str, profile: ScoredProfile, need: ScoredNeed) -> int:
        """The place in a key that a score gives all agents of a profile, least first; `UNRATED` if it gives none."""
        score = self.scores[name]
        assert isinstance(score, ProfileScore)  # only these are compiled so
        try:
            value = score.rate(profile, need)
        except Exception as error:  # noqa: BLE001 - as above
            return self._failed(name, f"raised {type(error).__name__}")
        return self._place(name, value)

    def case(self, name: str, case: ScoredCase, arrival: ScoredArrival) -> int | None:
        """How surely a contact is about a case, 0 to 100; None if the score does not say."""
        score = _OWN.get(name) or self.scores.get(name)
        if not isinstance(score, CaseScore):  # as above
            self._failed(name, "is not registered")
            return None
        try:
            value = score.rate(case, arrival)
        except Exception as error:  # noqa: BLE001 - as above
            self._failed(name, f"raised {type(error).__name__}")
            return None
        if type(value) is int and 0 <= value <= CERTAIN:
            return value
        self._failed(name, f"gave {value if type(value) is int else type(value).__name__}, not 0 to {CERTAIN}")
        return None

    def _place(self, name: str, value: object) -> int:
        if type(value) is not int:  # truths are whole numbers to Python, and fractions differ between machines
            return self._failed(name, f"gave {type(value).__name__}, not a whole number")
        if not -MOST <= value <= MOST:
            return self._failed(name, f"gave a number beyond {MOST}")
        return -value

    def _failed(self, name: str, reason: str) -> int:
        before = self.failed.get(name)
        self.failed[name] = ScoreFailure(1 if before is None else before.times + 1, reason)
        return UNRATED

    def failures(self) -> Mapping[str, ScoreFailure]:
        """What went wrong until now, by name."""
        return dict(sorted(self.failed.items()))
