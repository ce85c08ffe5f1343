"""How often the proofs repeat: chosen by noxfile.py, few by default so that a plain `pytest` stays quick."""

from __future__ import annotations

import os

__all__ = [
    "CRASH_SCENARIOS",
    "EXAMPLES",
    "FAULT_SEEDS",
    "FUZZ_INPUTS",
    "KILLS",
    "SABOTAGES",
    "SWARM_SEEDS",
    "TRUTH_CUSTOMERS",
    "WEBHOOK_SECONDS",
    "WORKER_COMMANDS",
]


def _count(variable: str, default: int) -> int:
    return max(1, int(os.environ.get(variable, default)))


SWARM_SEEDS = _count("ORCHESTRA_SWARM_SEEDS", 20)
EXAMPLES = _count("ORCHESTRA_EXAMPLES", 25)
KILLS = _count("ORCHESTRA_KILLS", 2)
CRASH_SCENARIOS = _count("ORCHESTRA_CRASH_SCENARIOS", 2)
FAULT_SEEDS = _count("ORCHESTRA_FAULT_SEEDS", 20)
FUZZ_INPUTS = _count("ORCHESTRA_FUZZ_INPUTS", 100)
WORKER_COMMANDS = _count("ORCHESTRA_WORKER_COMMANDS", 200)
WEBHOOK_SECONDS = _count("ORCHESTRA_WEBHOOK_SECONDS", 2)
SABOTAGES = _count("ORCHESTRA_SABOTAGES", 1)
TRUTH_CUSTOMERS = _count("ORCHESTRA_TRUTH_CUSTOMERS", 1)
