"""`weft runs` and `weft logs`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from weft.surfaces.cli import failures, options, program, screen

if TYPE_CHECKING:
    from weft.ports import ledger as ledgers
    from weft.service import history, views

_FOLLOW_SECONDS = 0.3


@options.command
@click.argument("run", required=False)
@click.option("-n", "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many to show.")
@click.option("--all", "everything", is_flag=True, help="Show all of them.")
@options.as_json
@options.place
def runs(run: str | None, limit: int, everything: bool, as_json: bool) -> int:
    """Show runs, newest first; or one RUN's steps and failures (an id, its beginning, or `last`).

    Examples:
      weft runs
      weft runs 8f2c
      weft runs last --json
    """
    from weft.service import history

    _, ledger = options.open_ledger()
    if run is not None:
        detail = history.run_detail(ledger, history.find_run(ledger, run))
        if as_json:
            screen.json_line(detail)
        else:
            _show_run(screen.Screen(), detail)
        return program.DONE
    found = history.runs(ledger, limit=None if everything or (as_json and limit == 20) else limit)
    if as_json:
        screen.json_line(found)
        return program.DONE
    out = screen.Screen()
    if not found:
        out.line("Nothing has run yet. `weft plan` shows what would.")
        return program.DONE
    rows = [
        (
            screen.short(each.id),
            _word(each),
            screen.moment_of(each.created_at),
            _took(each),
            _counts(each),
            each.selection or "all assets",
        )
        for each in found
    ]
    out.table(
        rows,
        head=("run", "state", "began", "took", "steps", "of"),
        words=[each.outcome or each.phase for each in found],
    )
    return program.DONE


def _word(each: views.RunView) -> str:
    if each.phase != "finished":
        return "interrupted" if each.reason.startswith("interrupted") else each.phase
    return (each.outcome or "").replace("_", " ")


def _took(each: views.RunView) -> str:
    from datetime import datetime

    if each.started_at is None or each.finished_at is None:
        return ""
    between = datetime.fromisoformat(each.finished_at) - datetime.fromisoformat(each.started_at)
    return screen.seconds(between.total_seconds())


def _counts(each: views.RunView) -> str:
    parts = [f"{each.succeeded + each.reused:,}/{each.steps:,}"]
    if each.failed:
        parts.append(f"{each.failed:,} failed")
    if each.held:
        parts.append(f"{each.held:,} held back")
    return ", ".join(parts)


def _show_run(out: screen.Screen, detail: history.RunDetail) -> None:
    run = detail.run
    out.line(
        f"Run {out.bold(screen.short(run.id))}: {out.paint(_word(run), run.outcome or run.phase)}, {_counts(run)} steps"
        + (f", {_took(run)}" if _took(run) else "")
    )
    out.line(f"  of {run.selection or 'all assets'}, by {run.by}, began {screen.moment_of(run.created_at)}")
    if run.reason:
        out.line(f"  {run.reason}")
    rows = []
    for each in detail.steps:
        told = (
            (each.succeeded, "succeeded"),
            (each.reused, "reused"),
            (each.failed, "failed"),
            (each.held, "held back"),
            (each.lost, "lost"),
        )
        counts = [f"{count:,} {word}" for count, word in told if count]
        rows.append(("  " + each.step, ", ".join(counts), screen.seconds(each.seconds) if each.seconds else ""))
    out.table(rows)
    failures.show(out, detail.failures, commands=False)
    if detail.failures:
        out.line(f"  `weft logs {screen.short(run.id)} --failed` shows their output.")


@options.command
@click.argument("subject", metavar="RUN|ASSET")
@options.partitions
@click.option("--attempt", type=click.IntRange(min=1), metavar="N", help="Only this attempt.")
@click.option("--failed", is_flag=True, help="Only attempts that did not succeed.")
@click.option("--follow", is_flag=True, help="Go on until the run ends.")
@options.as_json
@options.place
def logs(subject: str, partitions: str | None, attempt: int | None, failed: bool, follow: bool, as_json: bool) -> int:
    """Show what the bodies of a run printed and logged, or of the last attempts at an asset.

    Examples:
      weft logs 8f2c
      weft logs last --failed
      weft logs processed_trades --partition 2024-01-05
      weft logs processed_trades -p 2024-01-05 --attempt 1
      weft logs last --follow
    """
    from weft.service import history

    project, opened = options.open_ledger()
    ledger: ledgers.Ledger = opened
    folder = project.home / "logs"
    steps: Sequence[str] | None = None
    named: Sequence[str] | None = partitions.split(",") if partitions is not None else None
    meant = history.run_named(ledger, subject)
    if meant is not None:
        chosen = [meant.id]
    else:
        ledger.close()
        world = options.open_world()
        ledger = world.ledger
        asset, steps = history.attempts_of(world, subject)
        named = history.partition_keys(world, asset, partitions)
        chosen = history.last_runs(ledger, asset, named)[: None if named is not None else 1]
    found: list[history.AttemptLog] = []
    out = screen.Screen()
    for run in reversed(chosen):
        seen = 0
        while True:
            # asked before the look, so that nothing is missed between the last look and the end
            over = not follow or _is_over(ledger, run)
            for position, each in history.attempts(
                ledger, folder, run, steps=steps, partitions=named, attempt=attempt, after=seen
            ):
                seen = position
                if failed and each.outcome == "succeeded":
                    continue
                found.append(each)
                if not as_json:
                    _show_attempt(out, each)
            if over:
                break
            time.sleep(_FOLLOW_SECONDS)
    if as_json:
        screen.json_line(found)
    elif not found:
        out.line(_no_attempt(subject, partitions, attempt=attempt, failed=failed))
    return program.DONE


def _no_attempt(subject: str, partitions: str | None, *, attempt: int | None, failed: bool) -> str:
    what = f"attempt {attempt}" if attempt is not None else "attempt"
    of = subject if partitions is None else f"{subject}, partitions {partitions}"
    which = " that failed" if failed else ""
    return f"There is no {what} at {of}{which}. `weft runs` lists what ran."


def _is_over(ledger: ledgers.Reader, run: str) -> bool:
    return all(row.phase == "finished" for row in ledger.runs_with_prefix(run))


def _show_attempt(out: screen.Screen, each: history.AttemptLog) -> None:
    name = each.step if each.partition is None else f"{each.step}[{each.partition}]"
    number = f", attempt {each.attempt}" if each.attempt > 1 else ""
    outcome = out.paint(each.outcome.replace("_", " "), each.outcome)
    when = f"{screen.seconds(each.seconds)}, {screen.moment_of(each.at)}"
    out.line(f"── {out.bold(name)}{number}: {outcome}, {when} (run {screen.short(each.run)})")
    for text in (each.text, each.traceback or each.error):
        if text:  # whatever it ends with, the line is ended
            out.line(_plain(text).rstrip("\n"))


def _plain(text: str) -> str:
    """Output without what could take over a terminal: control characters but tabs, line ends and colours."""
    import re

    kept = re.sub(r"\x1b(?!\[[0-9;]*m)", "␛", text)
    return "".join(
        letter if letter in "\n\t\x1b" or letter.isprintable() else f"\\x{ord(letter):02x}"
        for letter in kept.replace("\r\n", "\n").replace("\r", "\n")
    )
