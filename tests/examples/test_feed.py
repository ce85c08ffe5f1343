"""The example of a process that follows the feed over restarts."""

from __future__ import annotations

from pathlib import Path

from examples.resolved_cases import resolved_cases

from orchestra import Email, Message, blocking, commands


def _resolve(ws: blocking.Client, number: int) -> str:
    got = ws.receive(Message("web-form", id=f"f{number}", sender=Email(f"joe-{number}@example.org"), text="Hello"))
    ws.execute(commands.ResolveCase(got.case.id))
    return got.case.id


def test_no_case_is_left_out_and_only_the_last_one_can_come_again(owner: str, tmp_path: Path) -> None:
    kept = tmp_path / "resolved.position"
    with blocking.connect(owner) as ws:
        cases = [_resolve(ws, number) for number in range(2)]
        first_run = resolved_cases(owner, kept)
        assert [next(first_run), next(first_run)] == cases
        first_run.close()  # type: ignore[attr-defined]  # stopped before the second was noted as done
        cases.append(_resolve(ws, 2))
        second_run = resolved_cases(owner, kept)
        assert [next(second_run), next(second_run)] == cases[1:]
        second_run.close()  # type: ignore[attr-defined]
