"""A pipeline's steps as a graph, and its latest runs with where each step stands in them."""

from __future__ import annotations

import msgspec

from weft.model import pipelines
from weft.ports import ledger as ledgers
from weft.service import views


class StepNode(views.View, frozen=True, kw_only=True):
    """A step of a pipeline. `rank` is its place in an order in which each comes after those above it."""

    task: str
    label: str
    operator: str
    group: str
    role: str
    mapped: bool
    trigger_rule: str
    rank: int


class StepEdge(views.View, frozen=True, kw_only=True):
    """`to` comes after `from_`; `value` where it reads what that returned."""

    from_: str = msgspec.field(name="from")
    to: str
    value: bool
    label: str


class GraphView(views.View, frozen=True, kw_only=True):
    """The steps of a pipeline; none for a flow, whose graph is revealed by running."""

    pipeline: str
    kind: str
    nodes: list[StepNode]
    edges: list[StepEdge]


class GridCell(views.View, frozen=True, kw_only=True):
    """How the step runs of one step stand in one run: how many have which outcome or phase."""

    counts: dict[str, int]
    attempts: int
    seconds: float


class GridRun(views.View, frozen=True, kw_only=True):
    """One run, and a cell for each of its steps that has begun or ended, by task."""

    run: views.RunView
    cells: dict[str, GridCell]


def graph(pipeline: pipelines.Pipeline) -> GraphView:
    """The steps of a pipeline and the edges between them."""
    return GraphView(
        pipeline=pipeline.name,
        kind=pipeline.kind,
        nodes=[
            StepNode(
                task=step.task,
                label=step.label,
                operator=step.operator,
                group=step.group,
                role=step.role,
                mapped=step.fan is not None,
                trigger_rule=step.rule,
                rank=rank,
            )
            for rank, step in enumerate(pipeline.steps.values())
        ],
        edges=[
            StepEdge(from_=pipeline.steps[edge.step].task, to=step.task, value=edge.value, label=edge.label)
            for step in pipeline.steps.values()
            for edge in step.after
            if edge.step in pipeline.steps
        ],
    )


def cells(ledger: ledgers.Ledger, run: str) -> dict[str, GridCell]:
    """Where the steps of a run stand, by task."""
    found: dict[str, GridCell] = {}
    for step, word, count, attempts, microseconds in ledger.step_tallies(run):
        task = step.partition(":")[2] or step
        before = found.get(task, GridCell(counts={}, attempts=0, seconds=0.0))
        found[task] = GridCell(
            counts={**before.counts, word: count},
            attempts=max(before.attempts, attempts),
            seconds=round(before.seconds + microseconds / 1e6, 6),
        )
    return found
