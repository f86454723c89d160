"""`weft ls`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from weft.surfaces.cli import options, program, screen

if TYPE_CHECKING:
    from weft.model import partitions

_KINDS = {"calendar": "sessions"}


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
    from weft.service import planning

    world = options.open_world()
    found = planning.select(world, selection)
    graph, now = world.graph, world.clock.now()
    if as_json:
        screen.json_line(
            [
                {
                    "key": asset.key,
                    "kind": "external" if asset.step is None else "asset",
                    "step": asset.step,
                    "group": asset.group,
                    "partitions": asset.partitions.describe() if asset.partitions is not None else None,
                    "owners": list(asset.owners),
                    "kinds": list(asset.kinds),
                    "tags": dict(asset.tags),
                    "description": asset.description,
                    "upstream": list(dict.fromkeys(graph.upstream(asset.key))),
                    "downstream": list(dict.fromkeys(graph.downstream(asset.key))),
                    "checks": [check.name for check in graph.checks_of.get(asset.key, ())],
                    "location": str(asset.location) if asset.location is not None else None,
                }
                for asset in (graph.assets[key] for key in found)
            ]
        )
        return program.DONE
    out = screen.Screen()
    if not found:
        out.line("Nothing is selected." if selection is not None else "There are no assets yet.")
        return program.DONE
    rows = [
        (
            asset.key,
            "external" if asset.step is None else ", ".join(asset.kinds) or "asset",
            asset.group,
            _partitions(asset.partitions, now),
            ", ".join(asset.owners),
            (asset.description.strip().splitlines() or [""])[0],
        )
        for asset in (graph.assets[key] for key in found)
    ]
    head = ("key", "kind", "group", "partitions", "owners", "description")
    # a column that says the same of all says nothing
    kept = [
        place for place in range(6) if place == 0 or {row[place] for row in rows} - {"", "asset", "default", "none"}
    ]
    out.table([[row[place] for place in kept] for row in rows], head=[head[place] for place in kept])
    return program.DONE


def _partitions(definition: partitions.Partitions | None, now: datetime) -> str:
    """Partitions in a few words: what they are by, and how many there are now."""
    if definition is None:
        return "none"
    names = getattr(definition, "names", None)  # the dimensions, of partitions that have several
    by = " × ".join(names) if names else _KINDS.get(definition.kind, definition.kind)  # noqa: RUF001
    return f"{by}, {len(definition.universe(now)):,}"
