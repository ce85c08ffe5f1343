"""Tables and progress, on a terminal and off, with rich and without."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

import pytest

from orchestra.cli import terminal
from orchestra.cli.fitting import fitted, natural_widths
from orchestra.cli.plain import fits, plain_table
from orchestra.cli.terminal import one_line, print_json, print_tables, progress, terminal_width
from orchestra.insight.report import Table

Capture = pytest.CaptureFixture[str]


class Tty(io.StringIO):
    """A stream that says it is a terminal, and takes both streams while `shown` runs."""

    def isatty(self) -> bool:
        return True

    @contextmanager
    def shown(self) -> Iterator[None]:
        with redirect_stdout(self), redirect_stderr(self):
            yield


@pytest.fixture
def tty(monkeypatch: pytest.MonkeyPatch) -> Tty:
    """A terminal of 60 columns that knows no colours."""
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "dumb")
    return Tty()


@pytest.fixture
def without_rich(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "_has_rich", lambda: False)


SMALL = Table("Small", ("name", "count"), (("one", "1"), ("twenty", "20")), frozenset({1}))
WIDE = Table(
    "Wide",
    ("", *(f"column {number}" for number in range(8))),
    (("a row", *(str(number * 1000) for number in range(8))),),
    frozenset(range(1, 9)),
)
LONG = Table("Long", ("at", "what"), (("09:00", "a text of many words that goes on and on, far beyond the width"),))


def widest(text: str) -> int:
    return max(map(len, text.splitlines()))


# Plain text


def test_plain_columns_stand_under_each_other() -> None:
    assert plain_table(SMALL, None).splitlines() == [
        "Small",
        "name    count",
        "------  -----",
        "one         1",
        "twenty     20",
    ]


def test_a_table_without_rows() -> None:
    assert plain_table(Table("None", ("a", "b"), ()), 20).splitlines() == ["None", "a  b", "-  -"]


def test_long_texts_fold_at_words() -> None:
    shown = plain_table(LONG, 40)
    assert widest(shown) <= 40
    assert shown.splitlines()[3] == "09:00  a text of many words that goes on"
    assert shown.splitlines()[4].strip() == "and on, far beyond the width"


def test_a_word_wider_than_its_share_is_cut() -> None:
    table = Table("Cut", ("at", "what"), (("09:00", "x" * 100),))
    assert widest(plain_table(table, 40)) <= 40


def test_what_cannot_fit_is_printed_all_the_same() -> None:
    assert "column 7" in plain_table(WIDE, 20).replace("\n", " ") or widest(plain_table(WIDE, 20)) > 20


def test_what_fits() -> None:
    assert fits(SMALL, 60)
    assert fits(LONG, 40)
    assert not fits(SMALL, 8)
    assert not fits(WIDE, 20)


# Fitting


def test_a_table_that_fits_is_left_alone() -> None:
    assert fitted(SMALL, 60) == [SMALL]
    assert natural_widths(SMALL) == [6, 5]


def test_a_long_text_is_left_to_folding() -> None:
    assert fitted(LONG, 40) == [LONG]


def test_many_columns_become_several_tables() -> None:
    parts = fitted(WIDE, 40)
    assert [part.title for part in parts] == ["Wide", "Wide (continued)", "Wide (continued)"]
    assert all(widest(plain_table(part, None)) <= 40 for part in parts)
    assert all(part.rows[0][0] == "a row" for part in parts)
    assert [name for part in parts for name in part.header[1:]] == list(WIDE.header[1:])
    assert [cell for part in parts for cell in part.rows[0][1:]] == list(WIDE.rows[0][1:])
    assert all(part.right == frozenset(range(1, len(part.header))) for part in parts)


def test_columns_of_a_group_stay_together() -> None:
    table = Table("G", ("", "cases", "wait: mean", "median", "p90", "talk: mean", "median"), (("row", *"123456"),))
    assert [part.header[1:] for part in fitted(table, 40)] == [
        ("cases", "wait: mean", "median", "p90"),
        ("talk: mean", "median"),
    ]


def test_a_group_wider_than_the_terminal_is_one_table() -> None:
    table = Table("G", ("", "some wait: mean", "median", "ninetieth"), (("a longer row", *"123"),))
    assert [part.header for part in fitted(table, 39)] == [table.header]


# Printing


def test_into_a_pipe_nothing_is_folded(capsys: Capture) -> None:
    print_tables([WIDE, SMALL])
    shown = capsys.readouterr().out
    assert shown == f"{plain_table(WIDE, None)}\n\n{plain_table(SMALL, None)}\n"
    assert terminal_width() is None


def test_a_terminal_without_rich(tty: Tty, without_rich: None) -> None:
    with tty.shown():
        print_tables([WIDE, LONG])
        assert terminal_width() == 60
    shown = tty.getvalue()
    assert widest(shown) <= 60
    assert "Wide (continued)" in shown
    assert "-----" in shown


def test_a_terminal_with_rich(tty: Tty) -> None:
    with tty.shown():
        print_tables([WIDE, LONG])
    shown = tty.getvalue()
    assert widest(shown) <= 60
    assert "Wide (continued)" in shown
    assert "─────" in shown


def test_a_terminal_too_narrow_for_rich_gets_plain_text(tty: Tty, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where columns do not fit, rich would draw them empty."""
    monkeypatch.setenv("COLUMNS", "20")
    table = Table("Narrow", ("at", "channel", "case", "what"), (("09:00:00", "chat", "C-000001", "she wrote " * 9),))
    with tty.shown():
        print_tables([table])
    assert {"chat", "she", "wrote"} <= set(tty.getvalue().split())
    assert "─" not in tty.getvalue()


