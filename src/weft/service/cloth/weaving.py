"""The cloth as it is asked for: which time, which threads, and each of them as runs of columns."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from weft.model import errors, keys, partition_set, partitions, plan
from weft.planner import troubles
from weft.service import views
from weft.service import world as worlds
from weft.service.asset import asset_views, observing
from weft.service.cloth import grid as grids
from weft.service.cloth import order, threads
from weft.service.now import asked, memory
from weft.service.plan import planning
from weft.service.server import standings

PartitionSet = partition_set.PartitionSet
EMPTY = PartitionSet.empty()

MOST_COLUMNS = 1000
MOST_ROWS = 5000
NATURAL = 60
_MOST_VERSIONS = 500
_MOST_RUNS = 3000
_MOST_GRIDS = 4
_WIDEST, _BEFORE_TEAR = 3, 5
_NOT_FEW = 0.2
_FEWEST = 20
"""Columns that are shown although nothing is older."""
_WRONG: tuple[plan.Status, ...] = ("failed", "blocked", "stale", "overdue")
_GRAINS = ((7200, "hour"), (2 * 86400, "day"), (10 * 86400, "week"), (45 * 86400, "month"), (200 * 86400, "quarter"))
_DAY = 86400


class RowView(views.View, frozen=True, kw_only=True):
    """One thread. `cells` are `[first column, last column, state, count]`, in order and without overlap.

    Where the windows of its partitions are longer than a column it has `stitches` besides, one for each:
    `[begin, end, state, count]` in milliseconds since the epoch. `trouble` is the last column in which something is
    wrong, None where nothing is. `grain` is the length of a partition in words, "" for what has none of time.
    """

    key: str
    kind: str
    """asset, external, outlet, or pipeline."""
    group: str
    system: str | None
    grain: str
    status: str
    owners: list[str]
    cells: list[tuple[int, int, str, int]]
    stitches: list[tuple[int, int, str, int]]
    trouble: int | None


class ClothView(views.View, frozen=True, kw_only=True):
    """Some threads over `columns` equal pieces of the time from `since` to before `until`.

    `oldest` and `newest` bound what was ever made or tried of all threads; `rows` counts these, and `next` is the
    cursor of those that follow.
    """

    since: str
    until: str
    columns: int
    column_seconds: float
    grain: str
    oldest: str | None
    newest: str | None
    rows: int
    items: list[RowView]
    next: str | None


@dataclass(slots=True, kw_only=True)
class Loom:
    """What the threads are made from, at one moment."""

    world: worlds.World
    known: standings.Standings
    statuses: Mapping[keys.AssetKey, plan.AssetStatus]
    rejected: Mapping[keys.AssetKey, PartitionSet]
    late: Mapping[keys.AssetKey, PartitionSet]
    hit: Mapping[keys.StepKey, PartitionSet]
    wrong: Sequence[troubles.Trouble]
    memory: memory.Memory
    now: datetime

    def troubles_of(self, name: keys.AssetKey, ordinals: PartitionSet) -> list[str]:
        """The troubles that began in these partitions, or hit them."""
        return [
            each.id
            for each in self.wrong
            if (each.root == name and not each.is_function and not ordinals.isdisjoint(each.ordinals))
            or any(hit.asset == name and not ordinals.isdisjoint(hit.ordinals) for hit in each.hits or ())
        ]

    def rest(self, name: keys.AssetKey) -> tuple[object, ...]:
        """What a thread is made of beside its grid and where it stands."""
        step = self.world.planned.assets[name].step
        return self.rejected.get(name), self.late.get(name), self.hit.get(step) if step is not None else None

    def states(self, name: keys.AssetKey) -> dict[str, PartitionSet]:
        """The partitions of an asset or pipeline by state."""
        asset = self.world.planned.assets[name]
        step = asset.step
        states = threads.states_of(
            self.statuses[name],
            self.rejected.get(name, EMPTY),
            self.late.get(name, EMPTY),
            self.hit.get(step, EMPTY) if step is not None else EMPTY,
            is_external=step is None,
        )
        if name not in self.world.graph.assets:
            self._tried(name, states)
        return states

    def _tried(self, name: keys.AssetKey, states: dict[str, PartitionSet]) -> None:
        """Add the intervals of a pipeline that ran though nothing asks for them: it has no schedule, or had none."""
        columns = observing.look(self.world, frozenset({name})).columns.get(name)
        if columns is None or not columns.size:
            return
        known = EMPTY
        for each in states.values():
            known |= each
        failed = PartitionSet.of(sorted(columns.failed)) - known
        more = {"failed": failed, "fresh": columns.materialized() - failed - known}
        merged = {state: states.get(state, EMPTY) | more.get(state, EMPTY) for state in threads.STATES}
        states.clear()
        states.update({state: ordinals for state, ordinals in merged.items() if ordinals})


def set_up(world: worlds.World, known: standings.Standings, remembered: memory.Memory, now: datetime) -> Loom:
    """Find out where everything stands."""
    late = asked.by_schedules(world, known, now)
    statuses, found = known.troubles(world, now, late)
    return Loom(
        world=world,
        known=known,
        statuses=statuses,
        rejected=_rejected(found),
        late=late,
        hit=found.hit,
        wrong=found.all,
        memory=remembered,
        now=now,
    )


def _rejected(found: troubles.Troubles) -> dict[keys.AssetKey, PartitionSet]:
    return {each.root: each.ordinals for each in found.all if each.kind == "rejected"}


def rows_of(world: worlds.World, selection: str | None) -> list[keys.AssetKey]:
    """The threads that a selection has, in their order; all of them without one.

    Raises:
        UsageError: the selection is wrong.
    """
    chosen = dict.fromkeys(planning.select(world, selection, pipelines=True))
    if selection is None:
        chosen.update(dict.fromkeys(world.graph.pipelines))
    return order.ordered(world.planned, chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """What there is to see: the time that anything was made or tried for, and the usual length of a partition."""

    oldest: float | None
    newest: float | None
    length: float
    ends: float
    """The end of the window that is under way, or was the last."""
    torn: float | None
    """Where the oldest begins that is not right, though it was made or tried."""


def extent_of(loom: Loom, names: Sequence[keys.AssetKey]) -> Extent:
    """Look over the threads for what there is to see."""
    first: dict[partitions.Partitions, int] = {}
    last: dict[partitions.Partitions, int] = {}
    counts: dict[partitions.Partitions, int] = {}
    torn: dict[partitions.Partitions, int] = {}
    planned = loom.world.planned
    for name in names:
        definition = planned.assets[name].partitions
        if definition is None:
            continue
        status = loom.statuses[name]
        for wrong in (*(status.by_status.get(word, EMPTY) for word in _WRONG), status.late):
            if wrong:
                torn[definition] = min(torn.get(definition, wrong.first), wrong.first)
        for word, ordinals in status.by_status.items():
            if word != "missing" and ordinals and planned.assets[name].step is not None:
                first[definition] = min(first.get(definition, ordinals.first), ordinals.first)
                last[definition] = max(last.get(definition, 0), ordinals.last)
                counts[definition] = counts.get(definition, 0) + 1
    now = loom.now.timestamp()
    begins: list[float] = []
    ends: list[float] = []
    usual: dict[float, tuple[int, float]] = {}
    for definition, low in first.items():
        found = grids.time_of(definition)
        if found is None:
            continue
        begin, end = definition.window(low), definition.window(last[definition])
        if begin is None or end is None:
            continue
        begins.append(begin.start.timestamp())
        ends.append(end.end.timestamp())
        _, length = grids.length_of(found[0], int(ends[-1]))
        count, latest = usual.get(length, (0, 0.0))
        usual[length] = count + counts[definition], max(latest, ends[-1])
    length = _usual({each: count for each, (count, _) in usual.items()})
    newest = max(ends, default=None)
    until = usual[length][1] if usual else (now // _DAY + 1) * _DAY
    if newest is not None:
        until = max(until, newest) if newest - until < NATURAL * length else until
    if until < now <= until + NATURAL * length:
        until += -(-(now - until) // length) * length
    tears = [
        window.start.timestamp()
        for definition, ordinal in torn.items()
        if grids.time_of(definition) is not None and (window := definition.window(ordinal)) is not None
    ]
    return Extent(
        oldest=min(begins, default=None), newest=newest, length=length, ends=until, torn=min(tears, default=None)
    )


def _usual(counts: Mapping[float, int]) -> float:
    """The length of a column: the finest that is not only a few threads'; coarser ones are seen as longer stitches."""
    enough = sum(counts.values()) * _NOT_FEW
    return min((length for length, count in counts.items() if count >= enough), default=float(_DAY))


