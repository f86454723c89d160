"""Assets to look at: all of them with the word for where they stand, one with everything that is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from weft.model import errors, keys, plan, spelling
from weft.model import graph as graphs
from weft.service import views
from weft.service import world as worlds
from weft.service.asset import failure_places, mini_strips
from weft.service.plan import planning
from weft.service.server import standings

MOST_CHECKS = 1000
"""So many checks of one partition are shown."""


class AssetView(views.View, frozen=True, kw_only=True):
    """An asset and where it stands. `late`: how many partitions are later than its freshness policy allows.

    `strip` has the states along its partitions, each over so many of at most 32 columns; none without partitions.
    """

    key: str
    kind: str
    """asset, external, or outlet (of a pipeline)."""
    status: str
    counts: dict[str, int]
    late: int
    last_success: str | None
    group: str
    partitions: str | None
    owners: list[str]
    kinds: list[str]
    tags: dict[str, str]
    description: str
    location: str | None
    strip: list[tuple[str, int]]


class CheckDefinition(views.View, frozen=True, kw_only=True):
    """A check that an asset has."""

    name: str
    blocking: bool
    severity: str
    description: str


class AssetDetail(AssetView, frozen=True, kw_only=True):
    """An asset with the causes of what is not fresh (each with the root of its chain), and what is around it."""

    step: str | None
    code: str | None
    made_by: str | None
    aliases: list[str]
    metadata: dict[str, Any]
    causes: list[views.CauseView]
    orphaned: list[str]
    upstream: list[str]
    downstream: list[str]
    checks: list[CheckDefinition]
    jobs: list[str]
    automations: list[str]
    defined_at: str | None
    freshness: dict[str, Any] | None
    dynamic: list[str]
    """The names of its dynamic partitions, whose keys people and runs add."""


class CheckResultView(views.View, frozen=True, kw_only=True):
    """The latest result of a check on a partition."""

    asset: str
    partition: str | None
    check: str
    passed: bool
    blocking: bool
    severity: str
    description: str
    version: str
    at: str
    run: str | None
    metadata: dict[str, Any]


class PartitionDetail(views.View, frozen=True, kw_only=True):
    """One partition of an asset: where it stands and why, its versions, and what its checks found."""

    asset: str
    partition: str | None
    status: str
    causes: list[views.CauseView]
    versions: list[views.VersionView]
    checks: list[CheckResultView]


def found(world: worlds.World, name: str) -> graphs.Asset:
    """The asset of exactly this key, or alias.

    Raises:
        NotFoundError: there is none.
    """
    graph = world.graph
    asset = graph.assets.get(name)
    if asset is not None:
        return asset
    for each in graph.assets.values():
        if name in each.aliases:
            return each
    remedy = spelling.did_you_mean(name, graph.assets)
    if name in graph.pipelines or name in graph.jobs:
        remedy = f"There is a {'pipeline' if name in graph.pipelines else 'job'} of that name."
    raise errors.NotFoundError(f"There is no asset {name!r}.", remedy=remedy or "`GET /assets` lists them.")


def listed(
    world: worlds.World, known: standings.Standings, chosen: Sequence[keys.AssetKey], now: datetime
) -> list[AssetView]:
    """These assets, with where they stand."""
    statuses = known.all(world, now)
    return [view(world, world.graph.assets[key], statuses[key]) for key in chosen]


def view(world: worlds.World, asset: graphs.Asset, status: plan.AssetStatus) -> AssetView:
    """An asset as it is listed."""
    return AssetView(**_told(world, asset, status))


def _told(world: worlds.World, asset: graphs.Asset, status: plan.AssetStatus) -> dict[str, Any]:
    return {
        "key": asset.key,
        "kind": kind_of(asset),
        "status": status.status,
        "counts": {word: len(ordinals) for word, ordinals in status.by_status.items()},
        "late": len(status.late),
        "last_success": views.time_of(status.last_success),
        "group": asset.group,
        "partitions": asset.partitions.describe() if asset.partitions is not None else None,
        "owners": list(asset.owners),
        "kinds": list(asset.kinds),
        "tags": dict(asset.tags),
        "description": asset.description,
        "location": world.locations.get(f"asset:{asset.key}"),
        "strip": mini_strips.mini(status),
    }


def kind_of(asset: graphs.Asset) -> str:
    """What makes it: a step (asset), a pipeline (outlet), or nothing of ours (external)."""
    return "asset" if asset.step is not None else "outlet" if asset.made_by is not None else "external"


def detail(world: worlds.World, known: standings.Standings, asset: graphs.Asset, now: datetime) -> AssetDetail:
    """All that is known of an asset but for its partitions and versions."""
    graph = world.graph
    status = known.of(world, asset.key, now)
    step = graph.steps.get(asset.step) if asset.step is not None else None
    return AssetDetail(
        **_told(world, asset, status),
        step=asset.step,
        code=step.code if step is not None else None,
        made_by=asset.made_by,
        aliases=list(asset.aliases),
        metadata={name: msgspec.json.decode(text) for name, text in asset.metadata.items()},
        causes=failure_places.cause_views(world, status.causes),
        orphaned=list(status.orphaned)[:1000],
        upstream=list(dict.fromkeys(graph.upstream(asset.key))),
        downstream=list(dict.fromkeys(graph.downstream(asset.key))),
        checks=[
            CheckDefinition(
                name=each.name, blocking=each.blocking, severity=each.severity, description=each.description
            )
            for each in graph.checks_of.get(asset.key, ())
        ],
        jobs=[name for name in graph.jobs if asset.key in planning.select(world, f"job:{name}")],
        automations=[each for each in graph.automations if each == f"condition:{asset.key}"],
        defined_at=str(asset.location) if asset.location is not None else None,
        freshness=msgspec.to_builtins(asset.freshness) if asset.freshness is not None else None,
        dynamic=sorted(asset.partitions.dynamic_names()) if asset.partitions is not None else [],
    )


def check_results(
    world: worlds.World,
    asset: keys.AssetKey,
    partitions: Sequence[str | None] | None = None,
    *,
    limit: int,
    after: tuple[str, str] | None = None,
    failed: bool = False,
    name: str | None = None,
) -> list[CheckResultView]:
    """The latest result of each check of an asset (of these partitions), by partition and name.

    From `after` a partition ("" where there are none) and name on; with `failed` only those that did, with `name`
    only those of this check.
    """
    named = None if partitions is None else [each or "" for each in partitions]
    return [
        CheckResultView(
            asset=asset,
            partition=row.key or None,
            check=row.name,
            passed=row.passed,
            blocking=row.blocking,
            severity=row.severity,
            description=row.description,
            version=views.version_name(row.version),
            at=views.time_of_us(row.at) or "",
            run=row.run or None,
            metadata=dict(row.metadata),
        )
        for row in world.ledger.check_page(asset, named, limit=limit, after=after, failed=failed, name=name)
    ]


def partition(world: worlds.World, asset: graphs.Asset, key: str | None, now: datetime) -> PartitionDetail:
    """One partition (None: of an asset without partitions) with its chain of causes.

    Raises:
        UsageError: there is no such partition.
    """
    from weft.service.run import history

    definition = asset.partitions
    if definition is None and key is not None:
        raise errors.UsageError(f"{asset.key} has no partitions.", remedy="Leave the partition out.")
    if definition is not None and key is None:
        raise errors.UsageError(f"{asset.key} has partitions.", remedy="Say which one.")
    ordinal = definition.ordinal(key) if definition is not None and key is not None else 0
    # planned for this partition alone, so that the causes are its own and not the first ones of the asset
    made = planning.make_plan(world, planning.Ask(selection=selection_of(asset.key), partitions=key), now=now)
    lines = [(line.status, line.causes, line.ordinals) for line in made.steps if asset.key in line.outputs]
    lines += [
        (held.status, held.causes, held.ordinals)
        for held in (*made.blocked, *made.rejected, *made.undecided, *made.running)
        if held.asset == asset.key
    ]
    status, causes = next(
        ((word, list(causes)) for word, causes, ordinals in lines if ordinal in ordinals), ("fresh", [])
    )
    return PartitionDetail(
        asset=asset.key,
        partition=key,
        status=status,
        causes=failure_places.cause_views(world, causes),
        versions=[history.version_view(row) for row in world.ledger.version_page(asset.key, [key or ""], limit=50)],
        checks=check_results(world, asset.key, [key], limit=MOST_CHECKS),
    )


def selection_of(name: str) -> str:
    """The selection that has exactly the asset of a key."""
    return 'key:"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
