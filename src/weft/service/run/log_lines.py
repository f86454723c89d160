"""Lines in the bytes of a log: found by text or level, numbered, and the places at which pages of them begin."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Literal

from weft.service import views

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
Level = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
MOST_LINES = 20_000
"""Lines of a page: empty ones take no bytes, but a place in the answer."""
_RECORD = re.compile(rb"^\d\d:\d\d:\d\d\.\d{3} (DEBUG|INFO|WARNING|ERROR|CRITICAL) ", re.MULTILINE)
_PIECE = 1 << 20


class LineView(views.View, frozen=True, kw_only=True):
    """One line of a log: the byte at which it begins, its text, and its level where it is a log record's first.

    `line` is how many lines there are between the first of the page (or of what was searched) and this one.
    """

    offset: int
    text: str
    level: str | None = None
    line: int = 0


def found(
    content: bytes, offset: int, *, most: int, search: str = "", level: Level | None = None, fold: bool = False
) -> tuple[list[LineView], int, int]:
    """The lines of `content`, which begins at `offset` of the log, that are wanted: at most so many bytes of them.

    Returns them with the byte after the last line that was looked at, and how many lines were. Lines without a level,
    such as those of a traceback, belong to the record above them. With `fold`, ASCII letters match in either case.
    """
    lines: list[LineView] = []
    taken = passed = counted = 0
    for start, stop in _wanted(content, search, level, fold):
        passed += content.count(b"\n", counted, start)
        counted = start
        if (taken + stop - start > most or len(lines) >= MOST_LINES) and lines:
            return lines, offset + start, passed
        raw = content[start:stop]
        known = _RECORD.match(raw)
        lines.append(
            LineView(
                offset=offset + start,
                text=raw.decode("utf-8", "replace"),
                level=known[1].decode() if known is not None else None,
                line=passed,
            )
        )
        taken += stop - start + 1
    return lines, offset + len(content), passed + content.count(b"\n", counted)


def _wanted(content: bytes, search: str, level: Level | None, fold: bool) -> Iterator[tuple[int, int]]:
    """Where the wanted lines begin and end, without their line feed."""
    spans = _of_level(content, level) if level is not None else [(0, len(content))]
    needle = search.encode()
    looked = content
    if fold:
        looked, needle = content.lower(), needle.lower()
    for first, last in spans:
        at = first
        while at < last:
            if needle:
                hit = looked.find(needle, at, last)
                if hit < 0:
                    break
                at = content.rfind(b"\n", 0, hit) + 1
            stop = content.find(b"\n", at)
            stop = len(content) if stop < 0 else stop
            yield at, stop
            at = stop + 1


def _of_level(content: bytes, level: Level) -> list[tuple[int, int]]:
    """The stretches of whole records of a level or above; lines before the first record have none, and are left out."""
    above = {each.encode() for each in LEVELS[LEVELS.index(level) :]}
    records = [(each.start(), each[1] in above) for each in _RECORD.finditer(content)]
    spans: list[tuple[int, int]] = []
    for (start, wanted), (end, _) in itertools.pairwise([*records, (len(content), False)]):
        if wanted and spans and spans[-1][1] == start:
            spans[-1] = (spans[-1][0], end)
        elif wanted:
            spans.append((start, end))
    return spans


def pages(read: Callable[[int, int], bytes], size: int, page: int) -> tuple[int, list[tuple[int, int]]]:
    """How many lines a log has, and where each page of about so many bytes begins: `(line from 0, byte)`.

    A page begins where a line does. It is one reading of the whole, at about a gigabyte a second.
    """
    found: list[tuple[int, int]] = [(0, 0)] if size else []
    line = offset = 0
    due = page
    ends_with_feed = True
    while offset < size:
        content = read(offset, _PIECE)
        if not content:
            break
        counted = 0
        while due < offset + len(content):
            feed = content.find(b"\n", max(0, due - 1 - offset))
            if feed < 0:
                break
            line += content.count(b"\n", counted, feed + 1)
            counted = feed + 1
            if offset + counted >= size:
                break
            found.append((line, offset + counted))
            due = offset + counted + page
        line += content.count(b"\n", counted)
        ends_with_feed = content.endswith(b"\n")
        offset += len(content)
    return line + (0 if ends_with_feed else 1), found
