"""What holds a run in the queue: limits of its pipeline, its work pool, its tags and the whole, and what others make.

`Busy` is what is under way at a moment. The same look serves three: the choice of the run to begin next, the claim of
it (in the transaction that takes its lease, so that no two processes fill the last place) and the words for people.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from weft.model import errors, keys, partition_set, pipelines
from weft.planner import pipelines as planned
from weft.ports import ledger as ledgers
from weft.service import views
from weft.service import world as worlds

Kind = Literal[
    "execution_paused",
    "pool_paused",
    "pool_slots",
    "max_active_runs",
    "tag_limit",
    "queue_limit",
    "reserved",
    "depends_on_past",
    "step_pool",
    "no_worker",
    "priority",
]
DEFAULT_POOL = "default"
MOST_PRIORITY = 1_000_000_000
_MOST_HOLDERS = 5

PartitionSet = partition_set.PartitionSet


class Reason(views.View, frozen=True, kw_only=True):
    """Why something waits: `holders` are the runs that it waits for, `used` of `limit` places are taken in `name`.

    `name` is the work pool, tag, pipeline, asset or pool of steps that is meant.
    """

    kind: Kind
    text: str
    name: str = ""
    holders: tuple[str, ...] = ()
    used: int | None = None
    limit: int | None = None
    step: str = ""
    remedy: str = ""


@dataclass(kw_only=True)
class Limits:
    """The limits that hold for all runs of a project."""

    max_runs: int | None = None
    tags: Mapping[str, int] = field(default_factory=dict)
    priorities: Mapping[str, int] = field(default_factory=dict)


def limits_of(world: worlds.World) -> Limits:
    """The limits that the project's configuration sets."""
    given = world.settings.queue
    return Limits(
        max_runs=given.get("max_runs"), tags=given.get("tag_limits") or {}, priorities=given.get("priorities") or {}
    )


def priority_of(world: worlds.World, pipeline: pipelines.Pipeline) -> int:
    """The priority of a pipeline's runs unless one is asked for: by its name, else the highest of its tags, else 0."""
    found = limits_of(world).priorities
    if pipeline.name in found:
        return found[pipeline.name]
    return max((found[f"tag:{tag}"] for tag in pipeline.tags if f"tag:{tag}" in found), default=0)


def check_priority(priority: int) -> None:
    """Raise UsageError for a priority that is larger than any that is of use: it could not be kept."""
    if abs(priority) > MOST_PRIORITY:
        raise errors.UsageError(
            f"The priority is {priority}.", remedy=f"Give one between {-MOST_PRIORITY:,} and {MOST_PRIORITY:,}."
        )


