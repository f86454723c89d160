"""A plan for people: a line for each step with its partitions and first cause, and what is left alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from weft.model import graph as graphs
from weft.model import plan
from weft.surfaces.cli import screen

_MOST_LINES = 30


def show(
    out: screen.Screen, graph: graphs.Graph, made: plan.Plan, *, explain: bool = False, everything: bool = False
) -> None:
    """Write a plan."""
    rows: list[tuple[str, str, str, str, Sequence[plan.Cause]]] = []
    for line in made.steps:
        name = line.outputs[0] if len(line.outputs) == 1 else line.step
        definition = graph.steps[line.step].partitions
        rows.append(
            (
                screen.MARKS[line.status] if line.status != "fresh" else "*",
                name,
                screen.partitions_text(definition, line.ordinals),
                _why(line),
                line.causes,
            )
        )
    for held, mark in _held(made):
        definition = graph.assets[held.asset].partitions
        text = f"{'waits for a decision' if mark == '?' else held.status}: {_first(held.causes)}"
        rows.append((mark, held.asset, screen.partitions_text(definition, held.ordinals), text, held.causes))
    shown = rows if everything or len(rows) <= _MOST_LINES + 5 else rows[:_MOST_LINES]
    _rows(out, shown, explain=explain)
    if len(shown) < len(rows):
        out.line(f"  … and {screen.plural(len(rows) - len(shown), 'more line')} (--all shows them)")
    if made.fresh:
        out.line("  " + out.paint("=", "fresh") + f" {screen.plural(made.fresh, 'partition')} fresh")


def _rows(
    out: screen.Screen, rows: Sequence[tuple[str, str, str, str, Sequence[plan.Cause]]], *, explain: bool
) -> None:
    if not rows:
        return
    words = {
        "*": "running",
        "!": "failed",
        "x": "blocked",
        "+": "missing",
        "~": "stale",
        "▶": "running",
        "?": "stale",
        "-": "failed",
    }
    names = min(max(len(row[1]) for row in rows), 40)
    keys = min(max(len(row[2]) for row in rows), 34)
    for mark, name, partitions, why, causes in rows:
        head = f"{name.ljust(names)}  {partitions.ljust(keys)}" if keys else name.ljust(names)
        room = out.width - len(head) - 6
        told = screen.fit(why, room) if room >= 24 else why
        if room >= 24:
            out.line(f"  {out.paint(mark, words[mark], bold=True)} {head}  {told}".rstrip())
        else:
            out.line(f"  {out.paint(mark, words[mark], bold=True)} {head}".rstrip())
            out.line(f"      {screen.fit(why, out.width - 6)}")
        if explain:
            for cause in causes:
                _explain(out, cause)


def _held(made: plan.Plan) -> Iterable[tuple[plan.Held, str]]:
    for held in made.rejected:
        yield held, "-"
    for held in made.blocked:
        yield held, "x"
    for held in made.undecided:
        yield held, "?"
    for held in made.running:
        yield held, "▶"


def _why(line: plan.PlanStep) -> str:
    head = "if inputs change" if line.run_if == "inputs_changed" else line.status
    if not line.causes:
        return head
    first = line.causes[0]
    if first.kind == "missing":
        return head
    if first.kind == "forced":
        return "asked for"
    return f"{head}: {_first(line.causes)}"


def _first(causes: Sequence[plan.Cause]) -> str:
    if not causes:
        return ""
    more = f" (and {screen.plural(len(causes) - 1, 'more cause')})" if len(causes) > 1 else ""
    return cause_text(causes[0]) + more


def cause_text(cause: plan.Cause) -> str:
    """A cause in one line."""
    subject = f"{cause.subject}[{cause.partition}]" if cause.partition is not None else cause.subject
    where = f" by run {cause.run}" if cause.run else ""
    when = f" {screen.moment(cause.at)}" if cause.at else ""
    match cause.kind:
        case "missing":
            return f"{subject} has no data"
        case "failed":
            return f"{cause.detail or 'the last attempt failed'}" + (f" (run {cause.run})" if cause.run else "")
        case "check_failed":
            return cause.detail + (f" (run {cause.run})" if cause.run else "")
        case "code_changed":
            return cause.detail or f"{cause.subject} changed"
        case "data_changed" | "dependency_changed":
            return f"{subject} {cause.detail}{when}{where}"
        case "upstream":
            root = f", because {cause_text(cause.root)}" if cause.root is not None else ""
            return f"{subject} {cause.detail}{root}"
        case "overdue":
            return f"{subject} is {cause.detail}" + (f", last made{when}" if when else "")
        case "blocked":
            return f"{subject}: {cause.detail}"
        case "running":
            return f"run {cause.run} is making it"
        case "forced":
            return "asked for"


def _explain(out: screen.Screen, cause: plan.Cause) -> None:
    depth = 3
    current: plan.Cause | None = cause
    while current is not None:
        text = cause_text(current if current.root is None else _alone(current))
        out.line("  " * depth + out.faint("└ " + screen.fit(text, max(30, out.width - 2 * depth - 2))))
        depth += 1
        current = current.root


def _alone(cause: plan.Cause) -> plan.Cause:
    from dataclasses import replace

    return replace(cause, root=None)


def total(made: plan.Plan) -> str:
    """How much a plan runs, and for how long."""
    sure = sum(line.count for line in made.steps if line.run_if == "always")
    perhaps = made.count - sure
    told = screen.plural(made.count, "step")
    if perhaps and sure:
        told += f" ({perhaps:,} only if inputs change)"
    elif perhaps:
        told += " (only if inputs change)"
    if made.estimate_seconds >= 0.05:
        told += f", about {screen.seconds(made.estimate_seconds)}"
    return told


def nothing_to_do(made: plan.Plan) -> str:
    """What to say where nothing is to run."""
    held = partition_count(made.blocked) + partition_count(made.rejected) + partition_count(made.undecided)
    if partition_count(made.running):
        return "Nothing to do: what is not fresh is being made by another run (`weft runs`)."
    if held:
        return (
            f"Nothing to do, but {screen.plural(held, 'partition')} held back: mend the code or the data, "
            "or `weft accept` them."
        )
    return "Nothing to do: all is fresh."


def partition_count(held: Iterable[plan.Held]) -> int:
    """How many partitions these are."""
    return sum(len(each.ordinals) for each in held)
