"""A plan for people: a line for each step with its partitions and first cause, and what is left alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from weft.model import plan
from weft.surfaces.cli import screen

if TYPE_CHECKING:
    from weft.service.plan import plan_outlines

_MOST_CAUSES = 6
_COLOURS = {
    "*": "running", "!": "failed", "x": "blocked", "+": "missing", "~": "stale", "▶": "running", "?": "stale",
    "-": "failed",
}  # fmt: skip


def show(
    out: screen.Screen, made: plan_outlines.PlanOutline, *, explain: bool = False, everything: bool = False
) -> None:
    """Write a plan: as much of it as a screen holds, and how much more there is, unless `everything` is to be shown."""
    room = None if everything else out.height - 5
    shown = _rows(out, made.rows, explain=explain, room=room)
    if shown < len(made.rows):
        out.line(f"  … and {screen.plural(len(made.rows) - shown, 'more line')} (`weft plan --all` shows them)")
    if made.fresh:
        out.line("  " + out.paint("=", "fresh") + f" {screen.plural(made.fresh, 'partition')} fresh")


def _rows(out: screen.Screen, rows: Sequence[plan_outlines.OutlineRow], *, explain: bool, room: int | None) -> int:
    """Write rows until there is no room for another one; how many were written."""
    names = min(max((len(row.name) for row in rows), default=0), 40)
    keys = min(max((len(row.partitions) for row in rows), default=0), 40)
    used = 0
    for number, row in enumerate(rows):
        causes = _causes(row)
        lines = _lines(out, row, causes, names, keys)
        if explain:
            lines += [line for cause in causes for line in _explained(out, cause)]
        # the line that counts the rest is worth no more than one more row
        if room is not None and number and used + len(lines) > room - (number < len(rows) - 1):
            return number
        for line in lines:
            out.line(line)
        used += len(lines)
    return len(rows)


def _causes(row: plan_outlines.OutlineRow) -> list[plan.Cause]:
    from weft.service import views

    return [views.cause_of(each) for each in row.causes]


def _lines(
    out: screen.Screen, row: plan_outlines.OutlineRow, causes: Sequence[plan.Cause], names: int, keys: int
) -> list[str]:
    start = f"{row.name.ljust(names)}  {row.partitions.ljust(keys)}" if keys else row.name.ljust(names)
    room = out.width - len(start) - 6
    told = texts(causes)
    beside, below = screen.placed(screen.reason(row.head, told, room), room)
    lines = [f"  {out.paint(row.mark, _COLOURS[row.mark], bold=True)} {start}  {beside}".rstrip()]
    if below:
        lines += [f"      {line}" for line in screen.reason(row.head, told, out.width - 6)]
    return lines


_TELLING: tuple[plan.CauseKind, ...] = (
    "running", "failed", "check_failed", "blocked", "code_changed", "dependency_changed", "data_changed", "overdue",
    "upstream",
)  # fmt: skip


def texts(causes: Sequence[plan.Cause], *, most: int = _MOST_CAUSES) -> list[str]:
    """Causes in words, the most telling first, each once; that there is no data or it was asked for is said elsewhere.

    Where several attempts or checks failed differently, it is told of which partitions.
    """
    telling = sorted((each for each in causes if each.kind in _TELLING), key=lambda each: _TELLING.index(each.kind))
    differ = len({each.detail for each in telling if each.kind in ("failed", "check_failed")}) > 1
    found: dict[str, None] = {}
    roots: set[str] = set()
    for cause in telling:
        if cause.kind == "upstream" and cause.root is not None:
            root = cause_text(cause.root)
            told = cause_text(_alone(cause)) if root in roots or root in found else cause_text(cause)
            roots.add(root)
        else:
            told = cause_text(cause)
        if differ and cause.kind in ("failed", "check_failed") and cause.partition is not None:
            told = f"{cause.partition}: {told}"
        found[told] = None
    told_ones = list(found)
    if len(told_ones) <= most:
        return told_ones
    return [*told_ones[:most], f"and {screen.plural(len(told_ones) - most, 'more cause')} (--explain shows them)"]


def cause_text(cause: plan.Cause) -> str:
    """A cause in one line."""
    subject = f"{cause.subject}[{cause.partition}]" if cause.partition is not None else cause.subject
    where = f" by run {screen.short(cause.run)}" if cause.run else ""
    during = f" (run {screen.short(cause.run)})" if cause.run else ""
    when = f" {screen.moment(cause.at)}" if cause.at else ""
    match cause.kind:
        case "missing":
            return f"{subject} has no data"
        case "failed":
            return f"{cause.detail or 'the last attempt failed'}{during}"
        case "check_failed":
            return f"{cause.detail.removeprefix('CheckFailed: ')}{during}"
        case "code_changed":
            return cause.detail or f"{cause.subject} changed"
        case "data_changed" | "dependency_changed":
            return f"{subject} {cause.detail}{when}{where}"
        case "upstream":
            root = f", because {cause_text(cause.root)}" if cause.root is not None else ""
            return f"{subject} {cause.detail}{root}"
        case "overdue":
            return f"{subject} is {cause.detail}" + (f", last made{when}" if when else ", never made")
        case "blocked":
            if cause.root is None:
                return f"{subject}: {cause.detail}"
            itself = "" if cause.root.subject == cause.subject else f" is held back itself, by {cause.root.subject}"
            return f"{subject}{itself}: {cause_text(cause.root)}"
        case "running":
            return f"run {screen.short(cause.run or '')} is making it"
        case "forced":
            return "asked for"


def _explained(out: screen.Screen, cause: plan.Cause) -> list[str]:
    """The chain of a cause to its root, each link below the one that it explains."""
    lines: list[str] = []
    depth = 6
    current: plan.Cause | None = cause
    while current is not None:
        text = cause_text(_alone(current))
        first, *more = screen.reason("", [text], max(30, out.width - depth - 2))
        lines += [" " * depth + out.faint(f"└ {first}"), *(" " * (depth + 2) + out.faint(each) for each in more)]
        depth += 2
        current = current.root
    return lines


def _alone(cause: plan.Cause) -> plan.Cause:
    return replace(cause, root=None)


def total(made: plan_outlines.PlanOutline) -> str:
    """How much a plan runs, steps of assets and runs of pipelines, and for how long."""
    runs, sure = made.runs, made.sure
    perhaps = made.count - sure - runs
    told = screen.plural(made.count - runs, "step")
    if perhaps and sure:
        told += f" ({perhaps:,} only if inputs change)"
    elif perhaps:
        told += " (only if inputs change)"
    if runs:
        of = screen.plural(runs, "run") if runs == made.count else f"{screen.plural(runs, 'run')} of pipelines"
        unsure = made.unsure_runs
        if unsure:
            of += " (only if inputs change)" if unsure == runs else f" ({unsure:,} only if inputs change)"
        told = of if runs == made.count else f"{told} and {of}"
    if made.estimate_seconds >= 0.05:
        told += f", about {screen.seconds(made.estimate_seconds)}"
    return told


def nothing_to_do(made: plan_outlines.PlanOutline) -> str:
    """What to say where nothing is to run; the hints are told below it."""
    if made.running:
        return "Nothing to do: what is not fresh is being made by another run (`weft runs`)."
    if made.held:
        return (
            f"Nothing to do, but {screen.plural(made.held, 'partition')} held back.\n"
            "  Mend the code or the data and plan again, or `weft accept` what is fine."
        )
    if made.hints and made.everything and made.fresh:
        return "Nothing to do: all assets are fresh."
    return "Nothing to do." if made.hints else "Nothing to do: all is fresh."
