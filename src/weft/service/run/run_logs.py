"""The verb `logs`: the output of attempts, read from the files that the ledger points at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from weft.model import errors, events, keys
from weft.ports import ledger as ledgers
from weft.runtime.flows import output
from weft.service import views


class AttemptLog(views.View, frozen=True, kw_only=True):
    """The output of one attempt."""

    run: str
    step: str
    partition: str | None
    attempt: int
    outcome: str
    at: str | None
    seconds: float
    error: str
    traceback: str
    text: str
    item: str = ""


def attempts(
    ledger: ledgers.Reader,
    logs_folder: Path,
    run: str,
    *,
    steps: Sequence[str] | None = None,
    partitions: Sequence[str] | None = None,
    item: str | None = None,
    attempt: int | None = None,
    after: int = 0,
    most: int | None = None,
) -> Iterator[tuple[int, AttemptLog]]:
    """The attempts of a run in the order in which they ended, each with its position in the log of events.

    Of a pipeline also what was parked, or skipped by its own body. Of each output at most `most` bytes are read.
    """
    wanted = None if partitions is None else set(partitions)
    for position, at, event in ledger.events(run, after=after):
        found = attempts_of(event, at)
        if not found or (steps is not None and found[0].step not in steps):
            continue
        for each in found:
            if (
                (wanted is None or each.partition in wanted)
                and (item is None or each.item == item)
                and (attempt is None or each.attempt == attempt)
            ):
                segment = getattr(event, "log", None)
                text = read_segment(logs_folder, segment, most) if segment is not None else ""
                yield position, msgspec.structs.replace(each, text=text)


def of_flow(ledger: ledgers.Reader, logs_folder: Path, run: str, *, most: int | None = None) -> AttemptLog | None:
    """What the function of a flow wrote and raised itself, outside of its calls; None where that is nothing."""
    row = next(iter(ledger.runs_with_prefix(run)), None)
    if row is None or row.pipeline is None or not row.request.startswith("flow "):
        return None
    try:
        with output.file_of(logs_folder, row.id).open("rb") as file:
            text = file.read(-1 if most is None else most).decode("utf-8", "replace")
    except FileNotFoundError:
        text = ""
    except OSError as problem:
        text = f"(the log of the flow cannot be read: {problem.strerror or problem})\n"
    raised = [event.error for _, _, event in ledger.events(row.id) if isinstance(event, events.RunFinished)]
    error = raised[-1] if raised else None
    if not text and error is None:
        return None
    return _attempt(
        row.id,
        row.pipeline,
        row.outcome or row.phase,
        row.started or row.created,
        partition=row.partition,
        duration=(row.finished - row.started) if row.finished is not None and row.started is not None else 0,
        error=error.told if error is not None else "",
        traceback=error.traceback if error is not None else "",
        text=text,
    )


def attempts_of(event: events.Event, at: int) -> list[AttemptLog]:
    """The attempts that an event ends, without their output."""
    match event:
        case events.StepSucceeded():
            return [
                _attempt(event.run, event.step, "succeeded", event.started or at, partition=event.partition,
                         item=event.item, attempt=event.attempt, duration=event.duration)
            ]  # fmt: skip
        case events.AttemptFailed(error=error):
            return [
                _attempt(event.run, event.step, event.outcome, event.started or at, partition=event.partition,
                         item=event.item, attempt=event.attempt, duration=event.duration,
                         error=error.told if error is not None else "no error was told",
                         traceback=error.traceback if error is not None else "")
            ]  # fmt: skip
        case events.StepParked():
            return [
                _attempt(event.run, event.step, "parked", at, item=event.item, attempt=event.attempt,
                         error=event.reason)
            ]  # fmt: skip
        case events.StepsFinished(log=events.LogSegment()):
            return [
                _attempt(event.run, event.step, event.outcome, at, item=item, error=event.reason)
                for item in event.items or ("",)
            ]
        case _:
            return []


def _attempt(
    run: str,
    step: str,
    outcome: str,
    at: int,
    *,
    partition: str | None = None,
    item: str = "",
    attempt: int = 1,
    duration: int = 0,
    error: str = "",
    traceback: str = "",
    text: str = "",
) -> AttemptLog:
    return AttemptLog(
        run=run,
        step=step,
        partition=partition,
        item=item,
        attempt=attempt,
        outcome=outcome,
        at=views.time_of_us(at),
        seconds=round(duration / 1e6, 6),
        error=error,
        traceback=traceback,
        text=text,
    )


def steps_named(ledger: ledgers.Reader, run: str, name: str) -> tuple[list[str], str | None]:
    """The steps of a run that `name` means, and the item where it is `step[item]`.

    A step may be named in full, or without its pipeline and groups.

    Raises:
        UsageError: nothing of that name has begun in the run.
    """
    bare, item = name, None
    if name.endswith("]") and "[" in name:
        bare, _, item = name[:-1].partition("[")
    known = dict.fromkeys(row.step for row in ledger.step_runs(run))
    if not known:
        known = dict.fromkeys(
            event.step
            for _, _, event in ledger.events(run)
            if isinstance(event, events.StepSucceeded | events.AttemptFailed)
        )
    meant = [step for step in known if bare in (step, step.partition(":")[2])]
    meant = meant or [step for step in known if step.endswith((f".{bare}", f"/{bare}"))]
    if meant:
        return meant, item
    from weft.model import spelling

    short = [step.partition(":")[2] or step for step in known]
    raise errors.UsageError(
        f"Nothing named {bare!r} has begun in the run {run[:8]}.",
        remedy=spelling.did_you_mean(bare, short)
        or (f"What has: {', '.join(short[:10])}." if short else f"`weft runs {run[:8]}` shows where it stands."),
    )


def read_segment(folder: Path, segment: events.LogSegment, most: int | None = None) -> str:
    """The output of one attempt, at most so many bytes of it.

    What is gone, or lies outside of the folder, is told in its place.
    """
    root = folder.resolve()
    path = (root / segment.file).resolve()
    if not path.is_relative_to(root):
        return f"(the log {segment.file!r} lies outside of {folder})\n"
    try:
        with path.open("rb") as file:
            file.seek(segment.start)
            size = max(0, segment.end - segment.start)
            return file.read(size if most is None else min(size, most)).decode("utf-8", "replace")
    except OSError as error:
        return f"(the log {segment.file!r} cannot be read: {error.strerror or error})\n"


def last_runs(ledger: ledgers.Reader, asset: keys.AssetKey, named: Sequence[str] | None) -> list[str]:
    """The runs that last attempted partitions of an asset, newest first."""
    return ledger.attempted_by(asset, named)
