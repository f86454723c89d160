"""The verbs `status` and `ls`: what a selection selects, and where all of it stands."""

from __future__ import annotations

from datetime import datetime

from weft.model import partitions
from weft.service import views
from weft.service import world as worlds
from weft.service.pipeline import pipeline_views
from weft.service.plan import planning
from weft.service.run import recovering

_KINDS = {"calendar": "sessions"}


class CutView(views.View, frozen=True, kw_only=True):
    """A run whose process died, and that nobody has gone on with."""

    run: str
    pipeline: str | None
    partition: str | None


class StatusesView(views.View, frozen=True, kw_only=True):
    """Where assets and pipelines stand. `interrupted`: runs that were cut off; `gone`: what is no longer defined."""

    items: list[views.StatusView]
    interrupted: list[CutView]
    gone: list[str]


class SelectedView(views.View, frozen=True, kw_only=True):
    """An asset as a selection shows it; `partition_count` counts the partitions that there are now."""

    key: str
    kind: str
    step: str | None
    group: str
    partitions: str | None
    owners: list[str]
    kinds: list[str]
    tags: dict[str, str]
    description: str
    upstream: list[str]
    downstream: list[str]
    checks: list[str]
    location: str | None
    partitioned_by: str | None
    partition_count: int | None


def statuses(world: worlds.World, selection: str | None) -> StatusesView:
    """Where what is selected stands; without a selection all assets and pipelines.

    Raises:
        UsageError: the selection is wrong.
    """
    selected = list(planning.select(world, selection, pipelines=True))
    if selection is None:
        selected += world.graph.pipelines
    found = planning.statuses(world, selected, now=world.clock.now())
    gone = set(world.ledger.versioned_assets()) - set(world.graph.assets) if selection is None else set()
    return StatusesView(
        items=[
            pipeline_views.status_of(world, each)
            if each.asset in world.graph.pipelines
            else views.status_view(world.graph, each)
            for each in found.values()
        ],
        interrupted=[
            CutView(run=each.row.id, pipeline=each.row.pipeline, partition=each.row.partition)
            for each in (recovering.interrupted(world) if world.graph.pipelines else ())
        ],
        gone=sorted(gone),
    )


def selected(world: worlds.World, selection: str | None) -> list[SelectedView]:
    """The assets that a selection selects (all without one), each after what it is made from.

    Raises:
        UsageError: the selection is wrong.
    """
    graph, now = world.graph, world.clock.now()
    return [
        SelectedView(
            key=asset.key,
            kind="external" if asset.step is None else "asset",
            step=asset.step,
            group=asset.group,
            partitions=asset.partitions.describe() if asset.partitions is not None else None,
            owners=list(asset.owners),
            kinds=list(asset.kinds),
            tags=dict(asset.tags),
            description=asset.description,
            upstream=list(dict.fromkeys(graph.upstream(asset.key))),
            downstream=list(dict.fromkeys(graph.downstream(asset.key))),
            checks=[check.name for check in graph.checks_of.get(asset.key, ())],
            location=str(asset.location) if asset.location is not None else None,
            partitioned_by=_by(asset.partitions),
            partition_count=_count(asset.partitions, now),
        )
        for asset in (graph.assets[key] for key in planning.select(world, selection))
    ]


def _by(definition: partitions.Partitions | None) -> str | None:
    """What partitions are by, in a few words: the dimensions, of those that have several."""
    if definition is None:
        return None
    names = getattr(definition, "names", None)
    return " × ".join(names) if names else _KINDS.get(definition.kind, definition.kind)  # noqa: RUF001


def _count(definition: partitions.Partitions | None, now: datetime) -> int | None:
    return len(definition.universe(now)) if definition is not None else None
