"""Logs of attempts for readers far away: listed, read by pages, searched and followed, by ids of the ledger alone.

A reader names the log of an attempt by the position of the event that ended it, never by a path. What the ledger names
is read only if it lies in the folder of logs, with no symbolic link on the way. Text is text: nobody renders it.
"""

from __future__ import annotations

import collections
import os
import stat
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from weft.ledger import codec
from weft.model import errors, events
from weft.ports import ledger as ledgers
from weft.ports import paging
from weft.runtime.flows import output
from weft.service import views
from weft.service.run import log_lines, run_logs

FLOW = "flow"
"""Stands for the log of a flow's own function."""
MOST_BYTES = 1 << 20
_MOST_SEARCHED = 16 << 20
_ENDED = ("StepSucceeded", "AttemptFailed", "StepParked", "StepsFinished")
_PAGE = 64 << 10
"""Bytes of a page of an index."""
_MOST_PAGES = 8192


class LogView(views.View, frozen=True, kw_only=True):
    """One attempt that ended, with the id of its log, None where it wrote nothing and did not fail. `size` is in bytes.

    Of an attempt that failed the error is the last record of the log.
    """

    log: str | None
    size: int
    run: str
    step: str
    partition: str | None
    item: str
    attempt: int
    outcome: str
    at: str | None
    seconds: float
    error: str
    traceback: str


class LogText(views.View, frozen=True, kw_only=True):
    """Lines of a log. `next` is the byte at which the next page begins, None where the log ends (as far as it is).

    `passed` is how many lines there are between where it began and where the next page begins.
    """

    log: str
    size: int
    lines: list[log_lines.LineView]
    next: int | None
    passed: int = 0


class LogIndex(views.View, frozen=True, kw_only=True):
    """Where the lines of a log are: `pages` are `[line from 0, byte]` of the first line of each page, in order.

    `error` is the line (from 0) at which the error begins that ended the attempt, None where it has none.
    """

    log: str
    size: int
    lines: int
    pages: list[tuple[int, int]]
    error: int | None = None


class _Segment:
    """The bytes of one log: the part of an open file that is meant (of none, where nothing was written), and the error.

    `error_at` is where the error begins, None where there is none.
    """

    def __init__(self, descriptor: int | None, start: int, end: int, error: bytes = b"") -> None:
        self.descriptor = descriptor
        self.start = start
        self._written = 0 if descriptor is None else max(0, min(end, os.fstat(descriptor).st_size) - start)
        self.size = self._written
        self._error = error
        self.error_at: int | None = None
        if error:
            if self._written and self.read(self._written - 1, 1) != b"\n":
                self._error = b"\n" + error
            self.error_at = self._written + len(self._error) - len(error)
            self.size = self._written + len(self._error)

    @property
    def identity(self) -> tuple[int, ...]:
        """Two segments with the same one have the same bytes: of the same part of a file that was not written since."""
        error = hash(self._error)
        if self.descriptor is None:
            return (error, self.size)
        found = os.fstat(self.descriptor)
        return (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size, self.start, self._written, error)

    def read(self, offset: int, most: int) -> bytes:
        """Bytes from an offset within the log on."""
        found = b""
        if self.descriptor is not None and offset < self._written:
            found = os.pread(self.descriptor, max(0, min(most, self._written - offset)), self.start + offset)
            if len(found) < self._written - offset:
                return found
        begin = max(0, offset - self._written)
        return found + self._error[begin : begin + most - len(found)]

    def close(self) -> None:
        """Let go of the file."""
        if self.descriptor is not None:
            os.close(self.descriptor)


def listed(
    ledger: ledgers.Ledger,
    folder: Path,
    row: ledgers.RunRow,
    *,
    after: int = 0,
    limit: int = 100,
    steps: Sequence[str] | None = None,
    partition: str | None = None,
    item: str | None = None,
    attempt: int | None = None,
    failed: bool = False,
) -> tuple[list[LogView], int | None]:
    """The attempts of a run in the order in which they ended, and the position after which the next page begins.

    The log of a flow's own function comes first, where it wrote something.
    """
    found: list[LogView] = []
    if after == 0 and row.request.startswith("flow ") and steps is None:
        found += _of_flow(folder, row)
    while True:
        batch, upto = ledger.logged(after=after, limit=500, run=row.id, types=_ENDED)
        for event in batch:
            for each in _views(event):
                if (
                    (steps is None or each.step in steps)
                    and (partition is None or each.partition == partition)
                    and (item is None or each.item == item)
                    and (attempt is None or each.attempt == attempt)
                    and not (failed and each.outcome in ("succeeded", "parked", "skipped"))
                ):
                    found.append(each)
            if len(found) >= limit:
                return found, event.position
        after = upto
        if len(batch) < 500:
            return found, None


