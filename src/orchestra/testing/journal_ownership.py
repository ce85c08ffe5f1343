"""The journals' contract on who may write: leases, and the inbox of those who may not.

Belongs here: cases for `acquire`, `renew`, `release`, fencing, and the inbox. Does not: what is written
(`journal_records`).
"""

# ruff: noqa: D102 - a test's name says what it shows.

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import attrs
import pytest

from orchestra.errors import InvalidData, LeaseLost, VersionConflict, WorkspaceInUse
from orchestra.journal.port import Inbox, Journal
from orchestra.model.records import Batch, Done, Lease
from orchestra.testing.journal_rig import JournalRig
from orchestra.testing.journal_samples import HOUR, MINUTE, NOON, add, answer, batch, contents, record

__all__ = ["InboxCases", "LeaseCases"]


class LeaseCases(JournalRig):
    """What a lease promises to who has it, and to the others."""

    def test_a_lease_says_who_has_it_and_until_when(self, journal: Journal) -> None:
        assert journal.acquire("first", NOON, HOUR) == Lease(1, "first", NOON, NOON + HOUR)

    def test_an_owner_keeps_others_out(self, journal: Journal, other: Journal, lease: Lease) -> None:
        for opener in (journal, other):
            with pytest.raises(WorkspaceInUse) as caught:
                opener.acquire("second", NOON + HOUR - 1, HOUR)
            assert (caught.value.holder, caught.value.since_us) == ("first", NOON)
        assert journal.append(0, [batch(0, 1)], lease) == 1

    @pytest.mark.parametrize("holder", ["", "host/boot/1/2/nonce", "a/b", "////", "\u00fc\0", "x" * 1000])
    def test_a_holder_of_unknown_kind_is_respected(self, journal: Journal, holder: str) -> None:
        journal.acquire(holder, NOON, HOUR)
        with pytest.raises(WorkspaceInUse):
            journal.acquire("second", NOON, HOUR)

    def test_an_expired_lease_is_free(self, other: Journal, lease: Lease) -> None:
        assert other.acquire("second", NOON + HOUR, HOUR).epoch == lease.epoch + 1

    def test_a_released_lease_is_free_at_once(self, journal: Journal, other: Journal, lease: Lease) -> None:
        journal.release(lease)
        assert other.acquire("second", NOON, HOUR).epoch == lease.epoch + 1

    def test_the_same_holder_may_take_it_anew(self, journal: Journal, lease: Lease) -> None:
        again = journal.acquire("first", NOON + 1, HOUR)
        assert again == Lease(lease.epoch + 1, "first", NOON + 1, NOON + 1 + HOUR)
        with pytest.raises(LeaseLost):
            journal.append(0, [batch(0, 1)], lease)

    def test_the_epoch_rises_by_one_for_ever(self, journal: Journal, place: Path) -> None:
        epochs: list[int] = []
        for _ in range(3):
            with closing(self.open_at(place)) as opener:
                lease = opener.acquire("someone", NOON, HOUR)
                opener.release(lease)
                epochs.append(lease.epoch)
        assert epochs == [1, 2, 3]
        assert journal.acquire("first", NOON, HOUR).epoch == 4

    def test_renewing_keeps_others_out_for_longer(self, journal: Journal, other: Journal, lease: Lease) -> None:
        renewed = journal.renew(lease, NOON + MINUTE, HOUR)
        assert renewed == Lease(lease.epoch, "first", NOON, NOON + MINUTE + HOUR)
        with pytest.raises(WorkspaceInUse):
            other.acquire("second", NOON + MINUTE + HOUR - 1, HOUR)
        assert other.acquire("second", NOON + MINUTE + HOUR, HOUR).epoch == lease.epoch + 1

    def test_a_lease_of_before_the_renewal_still_appends(self, journal: Journal, lease: Lease) -> None:
        renewed = journal.renew(lease, NOON + MINUTE, HOUR)
        assert journal.append(0, [batch(0, 1)], lease) == 1
        assert journal.append(1, [batch(1, 1)], renewed) == 2

    def test_an_expired_lease_that_nobody_took_still_holds(self, journal: Journal, lease: Lease) -> None:
        assert journal.append(0, [batch(0, 1)], lease) == 1
        assert journal.renew(lease, NOON + 9 * HOUR, HOUR).expires_us == NOON + 10 * HOUR

    def test_a_paused_owner_that_returns_is_fenced_off(self, journal: Journal, other: Journal, lease: Lease) -> None:
        journal.append(0, [batch(0, 1)], lease)
        second = other.acquire("second", NOON + HOUR, HOUR)
        other.append(1, [batch(1, 1)], second)
        for position in (1, 2):  # where it stopped, and where the journal is now
            with pytest.raises(LeaseLost) as caught:
                journal.append(position, [batch(position, 1)], lease)
            assert (caught.value.epoch, caught.value.current) == (lease.epoch, second.epoch)
        with pytest.raises(LeaseLost):
            journal.renew(lease, NOON + HOUR, HOUR)
        journal.release(lease)
        assert other.append(2, [batch(2, 1)], second) == 3
        assert contents(journal) == [record(1), record(2), record(3)]

    def test_a_lost_lease_cannot_append_even_nothing(self, journal: Journal, other: Journal, lease: Lease) -> None:
        other.acquire("second", NOON + HOUR, HOUR)
        with pytest.raises(LeaseLost):
            journal.append(0, [], lease)

    def test_releasing_a_lost_lease_frees_nothing(self, journal: Journal, other: Journal, lease: Lease) -> None:
        other.acquire("second", NOON + HOUR, HOUR)
        journal.release(lease)
        with pytest.raises(WorkspaceInUse):
            journal.acquire("third", NOON + HOUR, HOUR)

    def test_a_released_lease_gives_no_rights(self, journal: Journal, lease: Lease) -> None:
        journal.release(lease)
        journal.release(lease)
        with pytest.raises(LeaseLost):
            journal.append(0, [batch(0, 1)], lease)
        with pytest.raises(LeaseLost):
            journal.renew(lease, NOON, HOUR)
        assert journal.position() == 0

    @pytest.mark.parametrize(("epoch", "holder"), [(2, "first"), (0, "first"), (1, "second")])
    def test_an_invented_lease_gives_no_rights(self, journal: Journal, lease: Lease, epoch: int, holder: str) -> None:
        with pytest.raises(LeaseLost):
            journal.append(0, [batch(0, 1)], attrs.evolve(lease, epoch=epoch, holder=holder))
        assert journal.position() == 0

    def test_a_journal_without_owner_takes_nothing(self, journal: Journal) -> None:
        with pytest.raises(LeaseLost):
            journal.append(0, [batch(0, 1)], Lease(0, "nobody", NOON, NOON + HOUR))

    def test_of_many_who_want_it_at_once_one_gets_it(self, place: Path, journal: Journal) -> None:
        start = Barrier(6)

        def want(number: int) -> bool:
            with closing(self.open_at(place)) as opener:
                start.wait()
                try:
                    opener.acquire(f"holder {number}", NOON, HOUR)
                except WorkspaceInUse:
                    return False
                return True

        with ThreadPoolExecutor(6) as pool:
            assert sum(pool.map(want, range(6))) == 1
        assert journal.acquire("later", NOON + HOUR, HOUR).epoch == 2


