"""The latest failures, to be found by what they say: error, asset or pipeline, step."""

from __future__ import annotations

from dataclasses import dataclass

from weft.model import partition_set
from weft.planner import troubles
from weft.ports import ledger as ledgers
from weft.ports import paging
from weft.service import world as worlds
from weft.service.now import attempts, memory

_MOST_RUNS = 30
_MOST_OF_RUN = 5
_MOST_TROUBLES = 10
_OUTCOMES = ("failed", "timed_out", "crashed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One attempt that failed for good: in which run and where in its log, what failed, and when (microseconds)."""

    run: str
    subject: str
    at: int
    failed: attempts.Failed

    @property
    def title(self) -> str:
        """The error in one line."""
        error = self.failed.error
        return (f"{error.type}: {error.message}" if error.message else error.type).partition("\n")[0]

    @property
    def what(self) -> str:
        """What failed: the asset or task, with its partition or item."""
        error = self.failed.error
        step = error.step.partition(":")[2] or error.step or self.subject
        where = f"{step}[{error.item}]" if error.item and ":" in error.step else step
        named = where if self.subject in (step, "") else f"{self.subject}: {where}"
        return f"{named} {error.partition}" if error.partition else named


def latest(world: worlds.World, remembered: memory.Memory) -> list[Failure]:
    """What failed in the last runs that did, the newest first."""
    ledger = world.ledger
    rows = [
        row
        for outcome in _OUTCOMES
        for row in ledger.run_page(paging.RunFilter(outcome=outcome), limit=_MOST_RUNS).rows
    ]
    live = [row for row in ledger.run_page(paging.RunFilter(live=True), limit=_MOST_RUNS).rows if row.failed]
    rows.sort(key=lambda each: -each.created)
    found = [each for row in live for each in _of_run(world, row)]
    for row in rows[:_MOST_RUNS]:
        found += remembered.of(("failures", row.id), None, lambda row=row: _of_run(world, row))  # type: ignore[misc]
    return sorted(found, key=lambda each: -each.at)


def of_troubles(
    world: worlds.World, remembered: memory.Memory, wrong: list[troubles.Trouble], text: str
) -> list[Failure]:
    """What failed of the assets that stand failed and have a text in their name, however long ago that was."""
    found = []
    for trouble in wrong:
        if trouble.kind != "failed" or text not in trouble.root.casefold() or trouble.root not in world.graph.assets:
            continue
        ordinal, failure = max(trouble.failures.items(), key=lambda each: each[1].at)
        definition = world.graph.assets[trouble.root].partitions
        keys = definition.keys(partition_set.PartitionSet.range(ordinal, ordinal + 1)) if definition else [None]
        failed = remembered.of(
            ("attempt", failure.run, trouble.root, keys[0]),
            None,
            lambda run=failure.run, root=trouble.root, key=keys[0]: attempts.of_asset(world, run, root, key),  # type: ignore[misc]
        )
        if failed is not None:
            found.append(Failure(run=failure.run, subject=trouble.root, at=failure.at, failed=failed))
        if len(found) == _MOST_TROUBLES:
            break
    return found


def _of_run(world: worlds.World, row: ledgers.RunRow) -> list[Failure]:
    told = attempts.all_of_run(world, row.id, most=_MOST_OF_RUN)
    at = row.finished or row.started or row.created
    return [Failure(run=row.id, subject=row.pipeline or "", at=at, failed=each) for each in told]
