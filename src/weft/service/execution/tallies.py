"""How an execution stands: its runs counted, from the ledger and from what the state says of runs that have ended."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from weft.model import events, partition_set
from weft.ports import executing
from weft.ports import ledger as ledgers
from weft.service import world as worlds
from weft.service.execution import documents as kept
from weft.service.execution import folds

PartitionSet = partition_set.PartitionSet
_FEW = 3
_GOOD = ("succeeded", "reused", "skipped")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Step runs of assets and intervals of pipelines, by how they stand."""

    succeeded: int
    failed: int
    held: int
    """Left out because what they need failed."""
    cancelled: int
    passed: int
    """Made by others meanwhile."""
    running: int
    """Step runs that are being tried, and runs of intervals that have begun."""
    waiting: int
    """In runs that wait in the queue."""
    under_way: bool
    """Whether a run of it is open."""
    seconds: float | None
    """Mean time of the runs of intervals that have ended; None where there is none."""

    @property
    def done(self) -> int:
        """How many have ended, one way or another."""
        return self.succeeded + self.failed + self.held + self.cancelled + self.passed


def tally(
    world: worlds.World,
    row: executing.ExecutionRow,
    state: kept.State,
    open_runs: list[executing.OpenRun] | None = None,
) -> Tally:
    """Count the runs of an execution."""
    good = failed = cancelled = running = waiting = 0
    total, weight = 0.0, 0
    for each in world.ledger.run_counts(row.id):
        if each.outcome is None:
            running += each.count if each.phase != "created" else 0
            waiting += each.count if each.phase == "created" else 0
        elif each.outcome in _GOOD:
            good += each.count
        elif each.outcome == "cancelled":
            cancelled += each.count
        else:
            failed += each.count
        if each.outcome in _GOOD and each.seconds is not None:
            total, weight = total + each.seconds * each.count, weight + each.count
    good += state.succeeded + state.reused
    failed += state.failed
    held = state.held
    open_runs = open_runs if open_runs is not None else world.ledger.open_runs([row.id]).get(row.id, [])
    for run in open_runs:
        if run.pipeline is not None:
            continue
        good += run.succeeded + run.reused
        failed += run.failed
        held += run.held
        left = max(0, run.steps - run.succeeded - run.reused - run.failed - run.held)
        if run.phase == "created":
            waiting += left
        elif left:
            running += min(left, folds.under_way(world.ledger, run))
    return Tally(
        succeeded=good, failed=failed, held=held, cancelled=cancelled + state.cancelled, passed=state.passed,
        running=running, waiting=waiting, under_way=running + waiting > 0 or bool(open_runs),
        seconds=total / weight if weight else None,
    )  # fmt: skip


def ending(world: worlds.World, row: executing.ExecutionRow, state: kept.State) -> tuple[events.Outcome, str]:
    """How an execution ends of which nothing is under way any more, and why."""
    found = tally(world, row, state, [])
    total = max(row.total, found.done)
    if row.phase == "cancelling":
        return "cancelled", f"cancelled after {found.done:,} of {total:,}"
    left_out = "; ".join(state.left_out.values())
    if found.failed or found.held or left_out:
        parts = [f"{found.failed:,} of {total:,} failed"] if found.failed else []
        parts += [f"{found.held:,} of {total:,} left out because of what they need"] if found.held else []
        names = [*state.failures]
        if len(names) < _FEW:
            rows = world.ledger.runs_of_execution(row.id, limit=_FEW - len(names), outcomes=kept.FAILURES)
            names += [f"{each.pipeline} [{each.partition}]" for each in rows if each.pipeline is not None]
        reason = ", ".join(parts) + (f": {', '.join(dict.fromkeys(names))}" if names else "")
        return "failed", "; ".join(each for each in (reason, left_out) if each)
    if found.cancelled:
        return "cancelled", f"{found.cancelled:,} of {total:,} were cancelled"
    return "succeeded", ""


def settle(world: worlds.World, document: kept.Document, state: kept.State, row: ledgers.RunRow) -> None:
    """Count a run of assets that has ended; what it was kept from trying is given back."""
    flight = state.flights.pop(row.id)
    state.succeeded += row.succeeded
    state.reused += row.reused
    state.failed += row.failed
    if row.failed:
        state.failures += _names(world, row.id)[: _FEW - len(state.failures)]
    if row.outcome in ("succeeded", "failed") and not _stopped(row):
        state.held += row.held
        return
    tried, upstream_failed = _ended(world, flight, row.id)
    state.held += upstream_failed
    asked = _asked(world, row.id)
    by_us = bool(asked) and all(each == kept.PAUSED for each in asked)
    moved = row.reason.startswith(kept.MOVED)
    lost = row.outcome == "crashed"
    left = {
        step: PartitionSet.decode(ordinals) - tried.get(step, kept.EMPTY) for step, ordinals in flight.lines.items()
    }
    if by_us or moved or lost:
        for step, ordinals in left.items():
            state.give_back(step, ordinals)
        state.moves += moved
        state.losses += lost
    else:
        state.cancelled += sum(map(len, left.values()))


def _stopped(row: ledgers.RunRow) -> bool:
    """Whether a run that ended as failed was asked to end as well, so that not all of it was tried."""
    return row.reason == kept.PAUSED or "cancelled" in row.reason


def _asked(world: worlds.World, run: str) -> list[str]:
    found = (event for _, _, event in world.ledger.events(run) if isinstance(event, events.RunCancelRequested))
    return [event.reason for event in found]


def _ended(world: worlds.World, flight: kept.Flight, run: str) -> tuple[dict[str, PartitionSet], int]:
    """What of each step came to its end by itself in a run that was cut short; how many because of what is above."""
    found: dict[str, set[str | None]] = {}
    held = 0
    for _, _, event in world.ledger.events(run):
        match event:
            case events.StepSucceeded(step=step, partition=partition):
                found.setdefault(step, set()).add(partition)
            case events.AttemptFailed(step=step, partition=partition, retry_at=None, outcome=outcome):
                if outcome != "cancelled":
                    found.setdefault(step, set()).add(partition)
            case events.StepsFinished(step=step, partitions=partitions, outcome=outcome) if outcome != "cancelled":
                found.setdefault(step, set()).update(partitions)
                held += len(partitions) if outcome == "upstream_failed" else 0
            case _:
                pass
    ordinals: dict[str, PartitionSet] = {}
    for step, names in found.items():
        defined = world.planned.steps.get(step)
        partitions_of = defined.partitions if defined is not None else None
        if partitions_of is None:
            ordinals[step] = PartitionSet.range(0, 1)
            continue
        places = partitions_of.ordinals([each for each in names if each is not None])
        ordinals[step] = PartitionSet.of(sorted(each for each in places if each is not None))
    return ordinals, held


def _names(world: worlds.World, run: str) -> list[str]:
    """The first step runs of assets that failed in a run."""
    found: list[str] = []
    for _, _, event in world.ledger.events(run):
        if isinstance(event, events.AttemptFailed) and event.retry_at is None and event.outcome in kept.FAILURES:
            found.append(event.step + (f" [{event.partition}]" if event.partition is not None else ""))
            if len(found) >= _FEW:
                break
    return found


def options_of(row: executing.ExecutionRow) -> dict[str, object]:
    """What else was asked of an execution."""
    found: dict[str, object] = msgspec.json.decode(row.options) if row.options else {}
    return found
