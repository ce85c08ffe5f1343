"""What a mail says anew, apart from what it quotes of earlier ones.

Known strippers take minutes for a line of 40 kB: their expressions go back again and again. This one looks at each
line once, with nothing that goes back. It guesses, as all of them do, so it is careful: whoever answers between quoted
lines is quoted in full, and the whole text is kept beside it in any case.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

__all__ = ["flowed", "unquoted"]

_WROTE = (
    "wrote", "writes", "schrieb", "a écrit", "écrit", "escribió", "escreveu", "ha scritto", "schreef", "skrev",
    "napisał", "napsal", "kirjoitti", "написал", "пише", "yazdı", "írta", "a scris", "έγραψε", "写道",
    "のメール", "作成",
)  # fmt: skip
"""How mail programs say that somebody wrote what follows."""

_SEPARATORS = (
    "original message", "ursprüngliche nachricht", "originalnachricht", "weitergeleitete nachricht",
    "forwarded message",
    "message d'origine", "message original", "mensaje original", "messaggio originale", "oorspronkelijk bericht",
    "mensagem original", "oprindelig meddelelse", "ursprungligt meddelande", "wiadomość oryginalna",
)  # fmt: skip
"""What stands between dashes above an earlier mail."""

_HEADERS = (
    "from:", "sent:", "to:", "cc:", "date:", "subject:", "von:", "gesendet:", "an:", "datum:", "betreff:", "de :",
    "de:", "envoyé :", "envoyé:", "à :", "à:", "objet :", "objet:", "enviado:", "enviado el:", "para:", "asunto:",
    "assunto:", "da:", "inviato:", "a:", "oggetto:", "van:", "verzonden:", "aan:", "onderwerp:", "od:", "do:", "temat:",
)  # fmt: skip
"""What begins the lines that some mail programs put above an earlier mail."""

_LONGEST = 300
"""Characters of a line that is looked at: no mail program writes longer ones by itself."""
_MOST_LINES = 20_000
"""Of a text that is looked at."""
_LINES_OF_AN_ATTRIBUTION = 3


def unquoted(text: str) -> str | None:
    """Give what a text says without the earlier mails that it ends with.

    Args:
        text: lines that end in LF, quoted ones beginning with `>`.

    Returns:
        The text up to where only earlier mails follow; None if there are none, or if nothing stands above them.

    Guarantees:
        Linear time.
    """
    lines = text.split("\n")
    if len(lines) > _MOST_LINES:
        return None  # nobody writes so many
    shown = [line[:_LONGEST].strip() for line in lines]
    end = min(_quoted_tail(shown), _earlier_mail(shown))
    kept = "\n".join(lines[:end]).rstrip()
    return kept if end < len(lines) and kept.strip() else None


def _quoted_tail(lines: Sequence[str]) -> int:
    """Where the quoted lines begin that nothing but blank lines follows; the number of lines if there are none."""
    end = len(lines)
    while end and (not lines[end - 1] or lines[end - 1].startswith(">")):
        end -= 1
    if not any(line.startswith(">") for line in lines[end:]):
        return len(lines)
    return end - _attribution(lines[:end][-_LINES_OF_AN_ATTRIBUTION:])


def _attribution(lines: Sequence[str]) -> int:
    """How many of these last lines say who wrote what follows."""
    if not lines or not lines[-1].endswith((":", "：", ">")):
        return 0
    for count in range(1, len(lines) + 1):
        said = " ".join(lines[-count:])
        if not lines[-count]:
            return 0
        if _says_who_wrote(said) and (count == len(lines) or not lines[-count - 1] or _begins(lines[-count])):
            return count
    return 0


def _says_who_wrote(said: str) -> bool:
    folded = said.lower()
    return any(word in folded for word in _WROTE) and any(character.isdigit() or character == "@" for character in said)


def _begins(line: str) -> bool:
    return line.startswith(
        ("On ", "Am ", "Le ", "El ", "Il ", "Op ", "Em ", "Den ", "W dniu ", "Dne ", "20", "Il giorno")
    )


def _earlier_mail(lines: Sequence[str]) -> int:
    """Where a line of dashes or header lines begin an earlier mail; the number of lines if none do."""
    for number, line in enumerate(lines):
        if _is_separator(line) or _is_header_block(lines[number : number + 6]):
            return number - 1 if number and lines[number - 1][:5] == "_____" else number
    return len(lines)


def _is_separator(line: str) -> bool:
    return line.startswith("--") and line.endswith("--") and any(word in line.lower() for word in _SEPARATORS)


def _is_header_block(lines: Sequence[str]) -> bool:
    """Whether at least three header lines follow each other, the first of them with an address or a name."""
    block = list(takewhile(lambda line: line.strip("*").lower().startswith(_HEADERS), lines))
    return len(block) >= 3 and len({line.lower().partition(":")[0] for line in block}) == len(block)


def flowed(text: str, *, are_spaces_dropped: bool = False) -> str:
    """Put lines together that were only broken to be sent: `format=flowed` (RFC 3676).

    Args:
        text: lines that end in LF.
        are_spaces_dropped: the space that marks a break is none of the text (`delsp=yes`).
    """
    found: list[tuple[int, list[str]]] = []
    is_open = False
    lines = text.split("\n")
    for line in lines if len(lines) <= _MOST_LINES else ():
        depth = len(line) - len(line.lstrip(">"))
        said = line[depth:].removeprefix(" ")
        was_open, is_open = is_open, said.endswith(" ") and said != "-- "
        written = said[:-1] if is_open and are_spaces_dropped else said
        if was_open and found[-1][0] == depth and said != "-- ":
            found[-1][1].append(written)
        else:
            found.append((depth, [written]))
    return "\n".join(_put_together(depth, "".join(pieces)) for depth, pieces in found) if found else text


def _put_together(depth: int, said: str) -> str:
    return ">" * depth + " " * bool(depth and said) + said
