"""`weft runs` and `weft logs`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import click

from weft.model import errors
from weft.surfaces.cli import options, program, run_text, screen

if TYPE_CHECKING:
    from pathlib import Path

    from weft.ports import ledger as ledgers
    from weft.service import run_details, run_logs

_FOLLOW_SECONDS = 0.3


@options.command
@click.argument("run", required=False)
@click.option("-n", "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many to show.")
@click.option("--all", "everything", is_flag=True, help="Show all of them.")
@click.option("--pipeline", metavar="NAME", help="Only runs of this pipeline.")
@click.option("--partition", "-p", metavar="KEY", help="Only runs of this interval of a pipeline.")
@click.option("--parent", metavar="RUN", help="Only runs that this one called.")
@click.option("-v", "--verbose", is_flag=True, help="Of one run: each item, and the values filled into templates.")
@options.as_json
@options.place
def runs(
    run: str | None,
    limit: int,
    everything: bool,
    pipeline: str | None,
    partition: str | None,
    parent: str | None,
    verbose: bool,
    as_json: bool,
) -> int:
    """Show runs, newest first; or one RUN's steps and failures (an id, its beginning, or `last`).

    Examples:
      weft runs
      weft runs 8f2c
      weft runs last --json
      weft runs --pipeline trading_etl --partition 2024-01-05
    """
    from weft.service import history, run_details

    _, ledger = options.open_ledger()
    if run is not None:
        detail = _with_waits(ledger, run_details.run_detail(ledger, history.find_run(ledger, run)))
        if as_json:
            screen.json_line(detail)
        else:
            run_text.show(screen.Screen(), detail, verbose=verbose)
        return program.DONE
    found = history.runs(
        ledger,
        limit=None if everything or (as_json and limit == 20) else limit,
        pipeline=pipeline,
        partition=partition,
        parent=history.find_run(ledger, parent).id if parent is not None else None,
    )
    if as_json:
        screen.json_line(found)
        return program.DONE
    out = screen.Screen()
    if not found:
        narrowed = pipeline or partition or parent
        out.line("No such run is recorded." if narrowed else "Nothing has run yet. `weft plan` shows what would.")
        return program.DONE
    rows = [
        (
            screen.short(each.id),
            run_text.state(each),
            screen.moment_of(each.created_at),
            run_text.took(each),
            run_text.counts(each),
            run_text.subject(each),
        )
        for each in found
    ]
    out.table(
        rows,
        head=("run", "state", "began", "took", "steps", "of"),
        words=[each.outcome or each.phase for each in found],
    )
    return program.DONE


def _with_waits(ledger: ledgers.Ledger, detail: run_details.RunDetail) -> run_details.RunDetail:
    """With why a run waits, as far as the definitions can be loaded."""
    waits_in_pool = any(each.run == detail.run.id for each in ledger.pool_waits())
    if detail.run.phase != "created" and not waits_in_pool:
        return detail
    import msgspec

    from weft.service import history, waiting

    try:
        reasons = waiting.why_waiting(options.open_world(), history.find_run(ledger, detail.run.id))
    except errors.WeftError:  # that is told by what needs them
        return detail
    return msgspec.structs.replace(detail, waits_for=reasons)


@options.command
@click.argument("subject", metavar="RUN|ASSET|PIPELINE")
@click.argument("step", required=False, metavar="[STEP]")
@options.partitions
@click.option("--attempt", type=click.IntRange(min=1), metavar="N", help="Only this attempt.")
@click.option("--failed", is_flag=True, help="Only attempts that did not succeed.")
@click.option("--follow", is_flag=True, help="Go on until the run ends.")
@options.as_json
@options.place
def logs(
    subject: str,
    step: str | None,
    partitions: str | None,
    attempt: int | None,
    failed: bool,
    follow: bool,
    as_json: bool,
) -> int:
    """Show what the bodies of a run printed and logged, or of the last attempts at an asset, or a pipeline's last run.

    STEP is one step of the run, also with an item, as in `enrich[3]`.

    Examples:
      weft logs 8f2c
      weft logs last --failed
      weft logs last 'enrich[3]'
      weft logs processed_trades --partition 2024-01-05
      weft logs processed_trades -p 2024-01-05 --attempt 1
      weft logs last --follow
    """
    project, opened = options.open_ledger()
    meant = _meant(opened, subject, step, partitions)
    found: list[run_logs.AttemptLog] = []
    out = screen.Screen()
    for run in reversed(meant.runs):
        for each in _attempts(meant, project.home / "logs", run, attempt=attempt, follow=follow):
            if failed and each.outcome in ("succeeded", "parked", "skipped"):
                continue
            found.append(each)
            if not as_json:
                _show_attempt(out, each)
    if as_json:
        screen.json_line(found)
    elif not found:
        of = subject if step is None else f"{subject} {step}"
        out.line(_no_attempt(of, partitions, attempt=attempt, failed=failed))
    return program.DONE


@dataclass(frozen=True)
class _Meant:
    """Whose attempts are to be shown: runs, newest first, and of them these steps, partitions and items."""

    ledger: ledgers.Ledger
    runs: Sequence[str]
    steps: Sequence[str] | None = None
    partitions: Sequence[str] | None = None
    item: str | None = None
    with_flow: bool = False
    """Whether also what a flow wrote and raised outside of its calls."""


def _meant(ledger: ledgers.Ledger, subject: str, step: str | None, partitions: str | None) -> _Meant:
    from weft.service import history, run_logs

    named: Sequence[str] | None = partitions.split(",") if partitions is not None else None
    pipeline, _, task = subject.partition(":")
    of_pipeline = ledger.runs(pipeline=pipeline, partition=partitions, limit=1) if subject != "last" else []
    if of_pipeline:  # a partition says which run, not which attempts of it
        run, named, step = of_pipeline[0], None, step or task or None
    else:
        found = history.run_named(ledger, subject)
        if found is None:
            if step is not None:
                return _unknown_run(subject, step)
            ledger.close()
            world = options.open_world()
            asset, steps = history.attempts_of(world, subject)
            named = history.partition_keys(world, asset, partitions)
            runs = run_logs.last_runs(world.ledger, asset, named)[: None if named is not None else 1]
            return _Meant(world.ledger, runs, steps, named)
        run = found
    if step is None:
        return _Meant(ledger, [run.id], None, named, with_flow=True)
    if step == run.pipeline and run.request.startswith("flow "):
        return _Meant(ledger, [run.id], (), named, with_flow=True)
    steps, item = run_logs.steps_named(ledger, run.id, step)
    return _Meant(ledger, [run.id], steps, named, item)


def _unknown_run(subject: str, step: str) -> NoReturn:
    raise errors.UsageError(
        f"{subject!r} is no run and no pipeline, so that it has no step {step!r}.", remedy="`weft runs` lists runs."
    )


def _attempts(
    meant: _Meant, folder: Path, run: str, *, attempt: int | None, follow: bool
) -> Iterator[run_logs.AttemptLog]:
    from weft.service import run_logs

    seen = 0
    while True:
        # asked before the look, so that nothing is missed between the last look and the end
        over = not follow or _is_over(meant.ledger, run)
        for position, each in run_logs.attempts(
            meant.ledger,
            folder,
            run,
            steps=meant.steps,
            partitions=meant.partitions,
            item=meant.item,
            attempt=attempt,
            after=seen,
        ):
            seen = position
            yield each
        if over:
            of_flow = run_logs.of_flow(meant.ledger, folder, run) if meant.with_flow and attempt is None else None
            if of_flow is not None:
                yield of_flow
            return
        time.sleep(_FOLLOW_SECONDS)


def _no_attempt(subject: str, partitions: str | None, *, attempt: int | None, failed: bool) -> str:
    what = f"attempt {attempt}" if attempt is not None else "attempt"
    of = subject if partitions is None else f"{subject}, partitions {partitions}"
    which = " that failed" if failed else ""
    return f"There is no {what} at {of}{which}. `weft runs` lists what ran."


def _is_over(ledger: ledgers.Reader, run: str) -> bool:
    return all(row.phase == "finished" for row in ledger.runs_with_prefix(run))


def _show_attempt(out: screen.Screen, each: run_logs.AttemptLog) -> None:
    place = each.item or each.partition
    name = f"{each.step}[{place}]" if place else each.step
    number = f", attempt {each.attempt}" if each.attempt > 1 else ""
    outcome = out.paint(each.outcome.replace("_", " "), each.outcome)
    when = ", ".join([*([screen.seconds(each.seconds)] if each.seconds else []), screen.moment_of(each.at)])
    out.line(f"── {out.bold(name)}{number}: {outcome}, {when} (run {screen.short(each.run)})")
    for text in (each.text, each.traceback or each.error):
        if text:  # whatever it ends with, the line is ended
            out.line(screen.plain(text).rstrip("\n"))
