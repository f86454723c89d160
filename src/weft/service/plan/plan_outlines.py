"""A plan in outline: a line for each step with its partitions in few words, and counts; what people are shown of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from weft.model import partition_set, partitions, plan
from weft.service import views
from weft.service import world as worlds
from weft.service.plan import hints

Mark = Literal["*", "!", "x", "+", "~", "▶", "?", "-", "="]
_MARKS: dict[str, Mark] = {
    "failed": "!", "blocked": "x", "missing": "+", "stale": "~", "overdue": "~", "running": "▶", "fresh": "*",
}  # fmt: skip
_HEADS = {"?": "waits for a decision", "-": "rejected"}


class OutlineRow(views.View, frozen=True, kw_only=True):
    """One line: a step that runs, or an asset that is left alone. `head` says in short where it stands."""

    mark: Mark
    name: str
    partitions: str
    """In few words: `2024-01-01..2024-01-31 (31)`; empty without partitions."""
    head: str
    causes: list[views.CauseView]
    kind: Literal["asset", "pipeline", "step"] = "asset"
    """What `name` names; a step where it makes several assets."""
    outputs: tuple[str, ...] = ()
    """The assets that it makes."""
    count: int = 0
    """How many partitions or intervals it stands for; 1 without partitions."""
    estimate_seconds: float = 0.0
    after: tuple[str, ...] = ()
    """The names of the other lines of this plan that make what it reads."""


class PlanOutline(views.View, frozen=True, kw_only=True):
    """A plan in outline.

    `count` is how many step runs and intervals it has: `sure` steps of assets, and `runs` of pipelines, of which
    `unsure_runs` only if inputs change. `held` and `running` count the partitions that are left alone.
    """

    rows: list[OutlineRow]
    fresh: int
    count: int
    sure: int
    runs: int
    unsure_runs: int
    estimate_seconds: float
    held: int
    running: int
    everything: bool
    """Whether it is of all assets."""
    hints: list[str]
    """What it leaves out that one may not expect, in sentences."""


def of(world: worlds.World, made: plan.Plan) -> PlanOutline:
    """A plan in outline."""
    graph = world.planned
    names = {line.step: line.outputs[0] if len(line.outputs) == 1 else line.step for line in made.steps}
    rows = [
        OutlineRow(
            mark=_MARKS[line.status],
            name=names[line.step],
            partitions=in_few_words(graph.steps[line.step].partitions, line.ordinals),
            head=_head(line),
            causes=[views.cause_view(each) for each in line.causes],
            kind=_kind(world, line),
            outputs=() if line.step in world.graph.pipelines else line.outputs,
            count=line.count,
            estimate_seconds=line.estimate_seconds,
            after=tuple(dict.fromkeys(names[each] for each in graph.producers_of(line.step) if each in names)),
        )
        for line in made.steps
    ]
    rows += [
        OutlineRow(
            mark=mark,
            name=held.asset,
            partitions=in_few_words(graph.assets[held.asset].partitions, held.ordinals),
            head=_HEADS.get(mark, held.status),
            causes=[views.cause_view(each) for each in held.causes],
            kind="pipeline" if held.asset in world.graph.pipelines else "asset",
            outputs=() if held.asset in world.graph.pipelines else (held.asset,),
            count=len(held.ordinals),
        )
        for held, mark in _held(made)
    ]
    pipelines = world.graph.pipelines
    runs = [line for line in made.steps if line.step in pipelines]
    return PlanOutline(
        rows=rows,
        fresh=made.fresh,
        count=made.count,
        sure=sum(line.count for line in made.steps if line.run_if == "always" and line.step not in pipelines),
        runs=sum(line.count for line in runs),
        unsure_runs=sum(line.count for line in runs if line.run_if != "always"),
        estimate_seconds=made.estimate_seconds,
        held=_count(made.blocked) + _count(made.rejected) + _count(made.undecided),
        running=_count(made.running),
        everything=made.request.selection is None,
        hints=hints.hints(world, made),
    )


def _kind(world: worlds.World, line: plan.PlanStep) -> Literal["asset", "pipeline", "step"]:
    if line.step in world.graph.pipelines:
        return "pipeline"
    return "asset" if len(line.outputs) == 1 else "step"


def _held(made: plan.Plan) -> Iterable[tuple[plan.Held, Mark]]:
    for held in made.rejected:
        yield held, "-"
    for held in made.blocked:
        yield held, "x"
    for held in made.undecided:
        yield held, "?"
    for held in made.running:
        yield held, "▶"


def _head(line: plan.PlanStep) -> str:
    if any(cause.kind == "forced" for cause in line.causes):
        return "asked for" if line.status in ("fresh", "missing") else f"asked for, and {line.status}"
    return "if inputs change" if line.run_if == "inputs_changed" else line.status


def _count(held: Iterable[plan.Held]) -> int:
    return sum(len(each.ordinals) for each in held)


def in_few_words(
    definition: partitions.Partitions | None, ordinals: partition_set.PartitionSet, *, most: int = 3
) -> str:
    """Partitions in few words: `2024-01-10`, `2024-01-01..2024-01-31 (31)`, `a, b and 7 more`."""
    if definition is None or not ordinals:
        return ""
    parts: list[str] = []
    ranges = ordinals.ranges()
    for start, stop in ranges[:most]:
        if stop - start == 1:
            parts.append(definition.key(start))
        elif stop - start == 2 and len(ranges) <= most:
            parts += [definition.key(start), definition.key(stop - 1)]
        else:
            parts.append(f"{definition.key(start)}..{definition.key(stop - 1)}")
    if len(ranges) > most:
        shown = sum(stop - start for start, stop in ranges[:most])
        return f"{', '.join(parts)} and {len(ordinals) - shown:,} more ({len(ordinals):,})"
    told = ", ".join(parts)
    return told if len(ordinals) == len(parts) else f"{told} ({len(ordinals):,})"
