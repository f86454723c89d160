"""The scheduler: decides what is due, turn by turn, and sleeps until the next thing is or the ledger has news."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from weft.model import errors
from weft.planner import catching_up
from weft.ports import clock as clocks
from weft.ports import ledger as ledgers
from weft.ports import locations as seen
from weft.runtime import owners
from weft.service import world as worlds
from weft.service.scheduling import by_assets, deciding, entries
from weft.service.scheduling import roll as rolls

GRACE = timedelta(minutes=1)
"""How late a tick may be decided and still not be one that was missed."""
MOST_IDLE = 2.0
"""Seconds after which a scheduler looks in any case: news are only hints."""
DEBOUNCE = 0.1
"""Seconds between two looks that only news are the reason of."""
SEEN_SECONDS = 5.0

Plugin = Callable[[worlds.World, datetime], "datetime | bool | None"]
"""Other work of each turn. Answers when it wants the next one: a time, True for at once, else None."""


class Serving(Protocol):
    """What gives the scheduler its worlds: `service.server.serving.Serving`."""

    settings: Mapping[str, object]

    def world(self, user: str | None = None) -> AbstractContextManager[worlds.World]:
        """A world for this thread, on the definitions of this moment."""

    def open_ledger(self) -> ledgers.Ledger:
        """A ledger of one's own."""


@dataclass(slots=True)
class _Trouble:
    """What went wrong with a plug-in or schedule the last time, told once."""

    text: str
    until: datetime