def grid_of(extent: Extent, since: datetime | None, until: datetime | None, columns: int | None) -> grids.Grid:
    """The pieces of time that are asked for; about sixty of the usual length where nothing is said.

    Then it begins early enough to show the oldest tear: with more columns, and coarser ones where these are too many.

    Raises:
        UsageError: the time is none.
    """
    count = columns or NATURAL
    end = until.timestamp() if until is not None else extent.ends
    if until is None and since is not None:
        end = max(extent.ends, since.timestamp() + extent.length)
    begin = since.timestamp() if since is not None else end - count * extent.length
    if since is None and until is None and extent.torn is not None and extent.torn < begin:
        most = min(MOST_COLUMNS, _WIDEST * count)
        before = extent.torn - _BEFORE_TEAR * extent.length
        count = min(most, math.ceil((end - before) / extent.length))
        width = max(extent.length, (end - extent.torn) / max(1, count - _BEFORE_TEAR))
        begin = end - count * width
        columns = count
    elif since is None and until is None and extent.oldest is not None and begin < extent.oldest:
        # before the oldest there is nothing to see
        count = min(count, max(_FEWEST, math.ceil((end - extent.oldest) / extent.length)))
        begin = end - count * extent.length
        columns = count
    if end <= begin:
        raise errors.UsageError(
            f"until={grids.moment(end).isoformat()} is not after since={grids.moment(begin).isoformat()}.",
            remedy="Give a time that ends after it begins.",
        )
    if columns is None:
        count = max(1, min(MOST_COLUMNS, round((end - begin) / extent.length)))
    if end - begin < count:
        raise errors.UsageError(
            f"columns={count} is more than one for each second of the time.",
            remedy=f"Ask for at most {max(1, int(end - begin))} columns, or for a longer time.",
        )
    return grids.Grid(since=int(begin), until=int(end), columns=count)


