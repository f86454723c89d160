"""The verbs `runs`, `logs`, `versions` and `ledger events`: what happened, read from the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from weft.ledger import codec
from weft.model import errors, events, keys, partition_set, partitions
from weft.model import graph as graphs
from weft.ports import ledger as ledgers
from weft.runtime import owners
from weft.service import views
from weft.service import world as worlds


class StepCount(views.View, frozen=True, kw_only=True):
    """How the step runs of one step went within a run."""

    step: str
    succeeded: int = 0
    reused: int = 0
    failed: int = 0
    held: int = 0
    lost: int = 0
    seconds: float = 0.0


class RunDetail(views.View, frozen=True, kw_only=True):
    """One run with its steps and what did not succeed."""

    run: views.RunView
    steps: list[StepCount]
    failures: list[views.FailureView]


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


# --- runs -------------------------------------------------------------------------------------------------------------


def runs(ledger: ledgers.Reader, *, limit: int | None = None) -> list[views.RunView]:
    """Runs, newest first; one that lives in the ledger but whose owner is dead says so in `reason`."""
    return [_run_view(ledger, row) for row in ledger.runs(limit=limit)]


def find_run(ledger: ledgers.Reader, name: str) -> ledgers.RunRow:
    """The run whose id is, or begins with, `name`; "last" is the newest one.

    Raises:
        UsageError: there is none, or several.
    """
    found = ledger.runs(limit=1) if name == "last" else ledger.runs_with_prefix(name)
    if len(found) == 1:
        return found[0]
    if found:
        raise errors.UsageError(
            f"{len(found)} runs begin with {name!r}: {', '.join(row.id for row in found[:5])}.",
            remedy="Write more of the id.",
        )
    raise errors.UsageError(f"There is no run whose id is or begins with {name!r}.", remedy="`weft runs` lists them.")


def run_named(ledger: ledgers.Reader, name: str) -> ledgers.RunRow | None:
    """The run that `name` means, or None where it rather means an asset or a step.

    An asset of exactly that name goes before a run whose id happens to begin so.

    Raises:
        UsageError: several runs begin with it.
    """
    if name != "last" and ledger.attempted_by(name):
        return None
    found = ledger.runs(limit=1) if name == "last" else ledger.runs_with_prefix(name)
    return find_run(ledger, name) if found else None


def attempts_of(world: worlds.World, name: str) -> tuple[keys.AssetKey, list[str]]:
    """The asset, and the steps, whose attempts `name` means: a step's key, or an expression that selects one asset.

    Raises:
        UsageError: it means neither, nor a run.
    """
    step = world.graph.steps.get(name)
    if step is not None:
        return step.outputs[0], [name]
    try:
        asset = one_asset(world, name)
    except errors.UsageError as error:
        raise errors.UsageError(
            f"{name!r} is neither a run, nor a step, nor an asset.",
            remedy=error.remedy or "`weft runs` lists runs, `weft ls` assets.",
        ) from error
    return asset, steps_of(world.graph, asset)


def run_detail(ledger: ledgers.Reader, row: ledgers.RunRow) -> RunDetail:
    """One run with its steps and failures."""
    counts: dict[str, dict[str, int]] = {}
    failures: list[views.FailureView] = []
    for _, _, event in ledger.events(row.id):
        match event:
            case events.StepSucceeded():
                _add(counts, event.step, "succeeded", 1, event.duration)
            case events.AttemptFailed(retry_at=None):
                _add(counts, event.step, "failed", 1, event.duration)
                told = event.error.told if event.error else ""
                failures.append(
                    views.FailureView(
                        step=event.step,
                        partition=event.partition,
                        outcome=event.outcome,
                        error=told,
                        attempts=event.attempt,
                    )
                )
            case events.AttemptsLost():
                _add(counts, event.step, "lost", len(event.partitions), 0)
            case events.StepsFinished():
                failed = event.outcome in ("failed", "timed_out", "crashed")
                kind = "reused" if event.outcome == "reused" else "failed" if failed else "held"
                _add(counts, event.step, kind, len(event.partitions), 0)
                if failed:
                    failures += [
                        views.FailureView(
                            step=event.step, partition=each, outcome=event.outcome, error=event.reason, attempts=0
                        )
                        for each in event.partitions
                    ]
            case _:
                pass
    steps = [
        StepCount(step=step, seconds=round(found.pop("microseconds", 0) / 1e6, 6), **found)
        for step, found in counts.items()
    ]
    return RunDetail(run=_run_view(ledger, row), steps=steps, failures=failures)


def _add(counts: dict[str, dict[str, int]], step: str, kind: str, count: int, microseconds: int) -> None:
    found = counts.setdefault(step, {})
    found[kind] = found.get(kind, 0) + count
    found["microseconds"] = found.get("microseconds", 0) + microseconds


def _run_view(ledger: ledgers.Reader, row: ledgers.RunRow) -> views.RunView:
    reason = row.reason
    if row.phase != "finished":
        lease = ledger.lease(row.id)
        now = int(datetime.now(UTC).timestamp() * 1e6)
        if lease is not None and owners.is_dead(owners.decode(lease.owner), run=row.id, expires=lease.expires, now=now):
            reason = f"interrupted: {owners.decode(lease.owner)} died; the next apply goes on or ends it"
    return views.RunView(
        id=row.id,
        pipeline=row.pipeline,
        phase=row.phase,
        outcome=row.outcome,
        reason=reason,
        started_at=views.time_of_us(row.started),
        finished_at=views.time_of_us(row.finished),
        created_at=views.time_of_us(row.created) or "",
        selection=row.request or None,
        by=row.by,
        steps=row.steps,
        succeeded=row.succeeded,
        reused=row.reused,
        failed=row.failed,
        held=row.held,
    )


# --- logs -------------------------------------------------------------------------------------------------------------


def attempts(
    ledger: ledgers.Reader,
    logs_folder: Path,
    run: str,
    *,
    steps: Sequence[str] | None = None,
    partitions: Sequence[str] | None = None,
    attempt: int | None = None,
    after: int = 0,
) -> Iterator[tuple[int, AttemptLog]]:
    """The attempts of a run in the order in which they ended, each with its position in the log of events."""
    wanted = None if partitions is None else set(partitions)
    for position, at, event in ledger.events(run, after=after):
        if not isinstance(event, events.StepSucceeded | events.AttemptFailed):
            continue
        if steps is not None and event.step not in steps:
            continue
        if wanted is not None and event.partition not in wanted:
            continue
        if attempt is not None and event.attempt != attempt:
            continue
        failed = isinstance(event, events.AttemptFailed)
        error = event.error if isinstance(event, events.AttemptFailed) else None
        yield (
            position,
            AttemptLog(
                run=run,
                step=event.step,
                partition=event.partition,
                attempt=event.attempt,
                outcome=event.outcome if isinstance(event, events.AttemptFailed) else "succeeded",
                at=views.time_of_us(event.started or at),
                seconds=round(event.duration / 1e6, 6),
                error=error.told if error is not None else "" if not failed else "no error was told",
                traceback=error.traceback if error is not None else "",
                text=read_segment(logs_folder, event.log) if event.log is not None else "",
            ),
        )


def read_segment(folder: Path, segment: events.LogSegment) -> str:
    """The output of one attempt; what is gone, or lies outside of the folder, is told in its place."""
    root = folder.resolve()
    path = (root / segment.file).resolve()
    if not path.is_relative_to(root):
        return f"(the log {segment.file!r} lies outside of {folder})\n"
    try:
        with path.open("rb") as file:
            file.seek(segment.start)
            return file.read(max(0, segment.end - segment.start)).decode("utf-8", "replace")
    except OSError as error:
        return f"(the log {segment.file!r} cannot be read: {error.strerror or error})\n"


def last_runs(ledger: ledgers.Reader, asset: keys.AssetKey, named: Sequence[str] | None) -> list[str]:
    """The runs that last attempted partitions of an asset, newest first."""
    return ledger.attempted_by(asset, named)


# --- versions ---------------------------------------------------------------------------------------------------------


def versions(
    world: worlds.World, asset: keys.AssetKey, chosen: str | None, *, limit: int | None = None
) -> list[views.VersionView]:
    """The versions of an asset, newest first; of these partitions, where they are given.

    Raises:
        UsageError: a wrong partition.
    """
    named = partition_keys(world, asset, chosen)
    rows = world.ledger.versions(asset, named, limit=limit)
    return [
        views.VersionView(
            version=views.version_name(row.id),
            partition=row.key or None,
            data_version=row.data_version,
            code_version=row.code,
            run=row.run or None,
            at=views.time_of_us(row.at) or "",
            current=row.current,
            state="current" if row.current else row.state or "superseded",
        )
        for row in rows
    ]


def one_asset(world: worlds.World, expression: str) -> keys.AssetKey:
    """The one asset that an expression selects.

    Raises:
        UsageError: it selects none or several.
    """
    from weft.service import planning

    found = planning.select(world, expression)
    if len(found) == 1:
        return found[0]
    raise errors.UsageError(
        f"{expression!r} selects {len(found)} assets" + (f": {', '.join(found[:5])}." if found else "."),
        remedy="Name one asset; `weft ls` shows all." if not found else "Name one of them.",
    )


def chosen_partitions(
    world: worlds.World, asset: keys.AssetKey, chosen: str | None
) -> partition_set.PartitionSet | None:
    """The ordinals that `--partitions` means for an asset; None where it is not given.

    Raises:
        UsageError: a key is wrong, or the asset has no partitions.
    """
    if chosen is None:
        return None
    return partitions.parse_selection(chosen, world.graph.assets[asset].partitions, world.clock.now())


def partition_keys(world: worlds.World, asset: keys.AssetKey, chosen: str | None) -> list[str] | None:
    """The keys that `--partitions` means for an asset; an orphaned key may be named as it is."""
    if chosen is None:
        return None
    definition = world.graph.assets[asset].partitions
    if definition is not None and definition.find(chosen) is None and chosen in world.ledger.partition_keys(asset):
        return [chosen]
    ordinals = chosen_partitions(world, asset, chosen)
    return definition.keys(ordinals) if definition is not None and ordinals is not None else None


# --- events -----------------------------------------------------------------------------------------------------------


def event_lines(
    ledger: ledgers.Reader, run: str | None, *, after: int = 0, limit: int | None = None
) -> Iterator[dict[str, object]]:
    """The events of the log as plain values, each with its position and time."""
    for position, at, event in ledger.events(run, after=after, limit=limit):
        body: dict[str, object] = msgspec.json.decode(codec.encode(event))  # metadata is JSON text within
        yield {"position": position, "at": views.time_of_us(at), **body}


def steps_of(graph: graphs.Graph, asset: keys.AssetKey) -> list[str]:
    """The steps whose attempts an asset's logs come from."""
    step = graph.assets[asset].step
    return [step] if step is not None else [asset]