def test_with_rich_columns_are_as_wide_as_without(tty: Tty, monkeypatch: pytest.MonkeyPatch) -> None:
    with tty.shown():
        print_tables([SMALL])
    with_rich = [line.rstrip() for line in tty.getvalue().splitlines()]
    assert with_rich[1] == "name    count"
    assert with_rich[3:] == ["one         1", "twenty     20"]


@pytest.mark.parametrize("has_rich", [True, False])
def test_words_of_customers_steer_nothing(tty: Tty, monkeypatch: pytest.MonkeyPatch, has_rich: bool) -> None:
    monkeypatch.setattr(terminal, "_has_rich", lambda: has_rich)
    with tty.shown():
        print_tables([Table("[red]T", ("a",), (("[bold]x\x1b[2J\n\x07y",),))])
    shown = tty.getvalue()
    assert "[bold]x [2J  y" in shown
    assert "\x1b[2J" not in shown
    assert "[red]T" in shown


@pytest.mark.parametrize(
    ("text", "shown"), [("a\nb", "a b"), ("a\u2028b\x00", "a b "), ("żółć 你好", "żółć 你好"), ("a\u202eb", "a b")]
)
def test_one_line(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_json_keeps_letters(capsys: Capture) -> None:
    print_json({"a": "żółć"})
    assert capsys.readouterr().out == '{\n  "a": "żółć"\n}\n'


# Progress


def test_no_bar_without_a_terminal(capsys: Capture) -> None:
    with progress("working") as bar:
        bar.advance(1, 2)
        bar.remark("line 3:\nbad")
    out, err = capsys.readouterr()
    assert (out, err) == ("", "line 3: bad\n")


def test_a_plain_bar(tty: Tty, without_rich: None) -> None:
    with tty.shown(), progress("working") as bar:
        bar.advance(1, 2)
        bar.advance(2, 2)
    assert "working [###############...............] 1/2" in tty.getvalue()
    assert tty.getvalue().endswith("\r" + " " * len("working [##############################] 2/2") + "\r")


def test_a_plain_bar_lets_remarks_through(tty: Tty, without_rich: None) -> None:
    with tty.shown(), progress("working") as bar:
        bar.advance(1, 2)
        bar.remark("line 3: bad")
    assert "\rline 3: bad\n" in tty.getvalue()
    assert tty.getvalue().count("1/2") == 2


def test_a_plain_bar_of_nothing(tty: Tty, without_rich: None) -> None:
    with tty.shown(), progress("working") as bar:
        bar.advance(0, 0)
    assert "0/0" in tty.getvalue()


def test_a_plain_bar_goes_away_after_an_error(tty: Tty, without_rich: None) -> None:
    def fail() -> None:
        with progress("working") as bar:
            bar.advance(1, 2)
            raise ZeroDivisionError

    with tty.shown(), pytest.raises(ZeroDivisionError):
        fail()
    assert tty.getvalue().rstrip(" \r").endswith("1/2")
    assert tty.getvalue().endswith(" \r")


def test_a_rich_bar(tty: Tty, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    with tty.shown(), progress("working") as bar:
        bar.advance(1, 2)
        bar.remark("line 3: [bold]bad")
    assert "working" in tty.getvalue()
    assert "line 3: [bold]bad" in tty.getvalue()


def test_rich_is_looked_for() -> None:
    assert terminal._has_rich()


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no pseudo-terminals on this system")
def test_on_a_real_terminal() -> None:
    """The whole command on a pseudo-terminal of 100 columns: nothing is wider, and the bar leaves no trace."""
    with_rich, without = on_a_terminal(["demo"])
    assert "─────" in with_rich
    assert "─────" not in without
    for shown in (with_rich, without):
        lines = [line.rpartition("\r")[2] for line in shown.replace("\r\n", "\n").split("\n")]
        assert max(len(plain_of(line)) for line in lines) <= 100
        assert "Timeline of cu" in shown
        assert "a day" in shown  # the bar was there


def plain_of(line: str) -> str:
    import re  # noqa: PLC0415 - for this one pattern

    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line)


def on_a_terminal(arguments: list[str]) -> list[str]:
    """What a process shows that runs the command twice, with rich and without."""
    import fcntl  # noqa: PLC0415 - only where there are pseudo-terminals
    import pty  # noqa: PLC0415
    import struct  # noqa: PLC0415
    import termios  # noqa: PLC0415

    code = f"import sys; from orchestra.cli import terminal, main; first = main.main({arguments!r}); print(chr(12)); "
    code += f"terminal._has_rich = lambda: False; sys.exit(first or main.main({arguments!r}))"
    child, master = pty.fork()
    if child == 0:
        os.environ.pop("COLUMNS", None)
        os.environ["TERM"] = "xterm"
        os.execv(sys.executable, [sys.executable, "-c", code])
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 100, 0, 0))
    shown = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:  # how a closed terminal reads on Linux
            break
        if not part:
            break
        shown += part
    os.close(master)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, shown.decode()
    return shown.decode().split("\f")