def woven(loom: Loom, grid: grids.Grid, names: Sequence[keys.AssetKey]) -> list[RowView]:
    """These threads on a grid; what is known of one is kept until something of it changes."""
    world = loom.world
    axes: dict[partitions.Partitions, grids.Axis | None] = {}
    found: dict[keys.AssetKey, RowView] = {}
    kept, present = _kept(loom, grid), grid.column(loom.now.timestamp())
    plain: dict[keys.AssetKey, dict[str, PartitionSet]] = {}
    runs: dict[keys.AssetKey, None] = {}
    for name in names:
        definition = world.planned.assets[name].partitions
        is_pipeline = name not in world.graph.assets
        if definition is None and is_pipeline:
            runs[name] = None
            continue
        rest, known = (present, *loom.rest(name)), kept.get(name)
        if known is not None and known.status is loom.statuses[name] and known.rest == rest:
            found[name] = known.row
            continue
        axis = None
        if definition is not None:
            if definition not in axes:
                axes[definition] = loom.memory.of(
                    ("axis", definition.fingerprint),
                    (grid, definition),
                    functools.partial(grids.axis_of, definition, grid),
                )
            axis = axes[definition]
        states = loom.states(name)
        if definition is None or axis is None:
            plain[name] = states
        elif axis.is_long:
            told = threads.stitches(definition, axis, states)
            found[name] = _row(loom, grid, name, threads.beside(grid, told), told, axis)
        else:
            found[name] = _row(loom, grid, name, threads.cells(definition, axis, states), [], axis)
    since, until = grid.since * 1_000_000, grid.until * 1_000_000
    made = world.ledger.versions_made(list(plain), since=since, until=until, most=_MOST_VERSIONS)
    for name, states in plain.items():
        told_cells = threads.of_versions(grid, made.get(name, ()), states, loom.now.timestamp())
        whole = [
            (float(grid.since), float(grid.until), state, count)
            for first, last, state, count in told_cells
            if (first, last) == (0, grid.columns - 1)
        ]
        found[name] = _row(loom, grid, name, told_cells, whole, None)
    width = grid.width * 1e6
    tallies = world.ledger.run_tallies(list(runs), since=since, until=until, width=width, most=_MOST_RUNS)
    for name in runs:
        found[name] = _row(loom, grid, name, threads.of_runs(tallies.get(name, ()), grid.columns), [], None)
    for name in names:
        if name not in runs:
            rest = (present, *loom.rest(name))
            kept[name] = _Kept(status=loom.statuses[name], rest=rest, row=found[name])
    return [found[name] for name in names]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A row, and what it was made of."""

    status: plan.AssetStatus
    rest: tuple[object, ...]
    row: RowView


def _kept(loom: Loom, grid: grids.Grid) -> dict[keys.AssetKey, _Kept]:
    """The rows that were made on this grid before; those of the last few grids are kept."""
    every: dict[tuple[grids.Grid, int], tuple[object, dict[keys.AssetKey, _Kept]]]
    every = loom.memory.of("cloth", None, dict)
    graph = loom.world.planned
    held = every.setdefault((grid, id(graph)), (graph, {}))  # as long as it is held its id is no other's
    while len(every) > _MOST_GRIDS:
        every.pop(next(iter(every)), None)
    return held[1]


def _row(
    loom: Loom,
    grid: grids.Grid,
    name: keys.AssetKey,
    cells: list[threads.Cell],
    stitches: list[threads.Stitch],
    axis: grids.Axis | None,
) -> RowView:
    world = loom.world
    asset = world.planned.assets[name]
    is_pipeline = name not in world.graph.assets
    wrong = [last for _, last, state, _ in cells if state in threads.TROUBLE]
    return RowView(
        key=name,
        kind="pipeline" if is_pipeline else asset_views.kind_of(asset),
        group=order.group_of(world.planned, name),
        system=world.locations.get(f"{'pipeline' if is_pipeline else 'asset'}:{name}"),
        grain=grain_of(grids.length_of(axis.time, grid.until)[1]) if axis is not None else "",
        status=loom.statuses[name].status,
        owners=list(asset.owners),
        cells=cells,
        stitches=[(int(start * 1000), int(end * 1000), state, count) for start, end, state, count in stitches],
        trouble=max(wrong, default=None),
    )


def grain_of(seconds: float) -> str:
    """About how long that is, in a word."""
    return next((word for most, word in _GRAINS if seconds < most), "year")
