"""`weft status`."""

from __future__ import annotations

import click

from weft.surfaces.cli import options, plan_text, program, screen

_MOST_CAUSES = 3
_MOST_NAMES = 5


@options.command
@options.selection()
@click.option("--explain", is_flag=True, help="Show every cause.")
@options.as_json
@options.place
def status(selection: str | None, explain: bool, as_json: bool) -> int:
    """Show where SELECTION (all assets by default) stands: partitions by status, last success, why.

    Examples:
      weft status
      weft status 'status:failed or status:stale'
      weft status group:trading --explain
      weft status --json
    """
    from weft.service import planning, views

    world = options.open_world()
    now = world.clock.now()
    found = planning.statuses(world, planning.select(world, selection), now=now)
    if as_json:
        screen.json_line([views.status_view(world.graph, each) for each in found.values()])
        return program.DONE
    out = screen.Screen()
    if not found:
        out.line("Nothing is selected." if selection is not None else "There are no assets yet.")
        return program.DONE
    rows: list[tuple[str, ...]] = []
    words: list[str] = []
    for each in found.values():
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
        last = screen.moment(each.last_success, now=now)
        shape = "◇" if external else screen.SHAPES[each.status]
        rows.append((each.asset, f"{shape} {word}", "" if external else counts, last, causes))
        words.append(word)
    out.table(rows, head=("asset", "status", "partitions", "last success", "why"), words=words)
    gone = [] if selection is not None else sorted(set(world.ledger.versioned_assets()) - set(world.graph.assets))
    if gone:
        named = ", ".join(gone[:_MOST_NAMES]) + (
            f" and {len(gone) - _MOST_NAMES} more" if len(gone) > _MOST_NAMES else ""
        )
        out.line(f"No longer defined, though data of it is kept: {named}.")
    return program.DONE