class Busy:
    """What is under way, and what may begin beside it."""

    def __init__(self, world: worlds.World, *, besides: str = "", ledger: ledgers.Ledger | None = None) -> None:
        """Look at the runs under way, but for one of this id; through `ledger` where it is not to be the world's."""
        ledger = ledger or world.ledger
        self._world = world
        self._limits = limits_of(world)
        self._rows = [row for row in ledger.active_runs() if row.id != besides]
        self._pools = {pool.name: pool for pool in ledger.work_pools()}
        self._by_pipeline: Counter[str] = Counter()
        self._by_pool: Counter[str] = Counter()
        self._by_tag: Counter[str] = Counter()
        self._taken: list[ledgers.RunRow] = []
        for row in self._rows:
            self._count(row)

    @property
    def rows(self) -> list[ledgers.RunRow]:
        """The runs under way, oldest first."""
        return self._rows

    def add(self, row: ledgers.RunRow) -> None:
        """Count a run that is about to begin as well."""
        self._rows.append(row)
        self._taken.append(row)
        self._count(row)

    def _count(self, row: ledgers.RunRow) -> None:
        self._by_pool[row.pool] += 1
        if row.pipeline is None:
            return
        self._by_pipeline[row.pipeline] += 1
        for tag in self._tags(row.pipeline):
            self._by_tag[tag] += 1

    def _tags(self, pipeline: str) -> Collection[str]:
        known = self._world.graph.pipelines.get(pipeline)
        return [tag for tag in dict.fromkeys(known.tags) if tag in self._limits.tags] if known is not None else ()

    # --- limits ---

    def of_queue(self) -> Reason | None:
        """Whether the queue lets no run begin at all."""
        limit = self._limits.max_runs
        if limit is None or len(self._rows) < limit:
            return None
        return Reason(
            kind="queue_limit",
            text=f"{len(self._rows)} of at most {limit} runs are under way (queue.max_runs).",
            holders=_ids(self._rows),
            used=len(self._rows),
            limit=limit,
        )

    def of_pool(self, name: str) -> Reason | None:
        """Whether a work pool lets no run begin."""
        pool = self._pools.get(name)
        if pool is None:
            return None
        if pool.paused:
            return Reason(
                kind="pool_paused",
                text=f"The work pool {name} is paused.",
                name=name,
                remedy=f"`weft work-pool resume {name}` lets it go on.",
            )
        used = self._by_pool[name]
        if pool.slots is None or used < pool.slots:
            return None
        return Reason(
            kind="pool_slots",
            text=f"The work pool {name} has {used} of at most {pool.slots} runs under way.",
            name=name,
            holders=_ids(row for row in self._rows if row.pool == name),
            used=used,
            limit=pool.slots,
        )

    def of_pipeline(self, name: str | None) -> Iterator[Reason]:
        """Why no run of a pipeline may begin: too many of it, or of a tag of it, are under way."""
        pipeline = self._world.graph.pipelines.get(name or "")
        if pipeline is None:
            return
        used = self._by_pipeline[pipeline.name]
        if used >= pipeline.max_active_runs:
            theirs = _ids(row for row in self._rows if row.pipeline == pipeline.name)
            yield Reason(
                kind="max_active_runs",
                text=f"{pipeline.name} has {used} of at most {pipeline.max_active_runs} runs under way "
                f"(max_active_runs): {', '.join(each[:8] for each in theirs[:3])}.",
                name=pipeline.name,
                holders=theirs,
                used=used,
                limit=pipeline.max_active_runs,
            )
        for tag in self._tags(pipeline.name):
            used, limit = self._by_tag[tag], self._limits.tags[tag]
            if used >= limit:
                yield Reason(
                    kind="tag_limit",
                    text=f"{used} of at most {limit} runs tagged {tag} are under way (queue.tag_limits).",
                    name=tag,
                    holders=_ids(row for row in self._rows if tag in self._tags(row.pipeline or "")),
                    used=used,
                    limit=limit,
                )

    def blocked_pipelines(self, names: Collection[str]) -> list[str]:
        """Those of these pipelines of which no run may begin."""
        return [name for name in names if next(self.of_pipeline(name), None) is not None]

    def reserved(self, run: str, name: str | None, partition: str | None, reservations: Reservations) -> Reason | None:
        """Whether another run makes what a run of this pipeline and interval is to make."""
        pipeline = self._world.graph.pipelines.get(name or "")
        if pipeline is None:
            return None
        writes = writes_of(self._world, pipeline, partition)
        for asset, fingerprint, ordinals in writes:
            for holder, theirs, held in reservations.of(asset):
                if holder != run and (theirs != fingerprint or not held.isdisjoint(ordinals)):
                    return Reason(
                        kind="reserved",
                        text=f"Run {holder[:8]} is making {asset}, which this run makes too.",
                        name=asset,
                        holders=(holder,),
                    )
        if not writes or not self._taken:
            return None
        for other in self._taken:
            beside = self._world.graph.pipelines.get(other.pipeline or "")
            theirs_too = writes_of(self._world, beside, other.partition) if beside is not None else []
            for asset, fingerprint, ordinals in writes:
                for key, mark, held in theirs_too:
                    if key == asset and (mark != fingerprint or not held.isdisjoint(ordinals)):
                        text = f"Run {other.id[:8]} is about to make {asset}, which this run makes too."
                        return Reason(kind="reserved", text=text, name=asset, holders=(other.id,))
        return None

    def reasons(self, row: ledgers.RunRow) -> Iterator[Reason]:
        """All that keeps a run from beginning, what people can do most about first."""
        if row.execution and row.execution != row.id:
            phase = self._world.ledger.execution_phase(row.execution)
            if phase in ("suspended", "cancelling"):
                word = "paused" if phase == "suspended" else "being cancelled"
                yield Reason(
                    kind="execution_paused", text=f"The execution {row.execution[:8]} is {word}.", name=row.execution
                )
        for reason in (self.of_pool(row.pool), *self.of_pipeline(row.pipeline), self.of_queue()):
            if reason is not None:
                yield reason
        held = self.reserved(row.id, row.pipeline, row.partition, Reservations(self._world.ledger))
        if held is not None:
            yield held


class Reservations:
    """What live runs make, read once for each asset."""

    def __init__(self, ledger: ledgers.Reader) -> None:
        """Read from this ledger."""
        self._ledger = ledger
        self._found: dict[str, list[tuple[str, str, PartitionSet]]] = {}

    def of(self, asset: str) -> list[tuple[str, str, PartitionSet]]:
        """Who makes what of an asset: run, fingerprint of its partitions, ordinals."""
        if asset not in self._found:
            self._found[asset] = self._ledger.reservations(asset)
        return self._found[asset]


def writes_of(
    world: worlds.World, pipeline: pipelines.Pipeline, partition: str | None
) -> list[tuple[keys.AssetKey, str, PartitionSet]]:
    """What a run makes: its interval, and of each outlet the partition of that key, or the whole."""
    found: list[tuple[keys.AssetKey, str, PartitionSet]] = []
    if pipeline.partitions is not None and partition is not None:
        ordinal = pipeline.partitions.find(partition)
        if ordinal is not None:
            found.append((pipeline.name, pipeline.partitions.fingerprint, PartitionSet.range(ordinal, ordinal + 1)))
    elif planned.is_by_assets(pipeline):
        found.append((pipeline.name, "", PartitionSet.range(0, 1)))
    for outlet in pipeline.outlets:
        asset = world.graph.assets.get(outlet)
        if asset is None:
            continue
        if asset.partitions is None:
            found.append((outlet, "", PartitionSet.range(0, 1)))
            continue
        place = asset.partitions.find(partition) if partition is not None else None
        if place is not None:
            found.append((outlet, asset.partitions.fingerprint, PartitionSet.range(place, place + 1)))
    return found


def _ids(rows: Iterator[ledgers.RunRow] | list[ledgers.RunRow]) -> tuple[str, ...]:
    return tuple(row.id for row in rows)[:_MOST_HOLDERS]
