"""The part of a plan on menus: what a bot asks and what each answer leads to, on the phone by keys."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import attrs

from orchestra.errors import Fault
from orchestra.model.calls import KEYS

__all__ = ["Menu", "MenuKey", "MenuStep", "check_menus"]

_MOST_KEYS = 12
_MOST_STEPS = 100
_LONGEST = 1_000
_MOST_TRIES = 10


@attrs.frozen
class MenuKey:
    """What one answer in a menu leads to. Whatever it says is said first.

    Attributes:
        label: what it is called where answers are shown, as on buttons; on the phone it is spoken with its key. None
            where the step's text says it all.
        say: what whoever chose it hears; nothing unless stated.
        go: the step that comes next. Without `go`, `people`, `callback` and `end` the same step is asked again.
        people: hand over to people.
        queue: in which queue they wait then; that of the bot's contact unless stated.
        topic: what the case is about then.
        skills: skill -> least level that is asked for then, on top of the queue's.
        priority: minutes of waiting that it is worth more then.
        fields: fields of the interaction that are set then, as the plan declares them.
        callback: have them called back, and end the contact.
        end: end the contact: the menu has told all there was to tell.
        disposition: with which outcome it ends then.
    """

    label: str | None = None
    say: str = ""
    go: str | None = None
    people: bool = False
    queue: str | None = None
    topic: str | None = None
    skills: Mapping[str, int] = attrs.field(factory=dict)
    priority: int = 0
    fields: Mapping[str, str | int | bool] = attrs.field(factory=dict)
    callback: bool = False
    end: bool = False
    disposition: str | None = None


@attrs.frozen
class MenuStep:
    """One question of a menu.

    Attributes:
        say: what is asked.
        keys: answer -> what it leads to; on the phone each is one key.
    """

    say: str
    keys: Mapping[str, MenuKey]


@attrs.frozen
class Menu:
    """What a bot asks, step by step, as pure data. A bot of the plan that has one needs no program.

    Attributes:
        start: the step that comes first.
        steps: step -> what is asked there.
        unknown: said before a question is asked again whose answer is none of its keys.
        tries: how often in a row a step is asked without a valid answer until the contact goes to people.
    """

    start: str
    steps: Mapping[str, MenuStep]
    unknown: str = "That is none of the choices."
    tries: int = 3


@attrs.frozen
class Known:
    """What a menu may name: None for what nobody knows, since it was lost."""

    queues: Collection[str] | None
    skills: Collection[str] | None
    fields: Collection[str] | None
    dispositions: Collection[str] | None


def check_menus(menus: Mapping[str, Menu], known: Known) -> Iterator[Fault]:
    """Everything wrong or doubtful in the menus of a plan."""
    for name, menu in menus.items():
        yield from _check_menu(f"menus.{name}", menu, known)


def _check_menu(path: str, menu: Menu, known: Known) -> Iterator[Fault]:
    if menu.start not in menu.steps:
        yield Fault(f"{path}.start", f"the menu has no step {menu.start!r}")
    if not 1 <= len(menu.steps) <= _MOST_STEPS:
        yield Fault(f"{path}.steps", f"must be 1 to {_MOST_STEPS}")
    if not 1 <= menu.tries <= _MOST_TRIES:
        yield Fault(f"{path}.tries", f"must be from 1 to {_MOST_TRIES}")
    if len(menu.unknown) > _LONGEST:
        yield Fault(f"{path}.unknown", f"must have at most {_LONGEST} characters")
    for name, step in menu.steps.items():
        yield from _check_step(f"{path}.steps.{name}", step, menu, known)
    yield from _check_ways(path, menu)


def _check_step(path: str, step: MenuStep, menu: Menu, known: Known) -> Iterator[Fault]:
    if not 1 <= len(step.say) <= _LONGEST:
        yield Fault(f"{path}.say", f"must have 1 to {_LONGEST} characters")
    if not 1 <= len(step.keys) <= _MOST_KEYS:
        yield Fault(f"{path}.keys", f"must be 1 to {_MOST_KEYS}")
    for name, key in step.keys.items():
        where = f"{path}.keys.{name}"
        if name not in KEYS:
            yield Fault(where, "nobody can press that: a key is a digit, * or #")
        yield from _check_key(where, key, menu, known)


def _check_key(path: str, key: MenuKey, menu: Menu, known: Known) -> Iterator[Fault]:
    ends = [name for name in ("go", "people", "callback", "end") if getattr(key, name)]
    if len(ends) > 1:
        yield Fault(path, f"leads to several things at once: {', '.join(ends)}")
    if not ends and not key.say:
        yield Fault(path, "does nothing: it needs say, go, people, callback or end")
    if key.go is not None and key.go not in menu.steps:
        yield Fault(f"{path}.go", f"the menu has no step {key.go!r}")
    if len(key.say) > _LONGEST:
        yield Fault(f"{path}.say", f"must have at most {_LONGEST} characters")
    if key.label is not None and (not 1 <= len(key.label) <= 100 or not key.label.isprintable()):
        yield Fault(f"{path}.label", "must be 1 to 100 characters of one line")
    if not key.people:
        asked = [name for name in ("queue", "topic", "skills", "priority", "fields") if getattr(key, name)]
        yield from (Fault(f"{path}.{name}", "counts only with people = true") for name in asked)
    if key.disposition is not None and not key.end:
        yield Fault(f"{path}.disposition", "counts only with end = true")
    yield from _check_names(path, key, known)


def _check_names(path: str, key: MenuKey, known: Known) -> Iterator[Fault]:
    if key.queue is not None and known.queues is not None and key.queue not in known.queues:
        yield Fault(f"{path}.queue", f"there is no queue {key.queue!r}")
    for skill, level in key.skills.items():
        if known.skills is not None and skill not in known.skills:
            yield Fault(f"{path}.skills.{skill}", f"there is no skill {skill!r}")
        if not 1 <= level <= 100:
            yield Fault(f"{path}.skills.{skill}", "level must be from 1 to 100")
    for field in key.fields:
        if known.fields is not None and field not in known.fields:
            yield Fault(f"{path}.fields.{field}", "is no field of interactions: declare it in fields.interaction")
    if known.dispositions and key.disposition is not None and key.disposition not in known.dispositions:
        yield Fault(f"{path}.disposition", f"must be one of {', '.join(sorted(known.dispositions))}")


def _check_ways(path: str, menu: Menu) -> Iterator[Fault]:
    """Steps that nobody comes to, and steps from which nothing leads out: whoever is there is only asked again."""
    ways = {name: {key.go or name for key in step.keys.values() if not _ends(key)} for name, step in menu.steps.items()}
    reached, edge = {menu.start}, [menu.start]
    while edge:
        fresh = (ways.get(edge.pop(), set()) & ways.keys()) - reached
        reached |= fresh
        edge.extend(fresh)
    for name in menu.steps:
        if name not in reached:
            yield Fault(f"{path}.steps.{name}", "no key leads there", is_error=False)
    leaves = {name for name, step in menu.steps.items() if any(map(_ends, step.keys.values()))}
    while more := {name for name, to in ways.items() if name not in leaves and to & leaves}:
        leaves |= more
    for name in menu.steps:
        if name not in leaves:
            yield Fault(f"{path}.steps.{name}", "goes in a circle: from there no key leads to people or to an end")


def _ends(key: MenuKey) -> bool:
    return key.people or key.callback or key.end
