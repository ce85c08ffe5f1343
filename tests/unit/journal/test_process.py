"""Holders of leases: a process that is gone is known to be, and nobody else is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from orchestra.journal import process
from orchestra.journal.process import is_known_dead, process_holder


def _child_holder() -> tuple[subprocess.Popen[str], str]:
    # It says who it is and then waits to be killed.
    code = "from orchestra.journal.process import process_holder; print(process_holder(), flush=True); input()"
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    return child, child.stdout.readline().strip()


def _reap(child: subprocess.Popen[str]) -> None:
    child.communicate()


def test_this_process_is_alive() -> None:
    assert not is_known_dead(process_holder())


def test_each_name_is_another() -> None:
    assert process_holder() != process_holder()


def test_a_name_has_five_parts() -> None:
    host, boot, pid, start, nonce = process_holder().split("/")
    assert host
    assert boot
    assert int(pid) == os.getpid()
    assert start
    assert nonce


def test_a_running_process_is_alive_and_a_killed_one_dead() -> None:
    child, holder = _child_holder()
    assert not is_known_dead(holder)
    child.send_signal(signal.SIGKILL)
    # Waits for the end without collecting it, so that it stays a zombie.
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert is_known_dead(holder)
    _reap(child)
    assert is_known_dead(holder)


def test_a_later_process_with_the_same_number_is_another() -> None:
    parts = process_holder().split("/")
    parts[3] = str(int(parts[3]) - 1)
    assert is_known_dead("/".join(parts))


@pytest.mark.parametrize(("part", "value"), [(0, "another-host"), (1, "another-boot"), (1, "-")])
def test_nothing_is_known_of_elsewhere(part: int, value: str) -> None:
    child, holder = _child_holder()
    child.kill()
    _reap(child)
    parts = holder.split("/")
    parts[part] = value
    assert is_known_dead(holder)
    assert not is_known_dead("/".join(parts))


@pytest.mark.parametrize("pid", ["0", "-1", "", "x", "1.5", "\u0663", str(2**31), "9" * 30])
def test_a_number_that_is_no_process_is_no_death(pid: str) -> None:
    parts = process_holder().split("/")
    parts[2] = pid
    assert not is_known_dead("/".join(parts))


@pytest.mark.parametrize("holder", ["", "a", "a/b/c/d", "a/b/c/d/e/f", "////", "\0"])
def test_nothing_is_known_of_other_names(holder: str) -> None:
    assert not is_known_dead(holder)


def test_another_users_process_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int, number: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    assert not is_known_dead(process_holder())


def test_without_a_process_table_only_absence_tells(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setattr(process, "PROC", tmp_path)
    own = process_holder()
    assert own.split("/")[1] == own.split("/")[3] == "-"
    assert not is_known_dead(own)
    child, _ = _child_holder()
    child.kill()
    _reap(child)
    parts = own.split("/")
    parts[2] = str(child.pid)
    assert is_known_dead("/".join(parts))


def test_a_host_with_a_slash_in_its_name_keeps_the_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "a/b")
    assert process_holder().startswith("a_b/")
    assert not is_known_dead(process_holder())
