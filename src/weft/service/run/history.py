"""The verbs `runs`, `logs`, `versions` and `ledger events`: what happened, read from the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import msgspec

from weft.ledger import codec
from weft.model import errors, keys, partition_set, partitions
from weft.model import graph as graphs
from weft.ports import ledger as ledgers
from weft.runtime import owners
from weft.service import views
from weft.service import world as worlds
from weft.service.queue import workers_there

# --- runs -------------------------------------------------------------------------------------------------------------


def runs(
    ledger: ledgers.Reader,
    *,
    limit: int | None = None,
    pipeline: str | None = None,
    partition: str | None = None,
    parent: str | None = None,
) -> list[views.RunView]:
    """Runs, newest first; of a pipeline, its interval, or those that a run called.

    One that lives in the ledger but whose owner is dead says so in `reason`.

    Raises:
        UsageError: nothing of that pipeline has ever run.
    """
    found = ledger.runs(limit=limit, pipeline=pipeline, partition=partition, parent=parent)
    if not found and pipeline is not None and not ledger.runs(limit=1, pipeline=pipeline):
        from weft.model import spelling

        known = sorted({row.pipeline for row in ledger.runs() if row.pipeline is not None})
        raise errors.UsageError(
            f"No run of a pipeline {pipeline!r} is recorded.",
            remedy=spelling.did_you_mean(pipeline, known)
            or (f"There are runs of: {', '.join(known[:10])}." if known else "`weft runs` lists all runs."),
        )
    return [run_view(ledger, row) for row in found]


def find_run(ledger: ledgers.Reader, name: str) -> ledgers.RunRow:
    """The run whose id is, or begins with, `name`; "last" is the newest one that no other called.

    Raises:
        UsageError: there is none, or several.
    """
    found = ledger.runs(limit=1, parent="") if name == "last" else ledger.runs_with_prefix(name)
    if len(found) == 1:
        return found[0]
    if found:
        raise errors.UsageError(
            f"{len(found)} runs begin with {name!r}: {', '.join(row.id for row in found[:5])}.",
            remedy="Write more of the id.",
        )
    if ledger.runs(limit=1, pipeline=name):
        raise errors.UsageError(
            f"{name!r} is a pipeline, not a run.", remedy=f"`weft runs --pipeline {name}` lists its runs."
        )
    if name == "last":
        raise errors.UsageError("Nothing has run yet.", remedy="`weft apply` makes assets, `weft run` runs a pipeline.")
    raise errors.UsageError(f"There is no run whose id is or begins with {name!r}.", remedy="`weft runs` lists them.")


def run_named(ledger: ledgers.Reader, name: str) -> ledgers.RunRow | None:
    """The run that `name` means, or None where it rather means an asset or a step.

    An asset of exactly that name goes before a run whose id happens to begin so.

    Raises:
        UsageError: several runs begin with it.
    """
    if name != "last" and ledger.attempted_by(name):
        return None
    found = ledger.runs(limit=1, parent="") if name == "last" else ledger.runs_with_prefix(name)
    return find_run(ledger, name) if found or name == "last" else None


def attempts_of(world: worlds.World, name: str) -> tuple[keys.AssetKey, list[str]]:
    """The asset, and the steps, whose attempts `name` means: a step's key, or an expression that selects one asset.

    Raises:
        UsageError: it means neither, nor a run.
    """
    step = world.graph.steps.get(name)
    if step is not None:
        return step.outputs[0], [name]
    try:
        asset = one_asset(world, name)
    except errors.UsageError as error:
        raise errors.UsageError(
            f"{name!r} is neither a run, nor a step, nor an asset.",
            remedy=error.remedy or "`weft runs` lists runs, `weft ls` assets.",
        ) from error
    return asset, steps_of(world.graph, asset)


def run_view(ledger: ledgers.Reader, row: ledgers.RunRow) -> views.RunView:
    """A run as it is shown."""
    reason = row.reason if row.phase == "finished" else _standing(ledger, row)
    return views.RunView(
        id=row.id,
        pipeline=row.pipeline,
        phase=row.phase,
        outcome=row.outcome,
        reason=reason,
        started_at=views.time_of_us(row.started),
        finished_at=views.time_of_us(row.finished),
        created_at=views.time_of_us(row.created) or "",
        selection=row.request or None,
        by=row.by,
        # a flow's calls are counted as they come
        steps=max(row.steps, row.succeeded + row.reused + row.failed + row.held),
        succeeded=row.succeeded,
        reused=row.reused,
        failed=row.failed,
        held=row.held,
        partition=row.partition,
        params=msgspec.json.decode(row.params) if row.params else None,
        trigger=row.trigger,
        parent=row.parent or None,
        rerun_of=row.rerun_of or None,
        pool=row.pool or None,
        execution=row.execution if row.execution != row.id and row.execution else None,
        location=row.location or None,
        priority=row.priority,
        automation=row.automation or None,
    )


def _standing(ledger: ledgers.Reader, row: ledgers.RunRow) -> str:
    """Why a run that has not finished stands where it stands: its owner is dead, or it waits for a person."""
    lease = ledger.lease(row.id)
    now = int(datetime.now(UTC).timestamp() * 1e6)
    if lease is not None and owners.is_dead(owners.decode(lease.owner), run=row.id, expires=lease.expires, now=now):
        of_flow = row.request.startswith("flow ")
        how = f"`weft resume {row.id[:8]}` goes on" if of_flow else "the next apply or run of it goes on or ends it"
        return f"interrupted: {owners.decode(lease.owner)} died; {how}"
    if row.phase == "created" and lease is None and row.pool:
        if workers_there.is_there(ledger, row, now):
            return f"waits in the pool {row.pool}: `weft queue {row.id[:8]}` says for what"
        return f"waits in the pool {row.pool} for a worker: `weft worker start --pool {row.pool}`"
    asked = ledger.input_requests(row.id, open_only=True)
    if asked:
        return f"waits for a person: {', '.join(each.message or each.key for each in reversed(asked))}"
    return row.reason


# --- versions ---------------------------------------------------------------------------------------------------------


def versions(
    world: worlds.World, asset: keys.AssetKey, chosen: str | None, *, limit: int | None = None
) -> list[views.VersionView]:
    """The versions of an asset, newest first; of these partitions, where they are given.

    Raises:
        UsageError: a wrong partition.
    """
    named = partition_keys(world, asset, chosen)
    rows = world.ledger.versions(asset, named, limit=limit)
    return [version_view(row) for row in rows]


def version_view(row: ledgers.VersionRow) -> views.VersionView:
    """A version of a partition as it is shown."""
    return views.VersionView(
        version=views.version_name(row.id),
        partition=row.key or None,
        data_version=row.data_version,
        code_version=row.code,
        run=row.run or None,
        at=views.time_of_us(row.at) or "",
        current=row.current,
        state="current" if row.current else row.state or "superseded",
    )


def one_asset(world: worlds.World, expression: str) -> keys.AssetKey:
    """The one asset that an expression selects.

    Raises:
        UsageError: it selects none or several.
    """
    from weft.service.plan import planning

    found = planning.select(world, expression)
    if len(found) == 1:
        return found[0]
    raise errors.UsageError(
        f"{expression!r} selects {len(found)} assets" + (f": {', '.join(found[:5])}." if found else "."),
        remedy="Name one asset; `weft ls` shows all." if not found else "Name one of them.",
    )


def chosen_partitions(
    world: worlds.World, asset: keys.AssetKey, chosen: str | None
) -> partition_set.PartitionSet | None:
    """The ordinals that `--partitions` means for an asset; None where it is not given.

    Raises:
        UsageError: a key is wrong, or the asset has no partitions.
    """
    if chosen is None:
        return None
    return partitions.parse_selection(chosen, world.graph.assets[asset].partitions, world.clock.now())


def partition_keys(world: worlds.World, asset: keys.AssetKey, chosen: str | None) -> list[str] | None:
    """The keys that `--partitions` means for an asset; an orphaned key may be named as it is."""
    if chosen is None:
        return None
    definition = world.graph.assets[asset].partitions
    if definition is not None and definition.find(chosen) is None and chosen in world.ledger.partition_keys(asset):
        return [chosen]
    ordinals = chosen_partitions(world, asset, chosen)
    return definition.keys(ordinals) if definition is not None and ordinals is not None else None


# --- events -----------------------------------------------------------------------------------------------------------


def event_lines(
    ledger: ledgers.Reader, run: str | None, *, after: int = 0, limit: int | None = None
) -> Iterator[dict[str, object]]:
    """The events of the log as plain values, each with its position and time."""
    for position, at, event in ledger.events(run, after=after, limit=limit):
        body: dict[str, object] = msgspec.json.decode(codec.encode(event))  # metadata is JSON text within
        yield event_line(position, views.time_of_us(at), body)


def event_line(position: int, at: str | None, body: Mapping[str, object]) -> dict[str, object]:
    """An event as a plain value; a time that it has itself, in microseconds, stands as `moment`."""
    own = {"moment" if name == "at" else name: value for name, value in body.items()}
    return {"position": position, "at": at, **own}


def steps_of(graph: graphs.Graph, asset: keys.AssetKey) -> list[str]:
    """The steps whose attempts an asset's logs come from."""
    step = graph.assets[asset].step
    return [step] if step is not None else [asset]
