"""The roll of schedules: all that are defined, where each stands, and which acts next."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from weft.model import control_events
from weft.model import graph as graphs
from weft.ports import automating as ports
from weft.ports import clock as clocks
from weft.service import world as worlds
from weft.service.scheduling import entries

REST = timedelta(seconds=60)
"""How long a schedule is left alone whose ticks can't be told."""
_BATCH = 500
_BACK = timedelta(minutes=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Roll:
    """Entries by id, and a heap of when they act; brought up to date at each turn of one scheduler."""

    def __init__(self, tell: Callable[[str, Exception, datetime], object]) -> None:
        """Begin with none; `tell` is given what stands in the way of a schedule."""
        self._tell = tell
        self._graph: graphs.Graph | None = None
        self.entries: dict[str, entries.Entry] = {}
        self.watched: dict[str, list[entries.Entry]] = {}
        """The entries that each asset makes due."""
        self.continuous: list[entries.Entry] = []
        self._heap: list[tuple[datetime, int, str]] = []
        self._numbers = itertools.count()
        self._moved_after = 0
        self._moved: dict[str, tuple[bool, int | None]] = {}
        """Those that were paused or resumed, as they were taken note of."""
        self._last_now: datetime | None = None
        self._is_forgotten = False

    def forget(self) -> None:
        """Have the next turn read from the ledger where each stands, since a turn ended halfway."""
        self._is_forgotten = True

    @property
    def by_assets(self) -> list[entries.Entry]:
        """The entries that assets make due."""
        return list({each.declared.id: each for several in self.watched.values() for each in several}.values())

    @property
    def next_at(self) -> datetime | None:
        """When the first of all acts by time."""
        return self._heap[0][0] if self._heap else None

    def refresh(self, world: worlds.World, now: datetime) -> bool:
        """Take note of new definitions, of what was paused or resumed, and of a clock that was set back.

        Returns whether the entries are others than before.
        """
        definitions = world.definitions.graph
        back = self._last_now is not None and now < self._last_now - _BACK
        self._last_now = now
        if definitions is not self._graph or back or self._is_forgotten:
            self._rebuild(world, now, anew=back or self._is_forgotten)
            self._graph, self._is_forgotten = definitions, False
            return True
        # from a little before the last one: a clock may be set back by less than makes all be read anew
        after = self._moved_after - clocks.microseconds(_EPOCH + 2 * _BACK)
        for row in world.ledger.automations(entries.PREFIX, moved_after=after).values():
            self._moved_after = max(self._moved_after, row.paused_at or 0)
            entry = self.entries.get(row.id)
            if entry is not None and self._moved.get(row.id) != (row.paused, row.paused_at):
                self._moved[row.id] = row.paused, row.paused_at
                self._place(world, entry, row, now)
                if entry.declared.assets and not row.paused:
                    entry.resting = now  # there may be news from before
        return False

    def _rebuild(self, world: worlds.World, now: datetime, *, anew: bool) -> None:
        rows, looks = world.ledger.automations(entries.PREFIX), world.ledger.looks(entries.PREFIX)
        before, self.entries, self._heap = self.entries, {}, []
        fresh: list[entries.Entry] = []
        stale: list[entries.Entry] = []
        for declared in entries.declared_by(world.graph):
            known, note = before.get(declared.id), entries.note_of(looks.get(declared.id))
            same = known is not None and known.declared.fingerprint == declared.fingerprint
            entry = known if known is not None and same else entries.Entry(declared=declared)
            entry.declared = declared
            self.entries[declared.id] = entry
            row = rows.get(declared.id)
            if row is None or row.activated is None or note is None or note.schedule != declared.fingerprint:
                fresh.append(entry)
            if not same or anew or row is None or (row.last_tick, row.last_due) != entry.expected:
                stale.append(entry)
            else:
                self.push(entry)
        if fresh:
            self._activate(world, fresh, rows, now)
            rows, looks = world.ledger.automations(entries.PREFIX), world.ledger.looks(entries.PREFIX)
        for entry in stale:
            row = rows[entry.declared.id]
            self._place(world, entry, row, now, entries.note_of(looks.get(row.id)))
        self._moved_after = max((row.paused_at or 0 for row in rows.values()), default=0)
        self._moved = {row.id: (row.paused, row.paused_at) for row in rows.values() if row.paused_at is not None}
        self.watched, self.continuous = {}, []
        for entry in self.entries.values():
            for asset in entry.declared.assets:
                self.watched.setdefault(asset, []).append(entry)
            if entry.declared.continuous:
                self.continuous.append(entry)

    def _activate(
        self,
        world: worlds.World,
        fresh: Sequence[entries.Entry],
        rows: Mapping[str, ports.AutomationRow],
        now: datetime,
    ) -> None:
        """Note schedules that are new or say something else now: from here on their ticks count."""
        at = clocks.microseconds(now)
        for start in range(0, len(fresh), _BATCH):
            batch = fresh[start : start + _BATCH]
            with world.ledger.transaction() as transaction:
                known = transaction.automation_rows([each.declared.id for each in batch])
                made: list[control_events.AutomationActivated] = []
                for each in batch:
                    name = each.declared.id
                    if name not in known or known[name].activated is None:
                        place = world.locations.get(f"{each.declared.kind}:{each.declared.name}", "")
                        made.append(control_events.AutomationActivated(automation=name, at=at, location=place))
                transaction.append(made)
                transaction.put_looks(
                    [_noted(each, at if each.declared.id in rows else 0, _once(world, each, at)) for each in batch]
                )

    def _place(
        self,
        world: worlds.World,
        entry: entries.Entry,
        row: ports.AutomationRow,
        now: datetime,
        note: entries.Note | None = None,
    ) -> None:
        """Bring an entry to what the ledger says, and put it where it belongs in the order of what is next."""
        note = note or entries.note_of(world.ledger.looks(row.id).get(row.id))
        entries.place(entry, row, note, world.ledger, now)
        self._aim(entry, now)

    def _aim(self, entry: entries.Entry, now: datetime) -> None:
        try:
            entries.aim(entry)
        except Exception as error:  # a calendar that is not installed here, say: the others go on
            self._tell(entry.declared.id, error, now)
            entry.next_at = entry.resting = now + REST
        self.push(entry)

    def push(self, entry: entries.Entry) -> None:
        """Have an entry act when it says."""
        if entry.next_at is not None:
            heapq.heappush(self._heap, (entry.next_at, next(self._numbers), entry.declared.id))

    def place_again(self, world: worlds.World, moved: Sequence[entries.Entry], now: datetime) -> None:
        """Bring entries to what the ledger says, after another process had its hands on them."""
        rows, looks = world.ledger.automations(entries.PREFIX), world.ledger.looks(entries.PREFIX)
        for each in moved:
            row = rows.get(each.declared.id)
            if row is not None:
                self._place(world, each, row, now, entries.note_of(looks.get(row.id)))

    def pop(self, now: datetime) -> Collection[entries.Entry]:
        """The entries whose time has come, each once; what is in the heap of old is passed over."""
        found: dict[str, entries.Entry] = {}
        while self._heap and self._heap[0][0] <= now:
            at, _, name = heapq.heappop(self._heap)
            entry = self.entries.get(name)
            if entry is not None and entry.next_at == at and not entry.paused:
                found[name] = entry
        return found.values()


def _once(world: worlds.World, entry: entries.Entry, at: int) -> int:
    """When a schedule that is due once is due; what another scheduler has noted of it stays."""
    name = entry.declared.id
    if entry.declared.schedule.kind != "once":
        return 0
    before = entries.note_of(world.ledger.looks(name).get(name))
    return before.once if before is not None and before.once else at


def _noted(entry: entries.Entry, since: int, once: int) -> ports.LookRow:
    body = msgspec.json.encode(entries.Note(schedule=entry.declared.fingerprint, since=since, once=once))
    return ports.LookRow(automation=entry.declared.id, looked_at=None, same=0, decision="", reason="", body=body)
