"""Who comes again on the same topic: contacts of each person by topic, for as long as they may be restated.

Belongs here: which contact repeats an earlier one, and which case its customer came back from. Does not: events.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Callable, Iterable, Sequence

import attrs

from orchestra.insight.matters import Contact, Matter, in_order

__all__ = ["Returning"]


@attrs.define(eq=False)
class _Topic:
    """One topic of one person: contacts in order, cases, and of these those that the person has not come back from."""

    contacts: list[Contact] = attrs.field(factory=list[Contact])
    cases: dict[str, Matter] = attrs.field(factory=dict[str, Matter])
    watched: dict[str, Matter] = attrs.field(factory=dict[str, Matter])


class Returning:
    """Finds repeats as contacts come, and again when it turns out who is who and what is one matter.

    Args:
        return_us: the window within which coming back counts. A contact is restated for as long after it came.
        root: case -> the case that it goes on as.
        dirty: told each case that may count as something else now.
    """

    def __init__(self, return_us: int, root: Callable[[str], Matter], dirty: Callable[[Matter], None]) -> None:
        self._return_us = return_us
        self._root = root
        self._dirty = dirty
        self._alias_of: dict[str, str] = {}
        self._people: dict[str, dict[str, _Topic]] = {}
        self._kept: deque[Contact] = deque()

    def __len__(self) -> int:
        return len(self._kept)

    def person(self, customer: str) -> str:
        """Who a customer is, in the end."""
        while (above := self._alias_of.get(customer)) is not None:
            customer = above
        return customer

    def alias(self, customer: str, alias_of: str, now_us: int) -> None:
        """Two are one."""
        before = {self.person(customer), self.person(alias_of)}
        self._alias_of[customer] = alias_of
        self._rebuild(before, now_us)

    def unalias(self, customer: str, now_us: int) -> None:
        """They are two after all."""
        before = {self.person(customer)}
        self._alias_of.pop(customer, None)
        self._rebuild(before, now_us)

    def add(self, contact: Contact) -> None:
        """A contact has come, whose case is known."""
        self._kept.append(contact)
        self._forget_old(contact.came_us)
        topic = self._file(contact)
        if topic.contacts and self._is_before(contact, topic.contacts[-1]):
            insort(topic.contacts, contact, key=_rank)
            self._judge(topic, contact.came_us)
            return
        self._tell(contact, topic.contacts[-1] if topic.contacts else None)
        topic.contacts.append(contact)
        matter = self._matter(contact)
        for name in [name for name in topic.watched if name != matter.name]:
            self._return(topic.watched.pop(name), contact.at_us)
        if matter.name in topic.cases and matter.rival_us is None:
            topic.watched[matter.name] = matter

    def regroup(self, matters: Sequence[Matter], now_us: int) -> None:
        """These cases have become one, or several, or have other contacts than they had."""
        customers = {matter.customer for matter in matters}
        customers |= {contact.customer for matter in matters for contact in matter.contacts}
        self._rebuild({self.person(customer) for customer in customers}, now_us, matters)

    def forget(self, matter: Matter) -> None:
        """A case cannot go on any more."""
        for contact in matter.contacts:
            self._drop(contact)
        topics = self._people.get(self.person(matter.customer), {})
        for key in [key for key, topic in topics.items() if matter.name in topic.cases]:
            topics[key].cases.pop(matter.name)
            topics[key].watched.pop(matter.name, None)
            self._drop_empty(self.person(matter.customer), key)

    @staticmethod
    def _is_before(one: Contact, other: Contact) -> bool:
        return _rank(one) < _rank(other)

    def _matter(self, contact: Contact) -> Matter:
        assert contact.case is not None  # only what has a case is filed
        return self._root(contact.case)

    def _file(self, contact: Contact) -> _Topic:
        """Where a contact belongs; its case is watched there if it is the customer's own."""
        matter, person = self._matter(contact), self.person(contact.customer)
        contact.topic = matter.topic or matter.name
        topic = self._people.setdefault(person, {}).setdefault(contact.topic, _Topic())
        if self.person(matter.customer) == person:
            topic.cases[matter.name] = matter
        return topic

    def _tell(self, contact: Contact, before: Contact | None) -> None:
        is_repeat = before is not None and contact.at_us - before.at_us <= self._return_us
        for tally in contact.tallies if is_repeat != contact.is_repeat else ():
            tally.journey.repeated += 1 if is_repeat else -1
        contact.is_repeat = is_repeat

    def _return(self, matter: Matter, at_us: int | None) -> None:
        matter.rival_us = at_us
        self._dirty(matter)

    def _judge(self, topic: _Topic, now_us: int) -> None:
        """Find anew, in one topic of one person, what repeats what, and when which case was come back from."""
        before: Contact | None = None
        for contact in topic.contacts:
            if contact.came_us >= now_us - self._return_us:
                self._tell(contact, before)
            before = contact
        kept_us = now_us - 2 * self._return_us  # what is older may have been let go
        rivals: dict[str, int | None] = {}
        next_: tuple[str, int] | None = None  # the case and instant of the contact after
        other_us: int | None = None  # when the first one after that is about another case
        for contact in reversed(topic.contacts):
            name = self._matter(contact).name
            if next_ is not None and next_[0] != name:
                other_us = next_[1]
            rivals[name] = other_us  # of the first contact, in the end
            next_ = name, contact.at_us
        topic.watched.clear()
        for name, matter in topic.cases.items():
            if matter.rival_us is None or matter.rival_us >= kept_us:
                self._return(matter, rivals.get(name))
            if matter.rival_us is None:
                topic.watched[name] = matter

    def _rebuild(self, people: Iterable[str], now_us: int, matters: Sequence[Matter] = ()) -> None:
        """File everything of some people anew, by who they are and what their cases are now."""
        topics = [topic for person in people for topic in self._people.pop(person, {}).values()]
        contacts = in_order(contact for topic in topics for contact in topic.contacts)
        cases = {name: matter for topic in topics for name, matter in topic.cases.items()}
        cases |= {matter.name: matter for matter in matters}
        touched: dict[int, _Topic] = {}
        for contact in contacts:
            topic = self._file(contact)
            topic.contacts.append(contact)
            touched[id(topic)] = topic
        for matter in cases.values():
            root = self._root(matter.name)
            key = root.topic or root.name
            topic = self._people.setdefault(self.person(root.customer), {}).setdefault(key, _Topic())
            topic.cases[root.name] = root
            touched[id(topic)] = topic
        for topic in touched.values():
            self._judge(topic, now_us)

    def _forget_old(self, now_us: int) -> None:
        """Twice the window: those within it are restated by those before them."""
        while self._kept and self._kept[0].came_us < now_us - 2 * self._return_us:
            self._drop(self._kept.popleft())

    def _drop(self, contact: Contact) -> None:
        person, key = self.person(contact.customer), contact.topic
        if key is not None:
            self._people[person][key].contacts.remove(contact)
            contact.topic = None
            self._drop_empty(person, key)

    def _drop_empty(self, person: str, key: str) -> None:
        topic = self._people[person][key]
        if not topic.contacts and not topic.cases:
            del self._people[person][key]
            if not self._people[person]:
                del self._people[person]


def _rank(contact: Contact) -> tuple[int, int]:
    return contact.at_us, contact.number
