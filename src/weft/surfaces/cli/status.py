"""`weft status`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from weft.surfaces.cli import options, plan_text, program, screen

if TYPE_CHECKING:
    from weft.model import plan
    from weft.service import views
    from weft.service.plan import status_views

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
    from weft.service import views
    from weft.service.plan import status_views

    if (server := options.remote()) is not None:
        found = server.get("/statuses", status_views.StatusesView, select=selection)
    else:
        found = status_views.statuses(options.open_world(), selection)
    if as_json:
        screen.json_line(found.items)
        return program.DONE
    out = screen.Screen()
    if not found.items:
        out.line("Nothing is selected." if selection is not None else "There are no assets yet.")
        return program.DONE
    now = datetime.now(UTC)
    rows: list[tuple[str, ...]] = []
    words: list[str] = []
    cut: dict[str, list[str]] = {}
    for dead in found.interrupted:
        of = f" of {dead.partition}" if dead.partition is not None else ""
        short = screen.short(dead.run)
        told = f"run {short}{of} was interrupted: `weft resume {short}` goes on"
        cut.setdefault(dead.pipeline or "", []).append(told)
    for each in found.items:
        causes = [views.cause_of(cause) for cause in each.causes]
        if each.kind == "pipeline":
            row, word = _pipeline(each, causes, cut.get(each.asset, []), explain=explain)
            rows.append(row)
            words.append(word)
            continue
        word = "external" if each.external else each.status
        counts = ", ".join(f"{count:,} {name}" for name, count in each.counts.items()) if each.partitioned else ""
        if each.orphaned:
            counts += f", {len(each.orphaned):,} orphaned"
        texts = plan_text.texts(causes, most=len(causes) if explain else _MOST_CAUSES)
        told = "\n".join(part for part in (_freshness(each, now), *texts) if part)
        last = screen.moment(_time(each.last_success), now=now)
        shape = "◇" if each.external else screen.SHAPES[each.status]
        rows.append((each.asset, f"{shape} {word}", "" if each.external else counts, last, told))
        words.append(word)
    out.table(
        rows,
        head=(
            "asset or pipeline" if selection is None and _has_pipelines(found) else "asset",
            "status",
            "partitions",
            "last success",
            "why",
        ),
        words=words,
    )
    gone = found.gone
    if gone:
        named = ", ".join(gone[:_MOST_NAMES]) + (
            f" and {len(gone) - _MOST_NAMES} more" if len(gone) > _MOST_NAMES else ""
        )
        out.line(f"No longer defined, though data of it is kept: {named}.")
    return program.DONE


def _has_pipelines(found: status_views.StatusesView) -> bool:
    return any(each.kind == "pipeline" for each in found.items)


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None


def _freshness(status: views.StatusView, now: datetime) -> str:
    """How an asset stands to its freshness policy, where that is worth telling."""
    match status.freshness:
        case "late":
            return f"late since {screen.moment(_time(status.deadline), now=now)}"
        case "due_soon":
            return f"due soon: late from {screen.moment(_time(status.deadline), now=now)} on"
        case _:
            return ""


def _pipeline(
    view: views.StatusView, causes: Sequence[plan.Cause], cut: list[str], *, explain: bool
) -> tuple[tuple[str, ...], str]:
    """The row of a pipeline, and the word that colours it: its intervals, or else how its last run ended."""
    counts = ", ".join(f"{count:,} {name}" for name, count in view.counts.items())
    if view.counts:
        word = view.status
        shape = screen.SHAPES[word]
    else:
        word = view.last_outcome or "never run"
        shape = _SHAPES.get(word, "✗")
    told = [each.detail for each in causes if each.kind == "failed" and each.detail] or plan_text.texts(causes)
    why = "\n".join([*cut[:_MOST_CAUSES], *(told if explain else told[:_MOST_CAUSES])])
    last = screen.moment_of(view.last_success)
    return (view.asset, f"{shape} {word.replace('_', ' ')}", counts, last, why), word
