"""`weft queue` and `weft pools`: what waits, in which order and why; the slots of pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weft.surfaces.cli import noting, options, program, screen

if TYPE_CHECKING:
    from weft.service.queue import waiting
    from weft.surfaces.cli import remote as remotes

_MOST = 500
"""So many a server tells at once."""


@options.command
@click.argument("run", required=False)
@click.option("--priority", type=int, metavar="N", help="Move RUN up or down: the highest goes first.")
@click.option("--limit", type=click.IntRange(min=1), default=20, metavar="N", help="How many to show (20).")
@options.as_json
@options.place
def queue(run: str | None, priority: int | None, limit: int, as_json: bool) -> int:
    """Show the runs that wait, in the order in which they may begin, and why each waits; or one RUN, or move it.

    Examples:
      weft queue
      weft queue 8f2c
      weft queue 8f2c --priority 10
    """
    from weft.model import errors
    from weft.service.queue import queueing, waiting
    from weft.service.run import history

    server = options.remote()
    if run is None:
        if priority is not None:
            raise errors.UsageError("--priority is of one run, and none is given.", remedy="Name it: weft queue RUN.")
        if server is not None:
            return _show_all(server.items("/queue", waiting.QueuedView, limit=min(limit, _MOST)), as_json)
        return _show_all(waiting.queue(options.open_world(), limit=limit), as_json)
    if server is not None:
        return _show_one(_there(server, run, priority), as_json)
    world = options.open_world()
    row = history.find_run(world.ledger, run)
    if priority is not None:
        row = queueing.set_priority(world, row.id, priority)
        noting.note("queue", [run, "--priority", str(priority)], closed=False)
    return _show_one(waiting.why(world, row), as_json)


def _there(server: remotes.Server, name: str, priority: int | None) -> waiting.WhyView:
    """Why a run of a server waits, once it has been moved where that is wanted."""
    from weft.service import views
    from weft.service.queue import waiting
    from weft.surfaces.cli import remote

    run = remote.run_of(server, name)
    if priority is not None:
        server.put("/runs/{}/priority", views.RunView, {"priority": priority}, run)
    return server.get("/runs/{}/why", waiting.WhyView, run)


def _show_one(found: waiting.WhyView, as_json: bool) -> int:
    run = found.run
    if as_json:
        told = {"run": run.id, "position": found.position, "priority": run.priority, "reasons": found.reasons}
        screen.json_line(told)
        return program.DONE
    out = screen.Screen()
    if not found.reasons:
        out.line(f"Run {screen.short(run.id)} waits for nothing: it is {run.outcome or run.phase}.")
    for reason in found.reasons:
        out.line(reason.text + (f" {reason.remedy}" if reason.remedy else ""))
    return program.DONE


def _show_all(found: list[waiting.QueuedView], as_json: bool) -> int:
    if as_json:
        screen.json_line(found)
        return program.DONE
    out = screen.Screen()
    if not found:
        out.line("Nothing waits.")
        return program.DONE
    rows = [
        (
            screen.short(each.run),
            each.pipeline or "(assets)",
            each.partition or "",
            str(each.priority),
            screen.moment_of(each.since),
            each.reasons[0].text if each.reasons else "",
        )
        for each in found
    ]
    out.table(rows, head=("run", "of", "partition", "priority", "since", "waits for"))
    return program.DONE


@options.group
@click.pass_context
def pools(context: click.Context) -> None:
    """Show and set the pools of steps: slots that steps of all runs share.

    Examples:
      weft pools
      weft pools set warehouse 4
    """
    if context.invoked_subcommand is None:
        context.invoke(ls)


pools.invoke_without_command = True
pools.no_args_is_help = False


@pools.command()
@options.as_json
@options.place
def ls(as_json: bool) -> int:
    """Show each pool with its slots, who holds them and who waits.

    Examples:
      weft pools ls --json
    """
    from weft.service.queue import step_pools

    if (server := options.remote()) is not None:
        found = server.items("/pools", step_pools.PoolView)
    else:
        found = step_pools.ls(options.open_world())
    if as_json:
        screen.json_line(found)
        return program.DONE
    out = screen.Screen()
    if not found:
        out.line("No step names a pool, and none is configured: `[pools]` in weft.toml, pool=… at a step.")
        return program.DONE
    rows = [
        (
            each.name,
            f"{each.used} of {each.slots}" if each.slots else "paused",
            ", ".join(f"{screen.short(one.run)} ({one.slots})" for one in each.holders),
            ", ".join(f"{screen.short(one.run)} {one.steps}" for one in each.waiting),
        )
        for each in found
    ]
    out.table(rows, head=("pool", "taken", "held by", "waiting"))
    return program.DONE


@pools.command("set")
@click.argument("name")
@click.argument("slots", metavar="SLOTS|default")
@options.as_json
@options.place
def set_(name: str, slots: str, as_json: bool) -> int:
    """Set the slots of a pool from now on; 0 pauses it, `default` goes back to what weft.toml says.

    Examples:
      weft pools set warehouse 4
      weft pools set warehouse 0
      weft pools set warehouse default
    """
    from weft.model import errors
    from weft.service.queue import step_pools

    if slots != "default" and not slots.isdecimal():
        raise errors.UsageError(f"The slots are {slots!r}.", remedy="Give a number, or `default`.")
    number = None if slots == "default" else int(slots)
    if (server := options.remote()) is not None:
        found = server.put("/pools/{}", step_pools.PoolView, {"slots": number}, name)
    else:
        found = step_pools.set_slots(options.open_world(), name, number)
    if as_json:
        screen.json_line(found)
    else:
        told = f"has {found.slots} slots" if found.slots != 1 else "has 1 slot"
        screen.Screen().line(f"The pool {name} {told if found.slots else 'is paused'}.")
    return program.DONE
