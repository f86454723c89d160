"""Server-sent events from the ledger's log: one thread reads what is new, and every stream gets its share of it.

A stream begins where its client left off. What is not among the newest events, which are kept in memory, it reads from
the ledger itself, page by page, as fast as its client takes them; once it has caught up, the thread hands it all that
comes. A client that falls behind by more than a bounded number of bytes is told so with the event `gap`, and its stream
ends: it comes back with the id of what it saw last, and goes on from there. So no client costs more memory than that,
and none ever misses an event unknowingly.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from weft.model import errors
from weft.surfaces.http import wire

if TYPE_CHECKING:
    from weft.ports import ledger as ledgers

HEARTBEAT_SECONDS = 15.0
_PAGE = 500
_KEPT = 4096
_MOST_KEPT_BYTES = 4 << 20
_MOST_WAITING_BYTES = 1 << 20
_PACE_SECONDS = 0.004
"""The least time between two looks: a busy run commits hundreds of times a second."""
_LAZY_SECONDS = 0.25
"""The same while nobody listens."""
_LOOK_SECONDS = 2.0
"""A look without news: the bell is a hint only."""
_LOG = logging.getLogger("weft.http")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which events a stream is for: of these types (none: of all), of one run or of all."""

    types: frozenset[str] = frozenset()
    run: str | None = None

    def takes(self, event: wire.Line) -> bool:
        """Whether it is for this event."""
        return (not self.types or event.type in self.types) and (self.run is None or event.run == self.run)


