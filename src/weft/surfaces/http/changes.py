"""Streams of digests: one thread looks at what happened and puts it together, and every stream gets its share.

Theory of operation. As long as somebody listens, the thread wakes with the ledger's bell, waits a moment for more to
come, and makes one digest of all that was committed, with the assets below what happened. Some of the last digests are
kept; a stream knows only the position up to which it has told its client, and tells what lies between there and now as
one digest. So a slow client costs nothing and misses nothing. What is no event of the log is looked at too: what live
runs write, who waits for slots, which processes are there; and now and then what time alone has made stale or late.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec

from weft.model import errors
from weft.ports import clock as clocks
from weft.service.queue import workers_there
from weft.surfaces.http import digests

if TYPE_CHECKING:
    from weft.ports import ledger as ledgers

HEARTBEAT_SECONDS = 15.0
FIRST_SECONDS = 0.03
"""How long the first change waits for others that are committed with it."""
PACE_SECONDS = 0.25
"""The least time between two digests while changes go on."""
LOOK_SECONDS = 2.0
"""How often processes are counted: that one is gone rings no bell."""
TIME_SECONDS = 5.0
"""How often it is looked at what time alone has changed."""
MOST_GAP = 5_000
"""A client that missed more events than this is told that anything may be another."""
_PAGE = 500
_KEPT = 256
_LOG = logging.getLogger("weft.http")
_encode = msgspec.json.Encoder().encode

Below = Callable[[Iterable[str]], set[str] | None]
"""The assets below some, with these themselves; None for very many."""
Moved = Callable[[], Mapping[str, object] | None]
"""Where all assets stand now, by key, as values that are others once they stand otherwise."""


class Maker:
    """Makes the digests of one process."""

    def __init__(
        self, open_ledger: Callable[[], ledgers.Ledger], below: Below, standing: Moved, clock: clocks.Clock
    ) -> None:
        """Look at the ledger that `open_ledger` opens, as long as there are streams."""
        self._open = open_ledger
        self._clock = clock
        self._below = below
        self._standing = standing
        self._changed = threading.Condition()
        self._streams: dict[object, Callable[[], None]] = {}
        self._kept: collections.deque[tuple[int, digests.Digest]] = collections.deque()
        self._number = 0
        self._floor = 0
        """The number of the last digest that is not kept any more."""
        self._position: int | None = None
        self._news: ledgers.News | None = None
        self._thread: threading.Thread | None = None
        self._stopping = False

    @property
    def stopping(self) -> bool:
        """Whether it has been asked to end."""
        return self._stopping

    def _wait_for_streams(self) -> bool:
        """Wait until somebody listens; False where it is to end."""
        with self._changed:
            while not self._streams and not self._stopping:
                self._position = None
                self._changed.wait()
            return not self._stopping

    def stop(self) -> None:
        """End the thread, and every stream with it."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
            waking = list(self._streams.values())
        if self._news is not None:
            self._news.wake()
        if self._thread is not None:
            self._thread.join(5.0)
        for wake in waking:
            wake()

    def join(self, key: object, wake: Callable[[], None]) -> tuple[int, int]:
        """Begin to tell a stream; returns the number of the last digest, and the position that this one ends at."""
        with self._changed:
            self._streams[key] = wake
            if self._thread is None:
                self._thread = threading.Thread(target=self._make_for_ever, name="weft-changes", daemon=True)
                self._thread.start()
            self._changed.notify_all()
            while self._position is None and not self._stopping:
                if not self._changed.wait(5.0):
                    raise errors.LedgerError("The ledger cannot be read.", remedy="`weft doctor` says why.")
            return self._number, self._position or 0

    def leave(self, key: object) -> None:
        """Tell a stream nothing more."""
        with self._changed:
            self._streams.pop(key, None)
            self._changed.notify_all()
        if self._news is not None:
            self._news.wake()

    def since(self, number: int) -> tuple[digests.Digest | None, int]:
        """What changed since a digest, as one, and the number of the last."""
        with self._changed:
            if number >= self._number:
                return None, self._number
            if number < self._floor:
                return digests.everything(self._kept[-1][1].position), self._number
            found = digests.Digest(position=0)
            for each, digest in self._kept:
                if each > number:
                    found.add(digest)
            return found, self._number

    def _make_for_ever(self) -> None:
        while self._wait_for_streams():
            try:
                with contextlib.closing(self._open()) as ledger, contextlib.closing(ledger.listen()) as news:
                    self._news = news
                    self._make(ledger, news)
            except errors.WeftError as error:
                _LOG.warning("changes cannot be read: %s", error)
                time.sleep(0 if self._stopping else 1.0)
            finally:
                self._news = None

    def _make(self, ledger: ledgers.Ledger, news: ledgers.News) -> None:
        """Make digests until nobody listens any more."""
        position = ledger.position()
        marks = _Marks(ledger, self._clock)
        with self._changed:
            # what was committed while nobody listened is not in what is kept
            self._kept.clear()
            self._floor, self._position = self._number, position
            self._changed.notify_all()
        standing: Mapping[str, object] | None = None
        looked_at_time = time.monotonic()
        while self._streams and not self._stopping:
            if news.wait(LOOK_SECONDS):
                time.sleep(FIRST_SECONDS)
                news.clear()
            found = digests.Digest(position=position)
            _read(ledger, found)
            if found.position < position or (not found and ledger.position() < position):
                found = digests.everything(ledger.position())  # another ledger lies in the place of the one before
            marks.look(ledger, found)
            if time.monotonic() - looked_at_time >= TIME_SECONDS:
                before, standing, looked_at_time = standing, self._standing(), time.monotonic()
                _moved(before, standing, found)
            if not found:
                continue
            self._complete(ledger, found)
            position = found.position
            with self._changed:
                self._number += 1
                self._position = position
                self._kept.append((self._number, found))
                if len(self._kept) > _KEPT:
                    self._floor = self._kept.popleft()[0]
                waking = list(self._streams.values())
            for wake in waking:
                wake()
            time.sleep(PACE_SECONDS)

    def _complete(self, ledger: ledgers.Ledger, found: digests.Digest) -> None:
        """Name the pipelines of runs, and what lies below the assets."""
        runs = sorted(found.runs)[: digests.MOST_NAMED]
        found.pipelines.update(row.pipeline for row in ledger.runs_of(runs).values() if row.pipeline)
        if found.assets:
            below = self._below(found.assets)
            found.is_many = found.is_many or below is None
            found.assets |= below or set()
        found.bound()

    def gap(self, after: int) -> digests.Digest:
        """What happened after a position, as one digest; read from the ledger."""
        with contextlib.closing(self._open()) as ledger:
            position = ledger.position()
            if after > position or position - after > MOST_GAP:
                return digests.everything(position)
            found = digests.Digest(position=after)
            _read(ledger, found)
            self._complete(ledger, found)
            found.position = max(found.position, position)
            return found


