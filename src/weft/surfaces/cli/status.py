"""`weft status`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from weft.surfaces.cli import options, plan_text, program, screen

if TYPE_CHECKING:
    from weft.model import plan
    from weft.service import views

_MOST_CAUSES = 3
_MOST_NAMES = 5
_SHAPES = {"succeeded": "■", "never run": "□", "created": "□", "running": "▶", "suspended": "▶", "cancelling": "▶"}
"""Of pipelines without intervals, by how their last run ended or stands; any other is a failure's."""


@options.command
@options.selection()
@click.option("--explain", is_flag=True, help="Show every cause.")
@options.as_json
@options.place
def status(selection: str | None, explain: bool, as_json: bool) -> int:
    """Show where SELECTION (all assets and pipelines by default) stands: partitions by status, last success, why.

    A pipeline's partitions are the intervals that should have run by now.

    Examples:
      weft status
      weft status 'status:failed or status:stale'
      weft status group:trading --explain
      weft status --json
    """
    from weft.service import pipeline_views, planning, recovering
    from weft.service import views as shown

    world = options.open_world()
    now = world.clock.now()
    selected = list(planning.select(world, selection, pipelines=True))
    if selection is None:
        selected += world.graph.pipelines
    found = planning.statuses(world, selected, now=now)
    if as_json:
        screen.json_line(
            [
                pipeline_views.status_of(world, each)
                if each.asset in world.graph.pipelines
                else shown.status_view(world.graph, each)
                for each in found.values()
            ]
        )
        return program.DONE
    out = screen.Screen()
    if not found:
        out.line("Nothing is selected." if selection is not None else "There are no assets yet.")
        return program.DONE
    rows: list[tuple[str, ...]] = []
    words: list[str] = []
    cut: dict[str, list[str]] = {}
    for dead in recovering.interrupted(world) if world.graph.pipelines else ():
        of = f" of {dead.row.partition}" if dead.row.partition is not None else ""
        short = screen.short(dead.row.id)
        told = f"run {short}{of} was interrupted: `weft resume {short}` goes on"
        cut.setdefault(dead.row.pipeline or "", []).append(told)
    for name, each in found.items():
        if name in world.graph.pipelines:
            row, word = _pipeline(pipeline_views.status_of(world, each), each, now, cut.get(name, []), explain=explain)
            rows.append(row)
            words.append(word)
            continue
        external = world.graph.assets[each.asset].step is None
        word = "external" if external else each.status
        counts = (
            ", ".join(f"{len(ordinals):,} {name}" for name, ordinals in each.by_status.items())
            if each.partitioned
            else ""
        )
        if each.orphaned:
            counts += f", {len(each.orphaned):,} orphaned"
        causes = "\n".join(plan_text.texts(each.causes, most=len(each.causes) if explain else _MOST_CAUSES))
        causes = "\n".join(part for part in (_freshness(each, now), causes) if part)
        last = screen.moment(each.last_success, now=now)
        shape = "◇" if external else screen.SHAPES[each.status]
        rows.append((each.asset, f"{shape} {word}", "" if external else counts, last, causes))
        words.append(word)
    out.table(
        rows,
        head=(
            "asset" if selection is not None or not world.graph.pipelines else "asset or pipeline",
            "status",
            "partitions",
            "last success",
            "why",
        ),
        words=words,
    )
    gone = [] if selection is not None else sorted(set(world.ledger.versioned_assets()) - set(world.graph.assets))
    if gone:
        named = ", ".join(gone[:_MOST_NAMES]) + (
            f" and {len(gone) - _MOST_NAMES} more" if len(gone) > _MOST_NAMES else ""
        )
        out.line(f"No longer defined, though data of it is kept: {named}.")
    return program.DONE


def _freshness(status: plan.AssetStatus, now: datetime) -> str:
    """How an asset stands to its freshness policy, where that is worth telling."""
    match status.freshness:
        case "late":
            return f"late since {screen.moment(status.deadline, now=now)}"
        case "due_soon":
            return f"due soon: late from {screen.moment(status.deadline, now=now)} on"
        case _:
            return ""


def _pipeline(
    view: views.StatusView, status: plan.AssetStatus, now: datetime, cut: list[str], *, explain: bool
) -> tuple[tuple[str, ...], str]:
    """The row of a pipeline, and the word that colours it: its intervals, or else how its last run ended."""
    counts = ", ".join(f"{count:,} {name}" for name, count in view.counts.items())
    if view.counts:
        word = view.status
        shape = screen.SHAPES[status.status]
    else:
        word = view.last_outcome or "never run"
        shape = _SHAPES.get(word, "✗")
    told = [each.detail for each in view.causes if each.kind == "failed" and each.detail] or plan_text.texts(
        status.causes
    )
    causes = "\n".join([*cut[:_MOST_CAUSES], *(told if explain else told[:_MOST_CAUSES])])
    last = screen.moment_of(view.last_success)
    return (view.asset, f"{shape} {word.replace('_', ' ')}", counts, last, causes), word
