"""`weft work-pool`: where runs wait."""

from __future__ import annotations

import click

from weft.surfaces.cli import options, program, screen


@options.group
def work_pool() -> None:
    """Make and show work pools: where runs wait until a worker takes them.

    Examples:
      weft work-pool create nightly --type process --slots 2
      weft run trading_etl --pool nightly
      weft worker start --pool nightly
    """


@work_pool.command()
@click.argument("name")
@click.option("--type", "kind", default="process", metavar="TYPE", help="process (default), thread or inline.")
@click.option("--slots", type=click.IntRange(min=1), metavar="N", help="How many of its runs may be under way at once.")
@options.as_json
@options.place
def create(name: str, kind: str, slots: int | None, as_json: bool) -> int:
    """Make a work pool, or change the one of that name.

    Examples:
      weft work-pool create nightly --type process --slots 2
    """
    from weft.service.queue import work_pools as pools

    if (server := options.remote()) is not None:
        made = server.put("/work-pools/{}", pools.WorkPoolView, {"type": kind, "slots": slots}, name)
    else:
        made = pools.create(options.open_world(), name, kind=kind, slots=slots)
    if as_json:
        screen.json_line(made)
    else:
        screen.Screen().line(f"The work pool {name} is there. `weft worker start --pool {name}` runs what waits in it.")
    return program.DONE


@work_pool.command()
@options.as_json
@options.place
def ls(as_json: bool) -> int:
    """Show all work pools, with what waits and what is under way.

    Examples:
      weft work-pool ls --json
    """
    from weft.service.queue import work_pools as pools

    if (server := options.remote()) is not None:
        found = server.items("/work-pools", pools.WorkPoolView)
    else:
        found = pools.ls(options.open_world())
    if as_json:
        screen.json_line(found)
        return program.DONE
    out = screen.Screen()
    if not found:
        out.line("There is no work pool. `weft work-pool create NAME` makes one.")
        return program.DONE
    out.table(
        [
            (
                each.name,
                each.type,
                "" if each.slots is None else str(each.slots),
                str(each.waiting),
                str(each.running),
                "paused" if each.paused else "",
            )
            for each in found
        ],
        head=("pool", "type", "slots", "waiting", "running", ""),
    )
    return program.DONE


@work_pool.command()
@click.argument("name")
@options.place
def pause(name: str) -> int:
    """Let no worker take runs from a pool; what is under way goes on.

    Examples:
      weft work-pool pause nightly
    """
    return _paused(name, paused=True)


@work_pool.command()
@click.argument("name")
@options.place
def resume(name: str) -> int:
    """Let workers take runs from a paused pool again.

    Examples:
      weft work-pool resume nightly
    """
    return _paused(name, paused=False)


def _paused(name: str, *, paused: bool) -> int:
    from weft.service.queue import work_pools as pools

    if (server := options.remote()) is not None:
        server.send("POST", "/work-pools/{}/" + ("pause" if paused else "resume"), pools.WorkPoolView, name)
    else:
        pools.pause(options.open_world(), name, paused=paused)
    screen.Screen().line(f"The work pool {name} is {'paused' if paused else 'open'}.")
    return program.DONE


@work_pool.command()
@click.argument("name")
@options.place
def remove(name: str) -> int:
    """Remove a pool in which nothing waits.

    Examples:
      weft work-pool remove nightly
    """
    from weft.service.queue import work_pools as pools

    if (server := options.remote()) is not None:
        server.send("DELETE", "/work-pools/{}", type(None), name)
    else:
        pools.remove(options.open_world(), name)
    screen.Screen().line(f"The work pool {name} is gone.")
    return program.DONE