def _read(ledger: ledgers.Ledger, found: digests.Digest) -> None:
    """Take in all that was committed after the digest's position."""
    while True:
        events, _ = ledger.logged(after=found.position, limit=_PAGE)
        for each in events:
            found.note(each)
        if len(events) < _PAGE:
            return


def _moved(before: Mapping[str, object] | None, now: Mapping[str, object] | None, found: digests.Digest) -> None:
    if before is None or now is None or before is now:
        return
    moved = {key for key, each in now.items() if before.get(key) is not each}
    if moved:
        found.assets |= moved
        found.areas.add("asset")


class _Marks:
    """What is no event: what live runs write, who holds and waits for slots, which processes are there."""

    def __init__(self, ledger: ledgers.Ledger, clock: clocks.Clock) -> None:
        self._clock = clock
        self._reserved = _reserved(ledger)
        self._reserved_mark = ledger.reserved_mark()
        self._slots = self._slots_of(ledger)
        self._processes = self._processes_of(ledger)

    def look(self, ledger: ledgers.Ledger, found: digests.Digest) -> None:
        """Note what is another than the last time."""
        mark = ledger.reserved_mark()
        if mark != self._reserved_mark:
            reserved = _reserved(ledger)
            found.assets.update(asset for _, asset in reserved ^ self._reserved)
            found.areas.add("asset")
            self._reserved, self._reserved_mark = reserved, mark
        slots = self._slots_of(ledger)
        if slots != self._slots:
            found.areas |= {"pool", "queue"}
            self._slots = slots
        processes = self._processes_of(ledger)
        if processes != self._processes:
            found.areas.add("worker")
            self._processes = processes

    @staticmethod
    def _slots_of(ledger: ledgers.Ledger) -> object:
        return ledger.pool_grants(), ledger.pool_waits(), dict(ledger.pool_slots()), ledger.work_pools()

    def _processes_of(self, ledger: ledgers.Ledger) -> object:
        return workers_there.alive(ledger, clocks.microseconds(self._clock.now()))


def _reserved(ledger: ledgers.Ledger) -> set[tuple[str, str]]:
    return {(run, asset) for run, asset, _, _ in ledger.all_reservations()}


async def streamed(maker: Maker, after: int | None, *, heartbeat: float = HEARTBEAT_SECONDS) -> AsyncIterator[bytes]:
    """The chunks of one stream, until its client goes away or the server stops.

    Args:
        maker: what makes the digests.
        after: the position that the client has seen, None for one that has just asked for everything.
        heartbeat: seconds of silence after which a comment is sent.
    """
    loop = asyncio.get_running_loop()
    news = asyncio.Event()
    key = object()

    def wake() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended, and the stream with it
            loop.call_soon_threadsafe(news.set)

    try:
        number, position = await loop.run_in_executor(None, maker.join, key, wake)
        yield b"retry: 1000\n\n" + _event("hello", None if after is not None else position, {"position": position})
        if after is not None and after != position:
            missed = await loop.run_in_executor(None, maker.gap, after)
            yield _change(missed)
        while not maker.stopping:
            try:
                await asyncio.wait_for(news.wait(), heartbeat)
            except TimeoutError:
                yield b": nothing new\n\n"
                continue
            news.clear()
            found, number = maker.since(number)
            if found is not None:
                yield _change(found)
    finally:
        maker.leave(key)


def _change(found: digests.Digest) -> bytes:
    return _event("change", found.position, digests.view(found))


def _event(name: str, position: int | None, data: object) -> bytes:
    identity = b"id: %d\n" % position if position is not None else b""
    return b"%sevent: %s\ndata: %s\n\n" % (identity, name.encode(), _encode(data))
