"""`weft worker`: what runs that which waits, and which workers there are."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

import click

from weft.surfaces.cli import failures, options, program, screen

if TYPE_CHECKING:
    from weft.model import errors
    from weft.ports import ledger as ledgers
    from weft.service import views


@options.group
def worker() -> None:
    """Run what waits, on this machine and with this project's code; show which workers are there.

    Examples:
      weft worker start
      weft worker start --pool nightly
      weft worker ls
    """


@worker.command()
@click.option("--pool", "-p", metavar="NAME", help="One work pool alone, its runs one after another.")
@click.option("--until-idle", is_flag=True, help="End when nothing waits in the pool any more.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="End after so many runs of the pool.")
@click.option("-j", "--jobs", type=click.IntRange(min=1), metavar="N", help="How many processes or threads for a run.")
@click.option("--most", type=click.IntRange(min=1), metavar="N", help="How many runs of a location at once (16).")
@click.option("--grace", type=float, metavar="SECONDS", help="How long runs may go on after Ctrl-C (30).")
@click.option("--no-reload", is_flag=True, help="Do not load definitions anew when their files change.")
@options.place
def start(
    pool: str | None,
    until_idle: bool,
    limit: int | None,
    jobs: int | None,
    most: int | None,
    grace: float | None,
    no_reload: bool,
) -> int:
    """Take the runs that wait, and run each to its end.

    It needs no server: runs wait in the project's ledger, and any number of workers may share it. Without --pool there
    is a process for each code location, which runs many at once; Ctrl-C lets them end, and again ends it at once: what
    was under way is gone on with by the next worker. With --pool, runs of that pool go one after another in this
    process; Ctrl-C cancels the one under way.

    Examples:
      weft worker start
      weft worker start --most 4
      weft worker start --pool nightly
      weft worker start --pool nightly --until-idle
    """
    options.refuse_remote("`weft worker start`", options.remote())
    if pool is not None:
        return _one_after_another(pool, until_idle=until_idle, limit=limit, jobs=jobs)
    if until_idle or limit is not None:
        raise click.UsageError("--until-idle and --limit are for one pool. Name it: --pool NAME.")
    return _all_locations(jobs, 16 if most is None else most, 30.0 if grace is None else grace, watch=not no_reload)


def _all_locations(jobs: int | None, most: int, grace: float, *, watch: bool) -> int:
    """Hosts of all locations, until somebody ends this process."""
    import contextlib
    import signal

    from weft import wiring
    from weft.surfaces.processes import supervisor as supervisors

    out = screen.Screen()
    place = options.where()
    with contextlib.closing(wiring.open_serving(place)) as served:
        how = supervisors.Options(most=most, jobs=jobs, watch=watch, grace=grace)
        watched = supervisors.Supervisor(place, served, how)
        stopping = threading.Event()
        before = {each: signal.signal(each, lambda *_: stopping.set()) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            watched.start()
            out.line("Waiting for runs. Ctrl-C ends the worker.")
            sys.stdout.flush()
            while not stopping.wait(1.0) and watched.failed is None:
                pass
            for each in before:
                signal.signal(each, lambda *_: watched.hurry())
            watched.stop()
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)
    return program.DONE if watched.failed is None else program.FAILED


@worker.command()
@options.as_json
@options.place
def ls(as_json: bool) -> int:
    """Show the workers that were seen, with what they run.

    Examples:
      weft worker ls
      weft worker ls --json
    """
    from weft.ports import clock as clocks
    from weft.service.server import location_views

    if (server := options.remote()) is not None:
        seen = server.items("/workers", location_views.WorkerView)
    else:
        seen = location_views.workers(options.open_ledger()[1], clocks.SystemClock())
    found = [each for each in seen if each.kind == "worker"]
    if as_json:
        screen.json_line(found)
        return program.DONE
    out = screen.Screen()
    if not found:
        out.line("No worker is there. `weft dev` or `weft worker start` starts one.")
        return program.DONE
    rows = [
        (
            each.location,
            f"{each.host} {each.pid}",
            each.state if each.alive else "died",
            f"{len(each.runs)} of {each.most}",
            screen.moment_of(each.seen_at),
            ", ".join(screen.short(run) for run in each.runs),
        )
        for each in found
    ]
    out.table(rows, head=("location", "process", "", "runs", "seen", ""))
    return program.DONE


def _one_after_another(pool: str, *, until_idle: bool, limit: int | None, jobs: int | None) -> int:
    """Run what waits in one pool in this process."""
    from weft.service.queue import work_pools as pools
    from weft.service.run import driving, interrupting

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
