"""One thread of the cloth: where an asset or pipeline stood in each piece of time, as runs of columns in one state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from weft.model import partition_set, partitions, plan
from weft.ports import weaving
from weft.service.cloth import grid as grids

PartitionSet = partition_set.PartitionSet
EMPTY = PartitionSet.empty()

STATES = ("failed", "rejected", "blocked", "late", "stale", "running", "missing", "fresh")
"""The worst first: where several fall into a column, it shows the first of them."""
TROUBLE = frozenset({"failed", "rejected", "blocked", "late", "stale"})

Cell = tuple[int, int, str, int]
"""First and last column, state, and how many partitions (versions, runs) are so."""
Stitch = tuple[float, float, str, int]
"""Begin and end in seconds since the epoch, state, and how many partitions are so."""
States = Mapping[str, PartitionSet]

_BAD_OUTCOMES = frozenset({"failed", "timed_out", "crashed", "upstream_failed"})


def states_of(
    status: plan.AssetStatus, rejected: PartitionSet, late: PartitionSet, hit: PartitionSet, *, is_external: bool
) -> dict[str, PartitionSet]:
    """The partitions of an asset or pipeline by state.

    Missing counts between the first and the last that was ever made or tried, and where something wrong keeps it from
    being made (`hit`), or somebody asked for it (`late`).

    Args:
        status: where it stands.
        rejected: what a blocking check rejected.
        late: what schedules asked for and is not there.
        hit: what is not right because of something above.
        is_external: whether nothing here makes it.
    """
    by_status = status.by_status
    found: dict[str, PartitionSet] = {}
    failed = by_status.get("failed", EMPTY)
    if failed:
        found["failed"], found["rejected"] = failed - rejected, failed & rejected
    found["blocked"] = by_status.get("blocked", EMPTY)
    found["late"] = status.late | by_status.get("overdue", EMPTY) | late
    found["stale"] = by_status.get("stale", EMPTY)
    found["running"] = by_status.get("running", EMPTY)
    fresh = by_status.get("fresh", EMPTY)
    found["fresh"] = fresh if not is_external or status.last_success is not None else EMPTY
    missing = by_status.get("missing", EMPTY)
    if missing:
        known = [each for each in (failed, found["stale"], found["running"], found["fresh"]) if each]
        tried = (
            PartitionSet.range(min(each.first for each in known), max(each.last for each in known) + 1)
            if known
            else EMPTY
        )
        found["missing"] = missing & (tried | hit | late)
    return {state: found[state] for state in STATES if found.get(state)}


def cells(definition: partitions.Partitions, axis: grids.Axis, states: States) -> list[Cell]:
    """Runs of columns, where windows are no longer than a column."""
    covered = EMPTY
    found: list[Cell] = []
    for state, ordinals in states.items():
        at = grids.positions(definition, axis, ordinals)
        if not at:
            continue
        columns = grids.columns_of(axis, at)
        for start, stop in (columns - covered).ranges():
            count = grids.counted(axis, ordinals, at, axis.edges[start], axis.edges[stop])
            found.append((start, stop - 1, state, count))
        covered |= columns
    found.sort()
    return found


def stitches(definition: partitions.Partitions, axis: grids.Axis, states: States) -> list[Stitch]:
    """One for each window, where these are longer than a column."""
    covered = EMPTY
    found: list[Stitch] = []
    for state, ordinals in states.items():
        at = grids.positions(definition, axis, ordinals)
        for position in at - covered:
            count = grids.counted(axis, ordinals, at, position, position + 1)
            found.append((axis.time.start_of(position), axis.time.end_of(position), state, count))
        covered |= at
    found.sort()
    return found


def beside(grid: grids.Grid, found: Sequence[Stitch]) -> list[Cell]:
    """The columns that stitches cover, as cells. Of two in a column the worse one has it."""
    told: list[Cell] = []
    for start, end, state, count in found:
        first = grid.column(max(start, grid.since))
        last = grid.column(min(end, grid.until) - 1)
        if first is None or last is None:
            continue
        if told and told[-1][1] >= first:
            before = told[-1]
            if STATES.index(before[2]) <= STATES.index(state):
                first = before[1] + 1
            elif before[0] == before[1]:
                told.pop()
            else:
                told[-1] = (before[0], first - 1, before[2], before[3])
        if first > last:
            continue
        if told and told[-1][1] == first - 1 and told[-1][2] == state:
            told[-1] = (told[-1][0], last, state, told[-1][3] + count)
        else:
            told.append((first, last, state, count))
    return told


def of_versions(grid: grids.Grid, made: Sequence[weaving.Made], states: States, now: float) -> list[Cell]:
    """What has no partitions of time: where versions were made, and at the end how it stands.

    Over a time in which it was not made, and which is not the present, it is one piece that says how it stands now:
    the thread of a table of today hangs beside partitions of long ago.
    """
    told: dict[int, dict[str, int]] = {}
    for each in made:
        place = grid.column(each.at / 1e6)
        if place is not None:
            state = "rejected" if each.state == "rejected" else "fresh"
            told.setdefault(place, {})[state] = told.get(place, {}).get(state, 0) + 1
    present = grid.column(now)
    worst = next(iter(states), "missing")
    if present is None and not told and worst != "missing":
        return [(0, grid.columns - 1, worst, len(states[worst]))]
    if present is not None and states and (worst != "fresh" or present not in told):
        told[present] = {worst: len(states[worst])}
    return _merged(told)


def of_runs(tallies: Iterable[weaving.RunTally], columns: int) -> list[Cell]:
    """A pipeline without intervals: how the runs ended that were created in each column."""
    told: dict[int, dict[str, int]] = {}
    for each in tallies:
        state = "fresh"
        if each.phase != "finished":
            state = "running"
        elif each.outcome in _BAD_OUTCOMES:
            state = "failed"
        elif each.outcome == "cancelled":
            state = "missing"
        counts = told.setdefault(min(each.place, columns - 1), {})
        counts[state] = counts.get(state, 0) + each.count
    return _merged(told)


def _merged(told: Mapping[int, Mapping[str, int]]) -> list[Cell]:
    found: list[Cell] = []
    for place in sorted(told):
        state = next(each for each in STATES if each in told[place])
        count = told[place][state]
        if found and found[-1][1] == place - 1 and found[-1][2] == state:
            first, _, _, before = found[-1]
            found[-1] = (first, place, state, before + count)
        else:
            found.append((place, place, state, count))
    return found
