"""A pipeline's steps as a graph, and its latest runs with where each step stands in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from weft.model import pipelines
from weft.ports import ledger as ledgers
from weft.service import views

_MOST_ITEMS = 200_000
"""Items of an answer, over all its runs."""
_MOST_NUMBER = 10_000_000


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


class ItemsOfRun(views.View, frozen=True, kw_only=True):
    """The items of a step in one run: `[first, end, word]` for those next to each other that stand alike.

    What is in no stretch has not begun.
    """

    run: str
    stretches: list[tuple[int, int, str]]


class GridItems(views.View, frozen=True, kw_only=True):
    """The items of one step in several runs, in order. `names` is None where they are the numbers from 0 on."""

    step: str
    count: int
    names: list[str] | None
    runs: list[ItemsOfRun]


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


def items(ledger: ledgers.Ledger, pipeline: str, task: str, runs: Sequence[str]) -> GridItems:
    """Where the items of a step stand in runs of a pipeline; of the runs as many as one answer holds, at least one."""
    step = f"{pipeline}:{task}"
    words: dict[str, list[tuple[str, str]]] = {}
    known = total = 0
    for run in dict.fromkeys(runs):
        found = ledger.step_words(run, step)
        total += len(found)
        if words and total > _MOST_ITEMS:
            break
        words[run] = found
        known = max(known, ledger.step_counts(run).get((step, ""), 0))
    given = {name for found in words.values() for name, _ in found}
    numbers = _numbers(given)
    names = None if numbers is not None else sorted(given, key=_order)
    places = numbers if numbers is not None else {name: place for place, name in enumerate(names or ())}
    return GridItems(
        step=task,
        count=max(known, max(places.values(), default=-1) + 1) if names is None else len(names),
        names=names,
        runs=[
            ItemsOfRun(run=run, stretches=_stretches((places[name], word) for name, word in found))
            for run, found in words.items()
        ],
    )


def _numbers(names: Iterable[str]) -> dict[str, int] | None:
    """The items by the number that each is; None where one of them is none."""
    found = {name: int(name) for name in names if name.isascii() and name.isdecimal() and len(name) < 9}
    plain = all(str(number) == name and number < _MOST_NUMBER for name, number in found.items())
    return found if plain and len(found) == len(set(names)) else None


def _order(name: str) -> tuple[tuple[bool, int, str], ...]:
    """By number, level by level; what is no number comes before, by its letters."""
    return tuple((part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in name.split("."))


def _stretches(placed: Iterable[tuple[int, str]]) -> list[tuple[int, int, str]]:
    found: list[tuple[int, int, str]] = []
    for place, word in sorted(placed):
        if found and found[-1][1] == place and found[-1][2] == word:
            found[-1] = (found[-1][0], place + 1, word)
        else:
            found.append((place, place + 1, word))
    return found
