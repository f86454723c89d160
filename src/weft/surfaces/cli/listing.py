"""`weft ls`."""

from __future__ import annotations

from weft.surfaces.cli import options, program, screen


@options.command
@options.selection()
@options.as_json
@options.place
def ls(selection: str | None, as_json: bool) -> int:
    """Show the assets that SELECTION selects (all by default), each after what it is made from.

    Selections:
      name   +name (all above)   name+ (all below)   +a+2   "a/*"
      group:  tag:  owner:  kind:  key:  job:  status:stale|failed|missing|overdue
      and  or  not  ( )

    Examples:
      weft ls
      weft ls 'raw_trades+ and not group:reports'
      weft ls status:failed --json
    """
    from weft.service.plan import status_views

    if (server := options.remote()) is not None:
        found = server.items("/selection", status_views.SelectedView, select=selection)
    else:
        found = status_views.selected(options.open_world(), selection)
    if as_json:
        screen.json_line(found)
        return program.DONE
    out = screen.Screen()
    if not found:
        out.line("Nothing is selected." if selection is not None else "There are no assets yet.")
        return program.DONE
    rows = [
        (
            asset.key,
            "external" if asset.kind == "external" else ", ".join(asset.kinds) or "asset",
            asset.group,
            "none" if asset.partition_count is None else f"{asset.partitioned_by}, {asset.partition_count:,}",
            ", ".join(asset.owners),
            (asset.description.strip().splitlines() or [""])[0],
        )
        for asset in found
    ]
    head = ("key", "kind", "group", "partitions", "owners", "description")
    # a column that says the same of all says nothing
    kept = [
        place for place in range(6) if place == 0 or {row[place] for row in rows} - {"", "asset", "default", "none"}
    ]
    out.table([[row[place] for place in kept] for row in rows], head=[head[place] for place in kept])
    return program.DONE