def _of_flow(folder: Path, row: ledgers.RunRow) -> list[LogView]:
    try:
        size = output.file_of(folder, row.id).stat().st_size
    except OSError:
        return []
    return [
        LogView(
            log=FLOW, size=size, run=row.id, step=row.pipeline or "", partition=row.partition, item="", attempt=1,
            outcome=row.outcome or row.phase, at=views.time_of_us(row.started or row.created),
            seconds=(row.finished - row.started) / 1e6 if row.finished and row.started else 0.0, error="", traceback="",
        )
    ]  # fmt: skip


def _views(logged: paging.LoggedEvent) -> Iterator[LogView]:
    event = codec.decode(logged.body, logged.position)
    segment: events.LogSegment | None = getattr(event, "log", None)
    error = _error_of(event, logged.at)
    for each in run_logs.attempts_of(event, logged.at):
        yield LogView(
            log=str(logged.position) if segment is not None or error else None,
            size=(max(0, segment.end - segment.start) if segment is not None else 0) + len(error),
            run=each.run, step=each.step, partition=each.partition, item=each.item, attempt=each.attempt,
            outcome=each.outcome, at=each.at, seconds=each.seconds, error=each.error, traceback=each.traceback,
        )  # fmt: skip


def lines(
    ledger: ledgers.Ledger,
    folder: Path,
    row: ledgers.RunRow,
    log: str,
    *,
    offset: int = 0,
    most: int = 64 << 10,
    search: str = "",
    level: log_lines.Level | None = None,
    fold: bool = False,
) -> LogText:
    """Lines of a log from a byte on; with `search` those that have that text in them, with `level` of that or above.

    What has which level is told in `log_lines`. A search reads some megabytes and then says where to go on.

    Raises:
        NotFoundError: there is no such log, or it is gone.
    """
    segment = _opened(ledger, folder, row, log)
    try:
        content = segment.read(offset, _MOST_SEARCHED if search or level else most)
        begin = max(0, offset - log_lines.CONTEXT) if level else offset
        before = segment.read(begin, offset - begin) if begin < offset else b""
        size = segment.size
    finally:
        segment.close()
    end = offset + len(content)
    if end < size and (cut := content.rfind(b"\n")) >= 0:  # only whole lines; the rest comes with the next page
        content = content[: cut + 1]
        end = offset + cut + 1
    found, reached, passed = log_lines.found(
        content, offset, most=most, search=search, level=level, fold=fold, before=before
    )
    return LogText(log=log, size=size, lines=found, next=reached if reached < size else None, passed=passed)


_indexes: collections.OrderedDict[tuple[int, ...], tuple[int, list[tuple[int, int]]]] = collections.OrderedDict()
"""What was found of logs by what tells that they are the same; the least recently asked for first."""
_MOST_INDEXES = 16
_indexing = threading.Lock()