class Scheduler:
    """Decides schedules, and has the plug-ins do their part; used by one thread."""

    def __init__(
        self,
        serving: Serving,
        *,
        clock: clocks.Clock | None = None,
        plugins: Mapping[str, Plugin] | None = None,
        grace: timedelta = GRACE,
        note: Callable[[str], None] = lambda text: None,
    ) -> None:
        """Schedule what the worlds of `serving` define; `note` is told what goes wrong, once."""
        self._serving = serving
        self._clock = clock or clocks.SystemClock()
        self._plugins = dict(plugins or {})
        self._grace = grace
        self._note = note
        self._roll = rolls.Roll(self._tell)
        self._position = -1
        self._troubles: dict[str, _Trouble] = {}
        self._waker: Callable[[], None] | None = None
        self.turns = 0
        self.decided = 0
        """How many ticks this scheduler decided."""

    # --- one turn ---

    def turn(self, now: datetime | None = None) -> datetime | None:
        """Decide all that is due, and let the plug-ins do their part; returns when the next turn is wanted.

        None: only when there is news.

        Raises:
            LedgerError: the store fails; what was not committed is decided by a later turn.
        """
        with self._serving.world() as world:
            now = now or self._clock.now()
            self.turns += 1
            try:
                if self._roll.refresh(world, now):
                    self._position = -1
                wanted = [self._time(world, now), self._news(world, now)]
            except errors.LedgerError:
                self._roll.forget()  # what was taken off it has not been decided
                raise
            for name, plugin in self._plugins.items():
                wanted.append(self._plugged(world, name, plugin, now))
        return min((each for each in wanted if each is not None), default=None)

    def run(self, stop: threading.Event) -> None:
        """Take turns until `stop` is set; `wake` ends a sleep."""
        with contextlib.closing(self._serving.open_ledger()) as ledger, contextlib.closing(ledger.listen()) as news:
            started = clocks.microseconds(self._clock.now())
            name = f"scheduler-{owners.myself().pid}-{threading.get_ident():x}"
            seen_at = -SEEN_SECONDS
            self._waker = news.wake
            if stop.is_set():
                return
            try:
                while not stop.is_set():
                    begun = self._clock.monotonic()
                    news.clear()
                    wanted = self._safe_turn()
                    if begun - seen_at >= SEEN_SECONDS:
                        seen_at = begun
                        with contextlib.suppress(errors.LedgerError):  # told by the turn, if it lasts
                            ledger.put_worker_seen(self._row(name, started))
                    self._sleep(news, stop, begun, wanted)
            finally:
                with contextlib.suppress(errors.LedgerError):
                    ledger.remove_worker_seen(name)

    def wake(self) -> None:
        """End the sleep of `run`, by any thread."""
        if self._waker is not None:
            self._waker()

    def _safe_turn(self) -> datetime | None:
        try:
            return self.turn()
        except Exception as error:
            self._tell("turn", error, self._clock.now())
            return self._clock.now() + timedelta(seconds=MOST_IDLE)

    def _sleep(self, news: ledgers.News, stop: threading.Event, begun: float, wanted: datetime | None) -> None:
        """Wait for the time that is wanted or for news, but after news a moment, so that a busy run is one look."""
        until = begun + MOST_IDLE
        if wanted is not None:
            until = min(until, self._clock.monotonic() + (wanted - self._clock.now()).total_seconds())
        while not stop.is_set():
            left = until - self._clock.monotonic()
            if left <= 0:
                return
            if news.wait(left):
                until = min(until, max(begun + DEBOUNCE, self._clock.monotonic()))

    def _row(self, name: str, started: int) -> seen.WorkerRow:
        body = {"turns": self.turns, "decided": self.decided, "schedules": len(self._roll.entries)}
        return seen.WorkerRow(
            id=name,
            kind="scheduler",
            owner=owners.myself().encode(),
            started=started,
            seen=clocks.microseconds(self._clock.now()),
            body=msgspec.json.encode(body),
        )

    # --- what is due by time ---

    def _time(self, world: worlds.World, now: datetime) -> datetime | None:
        due: list[deciding.Due] = []
        for entry in self._roll.pop(now):
            found = self._decided(world, entry, now)
            if found is not None:
                due.append(found)
        if len(due) > deciding.BATCH:  # two schedulers that begin at different places don't get in each other's way
            start = secrets.randbelow(len(due))
            due = due[start:] + due[:start]
        of_jobs = [each for each in due if each.entry.declared.kind == "job"]
        written, late = deciding.record(world, [each for each in due if each.entry.declared.kind != "job"])
        for each in of_jobs:
            (written if deciding.record_job(world, each) else late).append(each)
        for each in written:
            self._went_on(each, now)
        if late:
            self._roll.place_again(world, [each.entry for each in late], now)
        return self._roll.next_at

    def _decided(self, world: worlds.World, entry: entries.Entry, now: datetime) -> deciding.Due | None:
        """What is decided of an entry now; None where it is nothing."""
        name = entry.declared.name
        try:
            if entry.declared.kind == "pipeline":  # with the keys of dynamic partitions of this moment
                declared = entries.of_pipeline(world.graph.pipelines[name])
                entry.declared = declared or entry.declared
            timed = entry.declared.timed
            if timed is None:
                return None
            entry.resting = None
            decided = catching_up.decide(timed, entry.since, now, grace=self._grace, activated=entry.activated)
        except Exception as error:
            self._tell(entry.declared.id, error, now)
            entry.next_at = entry.resting = now + rolls.REST
            self._roll.push(entry)
            return None
        self._troubles.pop(entry.declared.id, None)
        if not decided.decisions:
            entry.next_at = decided.next_at
            self._roll.push(entry)
            return None
        return deciding.Due(entry=entry, decided=decided)

    def _went_on(self, due: deciding.Due, now: datetime) -> None:
        """Move an entry to behind what was decided of it."""
        entry, last = due.entry, due.decided.decisions[-1].tick
        self.decided += sum(each.count for each in due.decided.decisions)
        entry.since = max(entry.since, last.due)
        entry.expected = (last.id, clocks.microseconds(last.due))
        entry.next_at = now if due.decided.more else due.decided.next_at
        self._roll.push(entry)

    # --- what is due by assets, and continuously ---

    def _news(self, world: worlds.World, now: datetime) -> datetime | None:
        """Look at what assets make due, where there is news of them; returns when a rest ends."""
        if not self._roll.watched and not self._roll.continuous:
            return None
        position = world.ledger.position()
        resting = [
            each
            for each in (*self._roll.by_assets, *self._roll.continuous)
            if each.resting is not None and not each.paused
        ]
        awake = [each for each in resting if each.resting is not None and each.resting <= now]
        if position == self._position and not awake:
            return min((each.resting for each in resting if each.resting is not None), default=None)
        looked: dict[str, entries.Entry] = {each.declared.id: each for each in awake if each.declared.assets}
        if position != self._position:
            for asset in world.ledger.moved_assets(self._roll.watched, self._position):
                looked.update((each.declared.id, each) for each in self._roll.watched[asset])
        for entry in looked.values():
            if not entry.paused:
                entry.resting = None
                self._looked(entry, now, lambda each: by_assets.look(world, each, position, now))
        for entry in self._roll.continuous:
            if not entry.paused and (entry.resting is None or entry.resting <= now):
                entry.resting = None
                self._looked(entry, now, lambda each: by_assets.go_on(world, each, now))
        self._position = position
        wanted = [each.resting for each in (*self._roll.by_assets, *self._roll.continuous) if each.resting is not None]
        return min(wanted, default=None)

    def _looked(self, entry: entries.Entry, now: datetime, look: Callable[[entries.Entry], None]) -> None:
        try:
            look(entry)
            self._troubles.pop(entry.declared.id, None)
        except errors.LedgerError:
            raise
        except Exception as error:
            self._tell(entry.declared.id, error, now)
            entry.resting = now + rolls.REST

    # --- the other work of a turn ---

    def _plugged(self, world: worlds.World, name: str, plugin: Plugin, now: datetime) -> datetime | None:
        trouble = self._troubles.get(name)
        if trouble is not None and trouble.until > now:
            return trouble.until
        try:
            wanted = plugin(world, now)
        except Exception as error:
            return self._tell(name, error, now).until
        self._troubles.pop(name, None)
        if isinstance(wanted, bool):
            return now if wanted else None
        return wanted

    def _tell(self, name: str, error: Exception, now: datetime) -> _Trouble:
        """Tell what went wrong, once; the part rests a while."""
        text = f"{name}: {deciding.words_of(error)}"
        known = self._troubles.get(name)
        if known is None or known.text != text:
            self._note(text)
            known = self._troubles[name] = _Trouble(text, now)
        known.until = now + timedelta(seconds=5)
        return known

    @property
    def troubles(self) -> list[str]:
        """What goes wrong at this moment."""
        return [each.text for each in self._troubles.values()]
