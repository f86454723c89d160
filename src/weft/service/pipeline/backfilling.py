"""The verb `backfill`: the runs of a range of a pipeline's intervals, as one execution that can be gone on with.

Which intervals are done is in the ledger, so the same command goes on after Ctrl-C or a crash: what succeeded is not
run again, and an interval whose run was interrupted goes on in that run.
"""

from __future__ import annotations

import secrets
import shlex
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from weft.model import errors, partition_set, partitions, pipelines
from weft.service import views
from weft.service import world as worlds
from weft.service.pipeline import interval_runs, intervals, pipeline_applying
from weft.service.pipeline import pipelines as runs
from weft.service.plan import applying, planning
from weft.service.run import driving

PartitionSet = partition_set.PartitionSet
Reprocess = Literal["missing", "failed", "all"]
REPROCESS: tuple[Reprocess, ...] = ("missing", "failed", "all")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A backfill that is asked for.

    `chosen` is a range, list or key of intervals. `reprocess`: "missing" runs what never succeeded nor failed, "failed"
    also what failed (its failed steps, and what is below), "all" everything anew.
    """

    name: str
    chosen: str
    reprocess: Reprocess = "missing"
    newest_first: bool = False
    concurrency: int = 1


class BackfillView(views.View, frozen=True, kw_only=True):
    """What a backfill did, or, as a dry run, would do: intervals in the order in which they run."""

    pipeline: str
    partitions: list[str]
    done_before: int
    execution: str | None
    outcome: str | None
    runs: list[views.ApplyView]
    seconds: float


Told = Callable[[views.ApplyView, int, int], None]
"""Told how each run ended, how many have, and how many there are."""


def backfill(
    world: worlds.World, ask: Ask, how: driving.How, *, dry_run: bool = False, told: Told | None = None
) -> BackfillView:
    """Run the intervals of a range that are to be run; an asset's partitions are made as `apply` makes them.

    Raises:
        UsageError: there is no such pipeline or asset, it has no partitions, or a key is wrong.
    """
    begun = time.monotonic()
    if ask.reprocess not in REPROCESS:
        raise errors.UsageError(f"reprocess is {ask.reprocess!r}.", remedy=f"It is one of: {', '.join(REPROCESS)}.")
    if ask.name not in world.graph.pipelines and ask.name in world.graph.assets:
        return _of_asset(world, ask, how, dry_run=dry_run)
    pipeline = runs.find(world, ask.name)
    definition = pipeline.partitions
    if definition is None:
        raise errors.UsageError(
            f"{pipeline.name} has no intervals, so there is no range of them to run.",
            remedy=f"Run it as it is (`weft run {pipeline.name}`), or give it a schedule with a start_date.",
        )
    words = ("--backfill", ask.chosen, "--reprocess", ask.reprocess)
    execution = _unfinished(world, pipeline, words)
    keys, failed, done = _todo(world, pipeline, definition, ask, execution)
    view = BackfillView(
        pipeline=pipeline.name, partitions=keys, done_before=done, execution=None, outcome=None, runs=[], seconds=0.0
    )
    if dry_run or not keys:
        return view
    execution = execution or secrets.token_hex(6)
    results: list[views.ApplyView] = []

    def each(result: views.ApplyView) -> None:
        results.append(result)
        if told is not None:
            told(result, len(results), len(keys))

    wanted = [(key, key in failed) for key in keys]

    def ended() -> bool:
        return any(result.outcome == "cancelled" for result in results)

    asked = interval_runs.Asked(
        pipeline=pipeline.name,
        execution=execution,
        trigger="backfill",
        words=words,
        anew=ask.reprocess == "all",
        concurrency=ask.concurrency,
    )
    interval_runs.run(world, asked, wanted, how, each=each, ended=ended)
    whole = pipeline_applying.summed_up(results, begun)
    return BackfillView(
        pipeline=pipeline.name,
        partitions=keys,
        done_before=done,
        execution=execution,
        outcome=whole.outcome,
        runs=results,
        seconds=whole.seconds,
    )


def _todo(
    world: worlds.World,
    pipeline: pipelines.Pipeline,
    definition: partitions.Partitions,
    ask: Ask,
    execution: str | None,
) -> tuple[list[str], set[str], int]:
    """The intervals to run in their order, those of them that failed before, and how many are done already."""
    chosen = partitions.parse_selection(ask.chosen, definition, world.clock.now())
    known = intervals.columns(world, pipeline)
    failed = PartitionSet.of(sorted(known.failed)) & chosen
    good = known.materialized() - failed
    match ask.reprocess:
        case "missing":
            todo = chosen - good - failed
        case "failed":
            todo = chosen - good
        case "all":
            ended = _ended_in(world, pipeline, execution) if execution is not None else set()
            todo = chosen - PartitionSet.of(sorted(definition.ordinal(key) for key in ended))
    keys = definition.keys(todo)
    again = set(definition.keys(failed & todo)) if ask.reprocess == "failed" else set()
    if ask.newest_first:
        keys.reverse()
    return keys, again, len(chosen) - len(todo)


def _unfinished(world: worlds.World, pipeline: pipelines.Pipeline, words: Sequence[str]) -> str | None:
    """The execution of the very same backfill that was cut short, if there is one."""
    request = shlex.join(words)
    rows = [row for row in world.ledger.runs(pipeline=pipeline.name) if row.request.endswith(request)]
    if not rows:
        return None
    last = rows[0].execution
    assert pipeline.partitions is not None
    wanted = partitions.parse_selection(words[1], pipeline.partitions, world.clock.now())
    return last if len(_ended_in(world, pipeline, last)) < len(wanted) else None


def _ended_in(world: worlds.World, pipeline: pipelines.Pipeline, execution: str) -> set[str]:
    """The intervals whose run in an execution came to its end by itself."""
    return {
        row.partition
        for row in world.ledger.runs(pipeline=pipeline.name)
        if row.execution == execution
        and row.partition is not None
        and row.outcome is not None
        and row.outcome not in ("cancelled", "crashed")
    }


def _of_asset(world: worlds.World, ask: Ask, how: driving.How, *, dry_run: bool) -> BackfillView:
    """Backfill an asset: its partitions in the range that are not fresh, with what they need; or all of them anew."""
    begun = time.monotonic()
    request = planning.Ask(selection=ask.name, partitions=ask.chosen, exact=ask.reprocess == "all")
    made = planning.make_plan(world, request)
    definition = world.graph.assets[ask.name].partitions
    lines = [line for line in made.steps if ask.name in line.outputs]
    keys = [key for line in lines for key in (definition.keys(line.ordinals) if definition is not None else [])]
    if dry_run or not made.steps:
        return BackfillView(
            pipeline=ask.name, partitions=keys, done_before=0, execution=None, outcome=None, runs=[], seconds=0.0
        )
    result = applying.apply(world, made, how, ask=request)
    return BackfillView(
        pipeline=ask.name,
        partitions=keys,
        done_before=0,
        execution=result.run,
        outcome=result.outcome,
        runs=[result],
        seconds=time.monotonic() - begun,
    )
