"""`weft backfill`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weft.model import errors
from weft.surfaces.cli import failures, options, program, screen, watching

if TYPE_CHECKING:
    from weft.service import views
    from weft.service.pipeline import backfilling


@options.command
@options.pipeline(required=True)
@click.argument("range_", metavar="RANGE")
@click.option(
    "--reprocess",
    type=click.Choice(["missing", "failed", "all"]),
    default="missing",
    show_default=True,
    help="What never ran, also what failed (its failed steps), or all anew.",
)
@click.option("--newest-first", is_flag=True, help="Begin with the latest interval.")
@click.option(
    "--concurrency", type=click.IntRange(min=1), metavar="N", help="How many intervals run at once (1; detached: any)."
)
@click.option("--detach", is_flag=True, help="Have the scheduler of a running server carry it out.")
@click.option("--slices", type=click.IntRange(min=1), metavar="N", help="Detached, of an asset: N partitions a run.")
@click.option("--priority", type=int, default=0, metavar="N", help="Detached: the highest goes first.")
@click.option("--dry-run", is_flag=True, help="Only show what would run.")
@options.running
@options.as_json
@options.place
def backfill(
    name: str,
    range_: str,
    reprocess: str,
    newest_first: bool,
    concurrency: int | None,
    detach: bool,
    slices: int | None,
    priority: int,
    dry_run: bool,
    no_wait: bool,
    executor: str | None,
    jobs: int | None,
    as_json: bool,
) -> int:
    """Run the intervals of PIPELINE in RANGE (a..b, a list a,b, a key, or *), or make those partitions of an asset.

    After Ctrl-C or a crash the same command goes on: what succeeded is not run again. With --detach the scheduler
    carries it out, whatever becomes of this process: `weft executions` shows it.

    Examples:
      weft backfill trading_analytics 2024-01-01..2024-01-31
      weft backfill trading_analytics 2024-01-01..2024-01-31 --reprocess failed
      weft backfill trading_analytics '*' --newest-first --dry-run
      weft backfill raw_trades 2024-01-01..2024-01-31
      weft backfill trading_analytics 2024-01-01..2024-12-31 --detach --concurrency 8
    """
    from weft.service.pipeline import backfilling

    server = options.remote()
    _check_detached(detach or server is not None, slices=slices, priority=priority or None)
    if server is not None:
        from weft.surfaces.cli import remote_runs

        remote_runs.refuse_running(server, executor=executor, jobs=jobs, no_wait=no_wait)
        given = {
            "name": name, "partitions": range_, "reprocess": reprocess, "newest_first": newest_first,
            "concurrency": concurrency, "slices": slices, "priority": priority,
        }  # fmt: skip
        result = remote_runs.backfill(server, given, dry_run=dry_run, detach=detach, as_json=as_json)
        if isinstance(result, int):
            return result
        return _told(watching.Watch(as_json=as_json), result, reprocess, dry_run=dry_run, as_json=as_json)
    world = options.open_world()
    if detach and not dry_run:
        from weft.service.execution import executions as verbs
        from weft.surfaces.cli import executions

        intervals = verbs.Intervals(
            pipeline=name,
            chosen=range_,
            reprocess=reprocess,  # type: ignore[arg-type]
            newest_first=newest_first,
        )
        wanted = verbs.Wanted(
            kind="backfill", intervals=intervals, concurrency=concurrency, slices=slices, priority=priority
        )
        return executions.detach(world, wanted, as_json=as_json)
    concurrency = concurrency or 1
    # several runs have no one bar: each is told when it ends
    watch = watching.Watch(
        executor=executor, jobs=jobs, wait=not no_wait, as_json=as_json,
        quiet=as_json or concurrency > 1 or not screen.Screen(stderr=True).terminal,
    )  # fmt: skip
    ask = backfilling.Ask(
        name=name,
        chosen=range_,
        reprocess=reprocess,  # type: ignore[arg-type]
        newest_first=newest_first,
        concurrency=concurrency,
    )

    def told(result: views.ApplyView, done: int, count: int) -> None:
        watch.progress.close()
        if as_json:
            return
        tell_interval(watch.out, result, done, count)

    found = watch.watch(lambda: backfilling.backfill(world, ask, watch.how, dry_run=dry_run, told=told))
    return _told(watch, found, reprocess, dry_run=dry_run, as_json=as_json)


def _told(
    watch: watching.Watch, found: backfilling.BackfillView, reprocess: str, *, dry_run: bool, as_json: bool
) -> int:
    """Tell how a backfill went, and return its exit code."""
    if as_json:
        screen.json_line(found)
        return watch.code(found.outcome)
    if dry_run or not found.partitions:
        _tell_dry(watch.out, found, dry_run=dry_run)
        return program.DONE
    bad = sum(each.outcome not in (None, "succeeded", "cancelled") for each in found.runs)
    good = sum(each.outcome in (None, "succeeded") for each in found.runs)
    left = len(found.partitions) - bad - good
    if len(found.runs) == 1 and found.runs[0].pipeline is None:
        watch.tell(found.runs[0])
        return watch.code(found.outcome)
    parts = [f"{good:,} of {screen.plural(len(found.partitions), 'interval')} succeeded"]
    parts += [f"{bad:,} failed"] if bad else []
    parts += [f"{left:,} left"] if left else []
    watch.out.line(watch.out.paint(f"{', '.join(parts)} in {screen.seconds(found.seconds)}.", found.outcome or ""))
    if bad or left:
        again = " with --reprocess failed" if bad and not left and reprocess == "missing" else ""
        watch.out.line(f"  The same command{again} goes on from here; what succeeded is not run again.")
    return watch.code(found.outcome)


def tell_interval(out: screen.Screen, result: views.ApplyView, done: int, count: int) -> None:
    """Tell how one run of several ended."""
    word = result.outcome or "succeeded"
    run_id = f", run {screen.short(result.run)}" if result.run else ""
    took = f" in {screen.seconds(result.seconds)}" if result.run else ""
    line = f"  {result.partition or ''}  {word.replace('_', ' ')}{took} ({done} of {count}{run_id})"
    out.line(out.paint(line, word))
    failures.show(out, result.failures, run=result.run)


def _check_detached(detach: bool, **given: object) -> None:
    wrong = [f"--{name}" for name, value in given.items() if value is not None]
    if wrong and not detach:
        raise errors.UsageError(
            f"{' and '.join(wrong)} is for what the scheduler carries out.", remedy="Add --detach, or leave it out."
        )


def _tell_dry(out: screen.Screen, found: object, *, dry_run: bool) -> None:
    from weft.service.pipeline import backfilling

    assert isinstance(found, backfilling.BackfillView)
    if not found.partitions:
        done = f" ({found.done_before:,} done before)" if found.done_before else ""
        out.line(f"Nothing to do{done}. --reprocess failed runs what failed, --reprocess all runs all anew.")
        return
    out.line(f"{screen.plural(len(found.partitions), 'interval')} would run, in this order:")
    for key in found.partitions[:50]:
        out.line(f"  {key}")
    if len(found.partitions) > 50:
        out.line(f"  … and {len(found.partitions) - 50:,} more")
    if dry_run:
        out.line("Nothing ran.")