def _indexed(segment: _Segment) -> tuple[int, list[tuple[int, int]]]:
    """The lines and pages of a log: of a long one a tenth of a second's work, done once."""
    with _indexing:
        found = _indexes.pop(segment.identity, None)
    if found is None:
        found = log_lines.pages(segment.read, segment.size, max(_PAGE, segment.size // _MOST_PAGES))
    with _indexing:
        _indexes[segment.identity] = found
        while len(_indexes) > _MOST_INDEXES:
            _indexes.popitem(last=False)
    return found


def index(ledger: ledgers.Ledger, folder: Path, row: ledgers.RunRow, log: str) -> LogIndex:
    """How many lines a log has, and where pages of them begin, so that a reader can go to any line at once.

    Raises:
        NotFoundError: there is no such log, or it is gone.
    """
    segment = _opened(ledger, folder, row, log)
    try:
        size = segment.size
        lines, places = _indexed(segment)
        error = None
        if segment.error_at is not None:
            # counted from the last page that begins before it, not from the beginning of the log
            line, offset = max((each for each in places if each[1] <= segment.error_at), default=(0, 0))
            error = line + segment.read(offset, segment.error_at - offset).count(b"\n")
    finally:
        segment.close()
    return LogIndex(log=log, size=size, lines=lines, pages=places, error=error)


def error_place(ledger: ledgers.Ledger, folder: Path, row: ledgers.RunRow, log: str) -> tuple[int, int] | None:
    """The line (from 1) and the byte at which the error in a log begins; None where it has none, or is gone."""
    try:
        segment = _opened(ledger, folder, row, log)
    except errors.NotFoundError:
        return None
    try:
        if segment.error_at is None:
            return None
        line, offset = 1, 0
        while offset < segment.error_at:
            piece = segment.read(offset, min(MOST_BYTES, segment.error_at - offset))
            if not piece:
                return None
            line += piece.count(b"\n")
            offset += len(piece)
        return line, segment.error_at
    finally:
        segment.close()


def _error_of(event: events.Event, at: int) -> bytes:
    """The error of an attempt as the last record of its log; nothing for one that has none."""
    if not isinstance(event, events.AttemptFailed) or event.error is None:
        return b""
    clock = time.strftime("%H:%M:%S", time.localtime(at / 1e6))
    told = event.error.told.replace("\n", "\n  ")
    head = f"{clock}.{at // 1000 % 1000:03d} ERROR weft: {told}\n"
    return (head + event.error.traceback.rstrip("\n") + "\n" if event.error.traceback else head).encode()


def content(ledger: ledgers.Ledger, folder: Path, row: ledgers.RunRow, log: str) -> Iterator[bytes]:
    """All bytes of a log, piece by piece.

    Raises:
        NotFoundError: there is no such log, or it is gone.
    """
    segment = _opened(ledger, folder, row, log)  # before the first piece, so that what is wrong is told at once

    def pieces() -> Iterator[bytes]:
        try:
            offset = 0
            while piece := segment.read(offset, MOST_BYTES):
                yield piece
                offset += len(piece)
        finally:
            segment.close()

    return pieces()


def _opened(ledger: ledgers.Ledger, folder: Path, row: ledgers.RunRow, log: str) -> _Segment:
    file, start, end, error = _place(ledger, row, log)
    descriptor = open_within(folder, file) if file else None
    if descriptor is None and not error:
        raise errors.NotFoundError(
            f"The log {log!r} of run {row.id} is gone.", remedy="Logs are removed by `weft gc`; its events are kept."
        )
    return _Segment(descriptor, start, end, error)


def _place(ledger: ledgers.Ledger, row: ledgers.RunRow, log: str) -> tuple[str, int, int, bytes]:
    """The file below the folder of logs ("" for none), the bytes of it that a log is, and the error at its end."""
    if log == FLOW and row.request.startswith("flow "):
        return str(output.file_of(Path(), row.id)), 0, 1 << 62, b""
    if log.isdecimal() and len(log) < 16 and int(log) > 0:
        found, _ = ledger.logged(after=int(log) - 1, limit=1, run=row.id)
        if found and found[0].position == int(log):
            event = codec.decode(found[0].body, found[0].position)
            segment, error = getattr(event, "log", None), _error_of(event, found[0].at)
            if isinstance(segment, events.LogSegment):
                return segment.file, segment.start, segment.end, error
            if error:
                return "", 0, 0, error
    raise errors.NotFoundError(
        f"Run {row.id} has no log {log[:40]!r}.", remedy=f"`GET /runs/{row.id}/logs` lists those that it has."
    )


def open_within(folder: Path, file: str) -> int | None:
    """Open a regular file below a folder for reading; None where it is not there, or not such a one.

    No part of the way may be a symbolic link or lead upwards.
    """
    parts = Path(file).parts
    if not parts or Path(file).is_absolute() or any(part in ("..", ".") for part in parts):
        return None
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        for part in parts[:-1]:
            below = os.open(part, flags | os.O_DIRECTORY, dir_fd=place)
            os.close(place)
            place = below
        descriptor = os.open(parts[-1], flags | os.O_NONBLOCK, dir_fd=place)
    except OSError:
        return None
    finally:
        os.close(place)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    return descriptor
