"""`weft logs`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click
import msgspec

from weft.surfaces.cli import options, program, screen

if TYPE_CHECKING:
    from weft.ports import ledger as ledgers
    from weft.service import world as worlds
    from weft.service.run import run_logs
    from weft.surfaces.cli import remote as remotes

_FOLLOW_SECONDS = 0.3
_ENDS = ("StepSucceeded", "AttemptFailed", "StepParked", "StepsFinished", "RunFinished")
"""Events with which attempts end."""


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
    found: list[run_logs.AttemptLog] = []
    out = screen.Screen()
    if (server := options.remote()) is not None:
        attempts = _there(server, subject, step, partitions, attempt=attempt, follow=follow)
    else:
        attempts = _here(subject, step, partitions, attempt=attempt, follow=follow)
    for each in attempts:
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


def _here(
    subject: str, step: str | None, partitions: str | None, *, attempt: int | None, follow: bool
) -> Iterator[run_logs.AttemptLog]:
    """The attempts that are meant, of the project here."""
    from weft.service.run import attempts_named, run_logs

    project, ledger = options.open_ledger()

    def open_world() -> worlds.World:
        nonlocal ledger
        ledger.close()
        world = options.open_world()
        ledger = world.ledger  # type: ignore[assignment]  # the project's own
        return world

    meant = attempts_named.meant(ledger, open_world, subject, step, partitions)
    folder = project.home / "logs"
    for run in reversed(meant.runs):
        seen, over = 0, False
        while not over:
            # asked before the look, so that nothing is missed between the last look and the end
            over = not follow or _is_over(ledger, run)
            for position, each in run_logs.attempts(
                ledger,
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
            if not over:
                time.sleep(_FOLLOW_SECONDS)
        of_flow = run_logs.of_flow(ledger, folder, run) if meant.with_flow and attempt is None else None
        if of_flow is not None:
            yield of_flow


def _is_over(ledger: ledgers.Reader, run: str) -> bool:
    return all(row.phase == "finished" for row in ledger.runs_with_prefix(run))


class _Attempts(msgspec.Struct):
    items: list[dict[str, object]]
    more: bool


class _Now(msgspec.Struct):
    phase: str = "finished"
    position: int = 0


def _there(
    server: remotes.Server, subject: str, step: str | None, partitions: str | None, *, attempt: int | None, follow: bool
) -> Iterator[run_logs.AttemptLog]:
    """The attempts that are meant, of a server; with `follow` those too that end from now on."""
    from weft.service.run import attempts_named, run_logs

    meant = server.get("/attempts", attempts_named.AttemptsMeant, subject=subject, step=step, partitions=partitions)
    with_flow = meant.with_flow and attempt is None
    given = {"item": meant.item, "attempt": attempt, "partitions": meant.partitions}
    steps = [""] if meant.steps == [] else meant.steps  # of a flow's own output alone: no step has this name
    seen = 0

    def page(run: str) -> Iterator[run_logs.AttemptLog]:
        nonlocal seen
        more = meant.steps != [] or with_flow
        while more:
            path = "/runs/{}/attempts"
            found = server.get(path, _Attempts, run, **given, steps=steps, after=seen, flow=with_flow)
            more = found.more
            for each in found.items:
                seen = max(seen, msgspec.convert(each.pop("position"), int))
                log = str(each.pop("log"))
                if each.pop("is_cut"):
                    each["text"] = server.text("/runs/{}/logs/{}/text", run, log)
                yield msgspec.convert(each, run_logs.AttemptLog)

    for run in reversed(meant.runs):
        seen = 0
        begun = server.get("/health", _Now).position
        over = not follow or server.get("/runs/{}", _Now, run).phase == "finished"
        yield from page(run)
        if over:
            continue
        for kind, _ in server.events("/events", run=run, types=_ENDS, after=begun):
            yield from page(run)
            if kind == "RunFinished":
                break


def _no_attempt(subject: str, partitions: str | None, *, attempt: int | None, failed: bool) -> str:
    what = f"attempt {attempt}" if attempt is not None else "attempt"
    of = subject if partitions is None else f"{subject}, partitions {partitions}"
    which = " that failed" if failed else ""
    return f"There is no {what} at {of}{which}. `weft runs` lists what ran."


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
