"""Lines in the bytes of a log: found by text or level, numbered, and the places at which pages of them begin.

What has which level: a record, as weft writes it, has that of its first line. To it belong the lines below that are
indented (so are the further lines of a message) or empty, and all from a traceback on. Other lines were printed; they
count as `INFO`, as Airflow counts what a task prints. So `WARNING` and above keeps the tracebacks and drops the prints.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal

from weft.service import views

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
Level = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
MOST_LINES = 20_000
"""Lines of a page: empty ones take no bytes, but a place in the answer."""
_RECORD = re.compile(rb"^\d\d:\d\d:\d\d\.\d{3} (DEBUG|INFO|WARNING|ERROR|CRITICAL) ", re.MULTILINE)
_BEGINNING = re.compile(
    rb"^(?:\d\d:\d\d:\d\d\.\d{3} (DEBUG|INFO|WARNING|ERROR|CRITICAL) |(?:Traceback|Stack)( )\(most recent |(?=\S))",
    re.MULTILINE,
)
"""A record, a traceback (which has the second group), or another line that is not indented."""
_PRINTED = b"INFO"
CONTEXT = 64 << 10
"""Bytes before a page from which the record that it begins in is known."""
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
    content: bytes,
    offset: int,
    *,
    most: int,
    search: str = "",
    level: Level | None = None,
    fold: bool = False,
    before: bytes = b"",
) -> tuple[list[LineView], int, int]:
    """The lines of `content`, which begins at `offset` of the log, that are wanted: at most so many bytes of them.

    Returns them with the byte after the last line that was looked at, and how many lines were. With `fold`, ASCII
    letters match in either case. `before` is what stands right before `content`: its last record may go on there.
    """
    lines: list[LineView] = []
    taken = passed = counted = 0
    for start, stop in _wanted(content, search, level, fold, before):
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


def _wanted(content: bytes, search: str, level: Level | None, fold: bool, before: bytes) -> Iterator[tuple[int, int]]:
    """Where the wanted lines begin and end, without their line feed."""
    spans = _of_level(content, level, before) if level is not None else [(0, len(content))]
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


def _of_level(content: bytes, level: Level, before: bytes) -> list[tuple[int, int]]:
    """The stretches of lines that have a level or one above it."""
    above = {each.encode() for each in LEVELS[LEVELS.index(level) :]}
    known, traced = _PRINTED, False
    for each in _BEGINNING.finditer(before):
        known, traced = _follow(each, known, traced)
    spans: list[tuple[int, int]] = []
    start = 0
    for each in _BEGINNING.finditer(content):
        told = known
        known, traced = _follow(each, known, traced)
        if told == known:
            continue
        if told in above and each.start() > start:
            _add(spans, start, each.start())
        start = each.start()
    if known in above and start < len(content):
        _add(spans, start, len(content))
    return spans


def _follow(line: re.Match[bytes], level: bytes, traced: bool) -> tuple[bytes, bool]:
    """The level from a line on, and whether a traceback of its record has begun."""
    if line[1] is not None:
        return line[1], False
    if traced or line[2] is not None:
        return level, True
    return _PRINTED, False


def _add(spans: list[tuple[int, int]], start: int, end: int) -> None:
    if spans and spans[-1][1] == start:
        spans[-1] = (spans[-1][0], end)
    else:
        spans.append((start, end))


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
