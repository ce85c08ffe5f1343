"""Replaying logs in which people are answered who did not ask, or not first."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.integration.contact_logs import LogWriter, run_json

Capture = pytest.CaptureFixture[str]


def test_whoever_wrote_or_was_answered_is_a_customer(tmp_path: Path, capsys: Capture) -> None:
    log = LogWriter().ask(0, "t1", "joe", "1").answer(5, "t1", "mia", "2").answer(6, "t2", "zoe", "3")
    _, got, _ = run_json(capsys, "replay", log.write(tmp_path / "log"))
    assert (got["customers"], got["cases"], got["first_response"]["n"]) == (3, 2, 1)


def test_an_answer_stands_in_the_timeline_of_whom_it_was_for(tmp_path: Path, capsys: Capture) -> None:
    log = LogWriter().ask(0, "t1", "joe", "1").ask(2, "t1", "mia", "2").answer(5, "t1", "mia", "3", agent="ana")
    journal = f"sqlite:{tmp_path / 'contacts.db'}"
    run_json(capsys, "replay", log.write(tmp_path / "log"), "--journal", journal)
    texts = {
        who: [entry["text"] for entry in run_json(capsys, "timeline", who, "--journal", journal)[1]["entries"]]
        for who in ("cu1", "cu2")
    }
    assert [text for text in texts["cu1"] if text] == ["text of 1", "text of 2", "text of 3"]
    assert [text for text in texts["cu2"] if text] == ["text of 2", "text of 3"]
