"""A piece of a thread from near: which partitions are in it, how they stand and why, and the words that plan them."""

from __future__ import annotations

from datetime import datetime

from weft.model import errors, partition_set, partitions, plan, spelling
from weft.ports import paging
from weft.service import views
from weft.service.asset import asset_views, observing
from weft.service.cloth import grid as grids
from weft.service.cloth import threads, weaving
from weft.service.now import repairs

PartitionSet = partition_set.PartitionSet
_MOST_CAUSES = 5
_MOST_TEXT = 5000


class StateView(views.View, frozen=True, kw_only=True):
    """Partitions that stand in one way; `partitions` as they are typed, None where there are none."""

    state: str
    count: int
    partitions: str | None


class StitchView(views.View, frozen=True, kw_only=True):
    """A piece of a thread.

    `select` and `partitions` plan what is in it (`partitions` is None where there are none, or too many to write).
    `run` is the latest that made or tried something of it. `troubles` are those of `GET /now` that concern it.
    """

    key: str
    kind: str
    since: str
    until: str
    state: str
    count: int
    states: list[StateView]
    causes: list[views.CauseView]
    run: str | None
    made_at: str | None
    select: str
    partitions: str | None
    troubles: list[str]


def stitch(loom: weaving.Loom, key: str, since: datetime, until: datetime) -> StitchView:
    """What is in the time from `since` to before `until` of an asset or pipeline.

    Raises:
        NotFoundError: there is none of that key.
        UsageError: the time is none.
    """
    world = loom.world
    asset = world.planned.assets.get(key)
    if asset is None:
        raise errors.NotFoundError(
            f"There is no asset or pipeline {key!r}.",
            remedy=spelling.did_you_mean(key, world.planned.assets) or "`GET /cloth` lists them.",
        )
    if until <= since:
        raise errors.UsageError(f"until={until.isoformat()} is not after since={since.isoformat()}.")
    definition = asset.partitions
    inside = _inside(definition, since, until)
    states = {
        state: found
        for state, ordinals in _apart(loom.states(key)).items()
        if (found := ordinals if inside is None else ordinals & inside)
    }
    together = PartitionSet.empty()
    for each in states.values():
        together |= each
    status = loom.known.explained(world, key, loom.now)
    run, made_at = _latest(loom, key, together, since, until)
    written = (
        partitions.write_selection(together, definition)
        if definition is not None and len(together.ranges()) <= _MOST_TEXT
        else None
    )
    return StitchView(
        key=key,
        kind="asset" if key in world.graph.assets else "pipeline",
        since=views.time_of(since) or "",
        until=views.time_of(until) or "",
        state=next(iter(states), ""),
        count=len(together),
        states=[
            StateView(state=state, count=len(each), partitions=repairs.written(world, key, each))
            for state, each in states.items()
        ],
        causes=[views.cause_view(each) for each in _causes(status, definition, states)],
        run=run,
        made_at=made_at,
        select=asset_views.selection_of(key),
        partitions=written if written and len(written) <= _MOST_TEXT else None,
        troubles=loom.troubles_of(key, together),
    )


def _apart(states: threads.States) -> dict[str, PartitionSet]:
    """Each partition in its worst state alone."""
    covered = PartitionSet.empty()
    found = {}
    for state, ordinals in states.items():
        found[state] = ordinals - covered
        covered |= ordinals
    return found


def _inside(definition: partitions.Partitions | None, since: datetime, until: datetime) -> PartitionSet | None:
    """The ordinals in a time; None where the partitions have nothing to do with time: all of them."""
    if definition is None:
        return None
    begin = int(since.timestamp())
    grid = grids.Grid(since=begin, until=max(int(until.timestamp()), begin + 1), columns=1)
    axis = grids.axis_of(definition, grid)
    if axis is None:
        return None
    at = PartitionSet.range(axis.first, axis.last)
    if axis.dimension is None:
        return at
    if axis.stride:
        return PartitionSet.range(axis.first * axis.stride, axis.last * axis.stride)
    assert isinstance(definition, partitions.MultiPartitions)
    return definition.product(
        {
            name: at if name == axis.dimension else PartitionSet.range(0, each.size() or 0)
            for name, each in definition.dimensions
        }
    )


def _causes(
    status: plan.AssetStatus, definition: partitions.Partitions | None, states: threads.States
) -> list[plan.Cause]:
    """The causes of an asset that may be those of these partitions: of their states, and of no other partition."""
    wrong = PartitionSet.empty()
    for state, ordinals in states.items():
        if state != "fresh":
            wrong |= ordinals
    if not wrong:
        return []
    found = []
    for each in status.causes:
        if each.subject == status.asset and each.partition is not None and definition is not None:
            ordinal = definition.find(each.partition)
            if ordinal is None or ordinal not in wrong:
                continue
        if each.kind == "missing" and "missing" not in states:
            continue
        found.append(each)
    return found[:_MOST_CAUSES]


def _latest(
    loom: weaving.Loom, key: str, ordinals: PartitionSet, since: datetime, until: datetime
) -> tuple[str | None, str | None]:
    """The run that made or tried something of these last, and when the youngest of their versions was made."""
    world = loom.world
    if key in world.graph.pipelines and key not in world.graph.assets and world.planned.assets[key].partitions is None:
        page = world.ledger.run_page(
            paging.RunFilter(pipeline=key, since=int(since.timestamp() * 1e6), until=int(until.timestamp() * 1e6)),
            limit=1,
        )
        return (page.rows[0].id, views.time_of_us(page.rows[0].finished)) if page.rows else (None, None)
    columns = observing.look(world, frozenset({key})).columns.get(key)
    if columns is None:
        return None, None
    best, run, made = 0, "", 0
    for each in ordinals.take(100_000):
        failure = columns.failed.get(each)
        if failure is not None and failure.at > best:
            best, run = failure.at, failure.run
        if each < columns.size and columns.made_at[each]:
            made = max(made, columns.made_at[each])
            if columns.made_at[each] > best:
                best, run = columns.made_at[each], columns.run_of(each)
    return run or None, views.time_of_us(made)