@dataclass(eq=False, slots=True, kw_only=True)
class Waiting:
    """What waits for the client of one stream; filled by the tail's thread, emptied on the event loop."""

    wanted: Wanted
    loop: asyncio.AbstractEventLoop
    position: int
    news: asyncio.Event = field(default_factory=asyncio.Event)
    lines: list[bytes] = field(default_factory=list)
    size: int = 0
    is_cut: bool = False

    def offer(self, batch: Sequence[wire.Line], position: int) -> None:
        """Add what it is for; called under the tail's lock."""
        if self.is_cut:
            return
        before = len(self.lines)
        for each in batch:
            if each.position > self.position and self.wanted.takes(each):
                self.lines.append(each.content)
                self.size += len(each.content)
        self.position = position
        if self.size > _MOST_WAITING_BYTES:
            self.is_cut = True
            self.lines.clear()
        if self.is_cut or len(self.lines) > before:
            self.wake()

    def wake(self) -> None:
        """Let its stream look, from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop has ended, and the stream with it
            self.loop.call_soon_threadsafe(self.news.set)


class Tail:
    """Follows the log of one ledger for all streams of a process."""

    def __init__(self, open_ledger: Callable[[], ledgers.Ledger]) -> None:
        """Follow the ledger that `open_ledger` opens, from now on, once started."""
        self._open = open_ledger
        self._lock = threading.Lock()
        self._streams: set[Waiting] = set()
        self._kept: collections.deque[wire.Line] = collections.deque()
        self._kept_bytes = 0
        self._floor = 0
        self.position = 0
        self.listeners: list[Callable[[Sequence[wire.Line]], None]] = []
        """Told of everything new, on the tail's thread."""
        self._news: ledgers.News | None = None
        self._stopping = False
        self._hurry = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="weft-tail", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread, and every stream with it."""
        self._stopping = True
        if self._news is not None:
            self._news.wake()
        self._hurry.set()
        if self._thread.is_alive():
            self._thread.join(5.0)
        with self._lock:
            for each in self._streams:
                each.wake()

    @property
    def stopping(self) -> bool:
        """Whether it has been asked to end."""
        return self._stopping

    @property
    def streams(self) -> int:
        """How many streams are open that have caught up."""
        return len(self._streams)

    def join(self, waiting: Waiting, lines: list[bytes]) -> bool:
        """Hand a stream all that comes after its position; what is kept of that is put into `lines`.

        False where the position is too old: then it reads from the ledger first.
        """
        if not self._ready.wait(5.0):
            return False
        with self._lock:
            if waiting.position < self._floor:
                return False
            lines += [
                each.content for each in self._kept if each.position > waiting.position and waiting.wanted.takes(each)
            ]
            waiting.position = max(self.position, waiting.position)
            self._streams.add(waiting)
        self._hurry.set()  # it may have been lazy
        return True

    def leave(self, waiting: Waiting) -> None:
        """Hand a stream nothing more."""
        with self._lock:
            self._streams.discard(waiting)

    def taken(self, waiting: Waiting) -> tuple[bytes, int, bool]:
        """What waits for a stream, the position up to which it is complete, and whether the stream was cut."""
        with self._lock:
            waiting.news.clear()
            content = b"".join(waiting.lines)
            waiting.lines.clear()
            waiting.size = 0
            return content, waiting.position, waiting.is_cut

    def _follow(self) -> None:
        while not self._stopping:
            try:
                with contextlib.closing(self._open()) as ledger, contextlib.closing(ledger.listen()) as news:
                    if not self._ready.is_set():
                        self.position = self._floor = ledger.position()
                    self._news = news
                    self._ready.set()
                    self._look_for_ever(ledger, news)
            except errors.LedgerError as error:
                _LOG.warning("events cannot be read: %s", error)
                if not self._stopping:
                    self._hurry.wait(1.0)
            finally:
                self._news = None

    def _look_for_ever(self, ledger: ledgers.Ledger, news: ledgers.News) -> None:
        while not self._stopping:
            found, position = ledger.logged(after=self.position, limit=_PAGE)
            if found:
                self._publish([wire.line(each) for each in found])
            elif position < self.position:
                # another ledger lies in the place of the one before
                with self._lock:
                    self.position = self._floor = position
                    self._kept.clear()
            if len(found) < _PAGE:
                if found or not self._streams:
                    self._hurry.clear()
                    self._hurry.wait(_PACE_SECONDS if self._streams else _LAZY_SECONDS)
                news.wait(_LOOK_SECONDS)

    def _publish(self, batch: list[wire.Line]) -> None:
        position = batch[-1].position
        with self._lock:
            self.position = position
            self._kept += batch
            self._kept_bytes += sum(len(each.content) for each in batch)
            while len(self._kept) > _KEPT or self._kept_bytes > _MOST_KEPT_BYTES:
                gone = self._kept.popleft()
                self._kept_bytes -= len(gone.content)
                self._floor = gone.position
            for each in self._streams:
                each.offer(batch, position)
        for listener in self.listeners:
            listener(batch)


Reader = Callable[[int], tuple[list[wire.Line], int]]
"""Reads a page of the log after a position: what a stream is for, and how far it looked."""


async def streamed(
    tail: Tail, wanted: Wanted, after: int, read: Reader, *, heartbeat: float = HEARTBEAT_SECONDS
) -> AsyncIterator[bytes]:
    """The chunks of one stream, from the events after a position on, until its client goes away or the server stops.

    Args:
        tail: what hands it new events.
        wanted: which events it is for.
        after: the position that its client has seen.
        read: reads older events from the ledger; called on a thread.
        heartbeat: seconds of silence after which a comment is sent, with the id up to which there was nothing.
    """
    loop = asyncio.get_running_loop()
    waiting = Waiting(wanted=wanted, loop=loop, position=after)
    yield b"retry: 1000\n\n"
    try:
        while True:
            kept: list[bytes] = []
            if await loop.run_in_executor(None, tail.join, waiting, kept):
                break
            lines, waiting.position = await loop.run_in_executor(None, read, waiting.position)
            if lines:
                yield b"".join(each.content for each in lines)
            if tail.stopping:
                return
        if kept:
            yield b"".join(kept)
        while not tail.stopping:
            try:
                await asyncio.wait_for(waiting.news.wait(), heartbeat)
            except TimeoutError:
                yield wire.heartbeat(waiting.position)
                continue
            content, _, is_cut = tail.taken(waiting)
            if content:
                yield content
            if is_cut:
                yield wire.gap("slow", "The client fell behind; connect again with the id of the last event.")
                return
    finally:
        tail.leave(waiting)
