"""Writing for people: colours where there is a terminal, 80 columns where there is none, partitions in few words.

A reason is never cut: it stands on the line of what it is about if it fits there, else below it.
"""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import click

COLOURS = {
    "failed": "red", "blocked": "magenta", "missing": "blue", "stale": "yellow", "overdue": "yellow", "running": "cyan",
    "fresh": "green", "succeeded": "green", "crashed": "red", "timed_out": "red", "cancelled": "yellow",
    "upstream_failed": "magenta", "rejected": "red",
}  # fmt: skip
SHAPES = {
    "failed": "✗", "blocked": "⊘", "missing": "□", "stale": "~", "overdue": "◷", "running": "▶", "fresh": "■",
}  # fmt: skip
MARKS = {"failed": "!", "blocked": "x", "missing": "+", "stale": "~", "overdue": "~", "running": "▶", "fresh": "="}


class Screen:
    """Where a command writes; how wide it is and whether it has colours is asked once."""

    def __init__(self, *, stderr: bool = False) -> None:
        """Write to stdout, or to stderr."""
        self.stderr = stderr
        stream = sys.stderr if stderr else sys.stdout
        self.terminal = stream.isatty()
        self.coloured = self.terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        self.width, self.height = _size(stream.fileno() if self.terminal else None)

    def line(self, text: str = "") -> None:
        """Write a line; what was written to stdout before is seen before it, also where both go the same way."""
        if self.stderr:
            sys.stdout.flush()
        click.echo(text, err=self.stderr, color=self.coloured)

    def paint(self, text: str, word: str, *, bold: bool = False) -> str:
        """Colour a text as a status or outcome has it."""
        if not self.coloured:
            return text
        return click.style(text, fg=COLOURS.get(word), bold=bold)

    def faint(self, text: str) -> str:
        """A text that matters less."""
        return click.style(text, dim=True) if self.coloured else text

    def bold(self, text: str) -> str:
        """A text that matters more."""
        return click.style(text, bold=True) if self.coloured else text

    def table(
        self, rows: Sequence[Sequence[str]], *, head: Sequence[str] | None = None, words: Sequence[str] | None = None
    ) -> None:
        """Write rows in columns; `words` colour the second cell.

        A last cell that does not fit stands below its row, wrapped, each of its lines apart.
        """
        every = [tuple(head), *rows] if head else list(rows)
        if not every:
            return
        widths = [max(len(row[place]) for row in every) for place in range(len(every[0]))]
        for number, row in enumerate(every):
            cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths[:-1], strict=True)]
            used = sum(widths[:-1]) + 2 * len(cells)
            if head and number == 0:
                self.line(self.faint("  ".join([*cells, row[-1]]).rstrip()))
                continue
            if words is not None:
                cells[1] = self.paint(cells[1], words[number - (1 if head else 0)])
            beside, below = placed(reason("", row[-1].split("\n"), self.width - used), self.width - used)
            self.line("  ".join([*cells, beside]).rstrip())
            if below and row[-1]:
                for line in reason("", row[-1].split("\n"), self.width - 4):
                    self.line(f"    {line}")


def _size(terminal: int | None) -> tuple[int, int]:
    """Columns and lines: COLUMNS and LINES, else those of the terminal, else 80 and 40."""
    columns, lines = 80, 40
    if terminal is not None:
        try:
            columns, lines = os.get_terminal_size(terminal)
        except OSError:  # a terminal that does not say
            columns, lines = 80, 24
    # a terminal may say 0: that it does not know
    return _given("COLUMNS") or max(columns or 80, 20), _given("LINES") or max(lines or 24, 10)


def _given(name: str) -> int:
    value = os.environ.get(name, "")
    return max(20, int(value)) if value.isdecimal() and value != "0" else 0


