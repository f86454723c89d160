"""Looking at external assets: their observers run and the ledger learns the data versions that they return."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import msgspec

from weft.ledger import codec
from weft.model import errors, events, keys
from weft.planner import found as findings
from weft.ports import executor as executors
from weft.service import world as worlds
from weft.service.asset import observing
from weft.service.plan import planning


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """What an observer said of one partition of an external asset."""

    asset: str
    partition: str | None
    data_version: str
    changed: bool


def refresh(world: worlds.World, selection: str | None, *, executor: str = "inline") -> list[Observation]:
    """Observe the external assets that a selection is made from, and record those that changed.

    Raises:
        UsageError: a wrong selection.
        WeftError: an observer failed; what the others said is recorded.
    """
    graph = world.graph
    scope = observing.above(graph, planning.select(world, selection))
    external = [asset for asset in graph.assets if asset in set(scope) and graph.assets[asset].observable]
    if not external:
        return []
    reports, assignments = run_all(world, _assignments(world, external), executor=executor)
    known = world.ledger.columns(
        {asset: graph.assets[asset].partitions for asset in external}, external=frozenset(external)
    )
    found: list[Observation] = []
    batch: list[events.Event] = []
    failed: list[str] = []
    for report in reports:
        given = assignments[report.id]
        asset, definition = given.outputs[0], graph.assets[given.outputs[0]].partitions
        if report.outcome != "succeeded":
            told = report.error.told if report.error else report.outcome
            failed.append(f"{_name(asset, given.partition)}: {told}")
            continue
        output = report.outputs[0]
        version = output.value.data_version
        ordinal = definition.ordinal(given.partition) if definition is not None and given.partition is not None else 0
        changed = known[asset].token_of(ordinal) != codec.token(version)
        found.append(Observation(asset=asset, partition=given.partition, data_version=version, changed=changed))
        if changed:
            batch.append(
                events.Observed(asset=asset, data_version=version, partition=given.partition, metadata=output.metadata)
            )
    if batch:
        world.ledger.append(batch)
    if failed:
        raise errors.WeftError(
            "\n  ".join(["Some external assets could not be observed:", *failed]),
            remedy="Mend the observers, or plan without --refresh.",
        )
    return found


def _name(asset: keys.AssetKey, partition: keys.PartitionKey) -> str:
    return asset if partition is None else f"{asset}[{partition}]"


def _assignments(world: worlds.World, external: Sequence[keys.AssetKey]) -> list[executors.Assignment]:
    run = f"observe-{secrets.token_hex(6)}"
    now = world.clock.now()
    found: list[executors.Assignment] = []
    for asset in external:
        definition = world.graph.assets[asset].partitions
        named: list[keys.PartitionKey] = [None]
        if definition is not None:
            named = list(definition.keys(findings.universe(definition, now)))
        for partition in named:
            number = len(found)
            found.append(
                executors.Assignment(
                    id=number, run=run, step=asset, partition=partition, attempt=1, tag=f"{run}.{number}", code="",
                    outputs=(asset,), inputs=(),
                )
            )  # fmt: skip
    return found


def run_all(
    world: worlds.World,
    assignments: Sequence[executors.Assignment],
    *,
    executor: str | None = None,
    jobs: int | None = None,
) -> tuple[list[executors.AttemptReport], dict[int, executors.Assignment]]:
    """Run assignments outside of any run, as checks and observers do; returns their reports in order."""
    made = world.make_executor(executor or world.settings.executor, jobs or world.settings.jobs, None)
    waiting = list(reversed(assignments))
    reports: dict[int, executors.AttemptReport] = {}
    by_id = {each.id: each for each in assignments}
    made.start()
    try:
        while len(reports) < len(by_id):
            room = min(made.room(exclusive=False), len(waiting))
            if room > 0:
                made.submit([waiting.pop() for _ in range(room)])
            for report in made.poll(None):
                if report.outcome in ("unstarted", "lost"):
                    waiting.append(by_id[report.id])
                else:
                    reports[report.id] = report
    finally:
        made.close()
    return [reports[each.id] for each in assignments], by_id
