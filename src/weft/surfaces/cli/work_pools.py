"""`weft work-pool` and `weft worker`: where runs wait, and what runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weft.surfaces.cli import failures, options, program, screen

if TYPE_CHECKING:
    from weft.model import errors
    from weft.ports import ledger as ledgers
    from weft.service import views


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
    from weft.service import work_pools as pools

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
    from weft.service import work_pools as pools

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
    from weft.service import work_pools as pools

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
    from weft.service import work_pools as pools

    pools.remove(options.open_world(), name)
    screen.Screen().line(f"The work pool {name} is gone.")
    return program.DONE


@options.group
def worker() -> None:
    """Run what waits in a work pool, on this machine and with this project's code.

    Examples:
      weft worker start --pool nightly
    """


@worker.command()
@click.option("--pool", "-p", required=True, metavar="NAME", help="The work pool.")
@click.option("--until-idle", is_flag=True, help="End when nothing waits any more.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="End after so many runs.")
@click.option("-j", "--jobs", type=click.IntRange(min=1), metavar="N", help="How many processes or threads for a run.")
@options.place
def start(pool: str, until_idle: bool, limit: int | None, jobs: int | None) -> int:
    """Take runs from a work pool, one after another, and run each to its end.

    It needs no server: runs wait in the project's ledger. Start as many workers as runs should go on at once. Ctrl-C
    cancels the run that is under way, and ends the worker.

    Examples:
      weft worker start --pool nightly
      weft worker start --pool nightly --until-idle
    """
    from weft.service import driving, interrupting
    from weft.service import work_pools as pools

    world = options.open_world()
    out = screen.Screen()
    found = pools.find(world, pool)
    out.line(f"Waiting for runs in the work pool {pool} ({found.type}). Ctrl-C ends the worker.")
    if found.paused:
        out.line(f"  It is paused: nothing is taken until `weft work-pool resume {pool}`.")

    def began(row: ledgers.RunRow) -> None:
        out.line(f"{row.id[:8]}  {row.pipeline}{f'[{row.partition}]' if row.partition else ''}  begins")

    def ended(result: views.ApplyView) -> None:
        word = result.outcome or "succeeded"
        out.line(out.paint(f"{screen.short(result.run or '')}  {word} in {screen.seconds(result.seconds)}", word))
        failures.show(out, result.failures, run=result.run)

    def passed_over(row: ledgers.RunRow, error: errors.WeftError) -> None:
        out.line(f"{row.id[:8]}  {row.pipeline}  is left where it is: {error.message} {error.remedy or ''}".rstrip())

    interrupts = interrupting.Interrupts()
    how = driving.How(jobs=jobs, started=lambda driver, run, size: interrupts.attach(driver))
    with interrupts.installed():
        done = pools.work(
            world, pool, how, until_idle=until_idle, limit=limit, began=began, ended=ended, passed_over=passed_over,
            stopping=lambda: interrupts.count > 0,
        )  # fmt: skip
    left = pools.waiting(world, pool)
    if until_idle and left:
        told = "1 run waits" if left == 1 else f"{left:,} runs wait"
        out.line(f"{told} in the work pool {pool} still; `weft runs` shows which.")
    if interrupts.count:
        return program.INTERRUPTED if any(each.outcome != "succeeded" for each in done) else program.DONE
    return program.DONE if all(each.outcome in ("succeeded", "suspended") for each in done) else program.FAILED