def reason(head: str, causes: Sequence[str], width: int, *, beside: bool = True) -> list[str]:
    """Lay out a reason: in one line if that has room, else each cause in lines of its own, beside a short `head`.

    Unless it is to stand `beside`, all lines but the first are indented alike, however short the head is.
    """
    flat = [" ".join(each.split()) for each in causes]
    start = f"{head}: " if head and flat else head
    whole = start + "; ".join(flat)
    if len(whole) <= width or not flat:
        return [whole]
    long = not beside or len(start) > 12
    indent = 2 if long else len(start)
    lines = [start.rstrip()] if long and len(flat) > 1 else []
    for number, each in enumerate(flat):
        first = start if number == 0 and not lines else " " * indent
        follow = " " * (indent + 2 if len(flat) > 1 else indent)
        lines += textwrap.wrap(
            each, max(width, 20), initial_indent=first, subsequent_indent=follow, break_long_words=False,
            break_on_hyphens=False,
        ) or [first.rstrip()]  # fmt: skip
    return lines


def placed(lines: Sequence[str], room: int) -> tuple[str, bool]:
    """What stands beside (all, if it is one line that has room, else nothing), and whether it goes below instead."""
    alone = len(lines) == 1 and len(lines[0]) <= room
    return (lines[0], False) if alone else ("", True)


def short(run: str) -> str:
    """The id of a run as people see and type it; JSON has all of it."""
    return run[:8]


def fit(text: str, width: int) -> str:
    """One line of a text, cut to a width."""
    flat = " ".join(text.split())
    return flat if len(flat) <= width else flat[: max(1, width - 1)] + "…"


def json_line(value: object) -> None:
    """Print a value as JSON, indented where a person looks at it."""
    import msgspec

    encoded = msgspec.json.encode(value)
    if sys.stdout.isatty():
        encoded = msgspec.json.format(encoded, indent=2)
    sys.stdout.write(encoded.decode())
    sys.stdout.write("\n")


def some(names: Iterable[str], *, most: int = 5) -> str:
    """The first few names, and how many more there are."""
    listed = list(names)
    told = ", ".join(listed[:most])
    return told if len(listed) <= most else f"{told} and {len(listed) - most:,} more"


def moment(at: datetime | None, *, now: datetime | None = None) -> str:
    """A time for people, in their own time zone: the clock's time if it was today, else the date."""
    if at is None:
        return ""
    here = at.astimezone()
    today = (now or datetime.now(UTC)).astimezone().date()
    return here.strftime("%H:%M") if here.date() == today else here.strftime("%Y-%m-%d")


def moment_of(text: str | None, *, seconds: bool = False) -> str:
    """A time that JSON has, for people: the clock's time, with the date before it if that was not today."""
    if not text:
        return ""
    here = datetime.fromisoformat(text).astimezone()
    clock = here.strftime("%H:%M:%S" if seconds else "%H:%M")
    return clock if here.date() == datetime.now(UTC).astimezone().date() else f"{here:%Y-%m-%d} {clock}"


def seconds(amount: float) -> str:
    """A duration for people."""
    if amount < 0.1:
        return f"{amount * 1000:.0f} ms"
    if amount < 10:
        return f"{amount:.1f} s"
    if amount < 120:
        return f"{amount:.0f} s"
    if amount < 7200:
        return f"{amount / 60:.0f} min"
    return f"{amount / 3600:.1f} h"


def plural(count: int, word: str) -> str:
    """A count with its word: `1 step`, `2 steps`."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def size(amount: int) -> str:
    """An amount of bytes for people."""
    value = float(amount)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def plain(text: str) -> str:
    """Output without what could take over a terminal: control characters but tabs, line ends and colours."""
    import re

    kept = re.sub(r"\x1b(?!\[[0-9;]*m)", "␛", text)
    return "".join(
        letter if letter in "\n\t\x1b" or letter.isprintable() else f"\\x{ord(letter):02x}"
        for letter in kept.replace("\r\n", "\n").replace("\r", "\n")
    )