class InboxCases(JournalRig):
    """What the inbox promises to who submits and to who answers."""

    def test_an_inbox_satisfies_the_port(self, journal: Journal) -> None:
        assert isinstance(journal.inbox, Inbox)

    def test_requests_wait_in_order(self, journal: Journal, other: Journal) -> None:
        for name in ("b", "a", "c"):
            other.inbox.submit(name, f'{{"do":"{name}"}}')
        waiting = journal.inbox.waiting()
        assert [(found.request_id, found.command) for found in waiting] == [
            (name, f'{{"do":"{name}"}}') for name in ("b", "a", "c")
        ]
        numbers = [found.number for found in waiting]
        assert numbers == sorted(set(numbers))

    @pytest.mark.parametrize(("limit", "expected"), [(0, 0), (2, 2), (9, 3)])
    def test_the_oldest_are_given_first(self, journal: Journal, limit: int, expected: int) -> None:
        for name in "abc":
            journal.inbox.submit(name, "{}")
        assert "".join(found.request_id for found in journal.inbox.waiting(limit)) == "abc"[:expected]

    def test_requests_outlive_the_opener(self, journal: Journal, place: Path) -> None:
        journal.inbox.submit("a", "{}")
        journal.close()
        with closing(self.open_at(place)) as again:
            assert [found.request_id for found in again.inbox.waiting()] == ["a"]

    def test_the_same_request_again_changes_nothing(self, journal: Journal, other: Journal) -> None:
        journal.inbox.submit("a", "{}")
        before = journal.inbox.waiting()
        other.inbox.submit("a", "{}")
        assert journal.inbox.waiting() == before

    def test_the_same_id_with_another_command_is_refused(self, journal: Journal, lease: Lease) -> None:
        journal.inbox.submit("a", '{"do":"secret"}')
        with pytest.raises(InvalidData) as caught:
            journal.inbox.submit("a", '{"do":"other"}')
        assert "secret" not in str(caught.value)
        journal.append(0, [answer("a")], lease)
        with pytest.raises(InvalidData):
            journal.inbox.submit("a", '{"do":"other"}')
        assert journal.inbox.result("a") == '{"ok":true}'

    def test_there_is_no_answer_before_there_is_one(self, journal: Journal) -> None:
        journal.inbox.submit("a", "{}")
        assert journal.inbox.result("a") is None
        assert journal.inbox.result("never submitted") is None

    def test_an_answer_comes_with_its_records(self, journal: Journal, other: Journal, lease: Lease) -> None:
        for name in "abc":
            journal.inbox.submit(name, "{}")
        batches = [batch(0, 2, Done("b", '"second"', NOON)), batch(2, 1), batch(3, 0, Done("a", '"first"', NOON))]
        assert journal.append(0, batches, lease) == 3
        assert [other.inbox.result(name) for name in "abc"] == ['"first"', '"second"', None]
        assert [found.request_id for found in other.inbox.waiting()] == ["c"]
        assert other.position() == 3

    def test_an_answer_needs_no_records(self, journal: Journal, place: Path, lease: Lease) -> None:
        journal.inbox.submit("a", "{}")
        assert journal.append(0, [answer("a", '{"refused":"NotPermitted"}')], lease) == 0
        journal.close()
        with closing(self.open_at(place)) as again:
            assert again.inbox.result("a") == '{"refused":"NotPermitted"}'
            assert again.inbox.waiting() == []

    def test_a_failed_append_answers_nothing(self, journal: Journal, lease: Lease) -> None:
        journal.inbox.submit("a", "{}")
        with pytest.raises(VersionConflict):
            journal.append(1, [batch(1, 1, Done("a", "1", NOON))], lease)
        with pytest.raises(InvalidData):
            journal.append(0, [batch(0, 1, Done("a", "1", NOON)), batch(5, 1)], lease)
        assert journal.inbox.result("a") is None
        assert [found.request_id for found in journal.inbox.waiting()] == ["a"]

    def test_a_failed_answer_stores_no_records(self, journal: Journal, lease: Lease) -> None:
        for batches in (
            [batch(0, 1, Done("never submitted", "1", NOON))],
            [batch(0, 1), answer("a", "\ud800")],
            [batch(0, 1, Done("a", "1", NOON)), answer("a", "2")],
        ):
            journal.inbox.submit("a", "{}")
            with pytest.raises(InvalidData):
                journal.append(0, batches, lease)
            assert (journal.position(), journal.inbox.result("a")) == (0, None)

    def test_a_request_is_answered_once(self, journal: Journal, lease: Lease) -> None:
        journal.inbox.submit("a", "{}")
        journal.append(0, [batch(0, 1, Done("a", "1", NOON))], lease)
        with pytest.raises(InvalidData):
            journal.append(1, [batch(1, 1, Done("a", "2", NOON))], lease)
        assert (journal.position(), journal.inbox.result("a")) == (1, "1")

    def test_an_answered_request_does_not_wait_again(self, journal: Journal, lease: Lease) -> None:
        journal.inbox.submit("a", "{}")
        journal.append(0, [answer("a", "1")], lease)
        journal.inbox.submit("a", "{}")
        assert journal.inbox.waiting() == []
        assert journal.inbox.result("a") == "1"

    def test_answers_are_forgotten_by_the_time_they_were_given(self, journal: Journal, lease: Lease) -> None:
        for name in "abcd":
            journal.inbox.submit(name, "{}")
        journal.append(0, [batch(0, 2), answer("a", at_us=NOON)], lease)
        journal.append(2, [batch(2, 1, Done("b", "1", NOON + 1))], lease)
        journal.append(3, [answer("c", at_us=NOON + HOUR)], lease)
        assert journal.inbox.forget(NOON) == 0
        assert journal.inbox.forget(NOON + 1) == 1
        assert [journal.inbox.result(name) is None for name in "abcd"] == [True, False, False, True]
        assert journal.inbox.forget(NOON + HOUR + 1) == 2
        assert journal.inbox.forget(2**62) == 0
        assert [found.request_id for found in journal.inbox.waiting()] == ["d"]

    def test_an_answer_after_a_quiet_week_is_kept_as_long_as_any(self, journal: Journal, lease: Lease) -> None:
        """Its time has nothing to do with the last record's, which may be old when nothing but answers comes."""
        journal.append(0, [batch(0, 1)], lease)
        journal.inbox.submit("a", "{}")
        later = record(1).at_us + 8 * 24 * HOUR
        journal.append(1, [answer("a", at_us=later)], lease)
        assert journal.inbox.forget(later - 7 * 24 * HOUR) == 0
        assert journal.inbox.result("a") is not None

    def test_a_damaged_request_is_given_without_its_command(self, journal: Journal, place: Path) -> None:
        for name in "abc":
            journal.inbox.submit(name, f'{{"do":"{name}"}}')
        journal.close()
        self.spoil_request(place, "b")
        with closing(self.open_at(place)) as again:
            found = [(request.request_id, request.command) for request in again.inbox.waiting()]
            assert found == [("a", '{"do":"a"}'), ("b", None), ("c", '{"do":"c"}')]
            again.append(0, [answer("b", '"damaged"')], again.acquire("later", NOON, HOUR))
            assert again.inbox.result("b") == '"damaged"'
            assert [request.request_id for request in again.inbox.waiting()] == ["a", "c"]

    def test_a_forgotten_id_is_new(self, journal: Journal, lease: Lease) -> None:
        journal.inbox.submit("a", "{}")
        (first,) = journal.inbox.waiting()
        journal.append(0, [answer("a", "1")], lease)
        journal.inbox.forget(NOON + 1)
        journal.inbox.submit("a", '{"do":"other"}')
        (second,) = journal.inbox.waiting()
        assert second.number > first.number
        assert journal.inbox.result("a") is None

    @pytest.mark.parametrize("text", ["", "a\0b", "\U0001f600 \u202e'", "0123456789" * 100_000])
    def test_any_text_of_a_request_comes_back(self, journal: Journal, lease: Lease, text: str) -> None:
        journal.inbox.submit(f"id {text[:20]}", text)
        (found,) = journal.inbox.waiting()
        assert (found.request_id, found.command) == (f"id {text[:20]}", text)
        journal.append(0, [Batch([], Done(found.request_id, text, NOON))], lease)
        assert journal.inbox.result(found.request_id) == text

    @pytest.mark.parametrize(("request_id", "command"), [("a", "secret \ud800"), ("\ud800", "{}")])
    def test_a_request_that_is_not_unicode_is_refused(self, journal: Journal, request_id: str, command: str) -> None:
        with pytest.raises(InvalidData) as caught:
            journal.inbox.submit(request_id, command)
        assert "secret" not in str(caught.value)
        assert journal.inbox.waiting() == []

    def test_many_submit_while_the_owner_appends(self, journal: Journal, other: Journal, lease: Lease) -> None:
        start = Barrier(5)

        def submit(number: int) -> None:
            start.wait()
            for turn in range(10):
                other.inbox.submit(f"{number}:{turn}", "{}")
                other.inbox.submit(f"shared:{turn}", "{}")

        with ThreadPoolExecutor(4) as pool:
            jobs = [pool.submit(submit, number) for number in range(4)]
            start.wait()
            for position in range(20):
                journal.append(position, [batch(position, 1)], lease)
            for job in jobs:
                job.result()
        waiting = [found.request_id for found in journal.inbox.waiting()]
        assert len(waiting) == len(set(waiting)) == 50
        for number in range(4):
            own = [name for name in waiting if name.startswith(f"{number}:")]
            assert own == [f"{number}:{turn}" for turn in range(10)]

    def test_owners_after_a_takeover_answer_what_waits(self, journal: Journal, other: Journal, lease: Lease) -> None:
        journal.inbox.submit("a", "{}")
        second = other.acquire("second", NOON + HOUR, HOUR)
        with pytest.raises(LeaseLost):
            journal.append(0, [answer("a", "1")], lease)
        other.append(0, [answer("a", "2")], second)
        assert journal.inbox.result("a") == "2"

    def test_the_inbox_is_apart_from_the_records(self, journal: Journal) -> None:
        add(journal, 2)
        journal.inbox.submit("a", "{}")
        assert journal.position() == 2
