"""Steps that depend on their past: whether their own step run of the interval before went well."""

from __future__ import annotations

from dataclasses import dataclass

from weft.model import keys, pipelines
from weft.ports import ledger as ledgers
from weft.runtime import owners, run_facts

_GOOD = frozenset({"succeeded", "reused", "skipped"})
AGAIN_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Why a step run may not start, and whether it may once the run before has gone on."""

    reason: str
    passing: bool = False


class Past:
    """The run of the interval before a run's own, looked at once it is needed, and until it has ended."""

    def __init__(self, pipeline: pipelines.Pipeline, facts: run_facts.RunFacts, ledger: ledgers.Reader) -> None:
        """Of the run that `facts` are about."""
        self._pipeline = pipeline
        self._facts = facts
        self._ledger = ledger
        self._interval: str | None = None
        self._row: ledgers.RunRow | None = None
        self._outcomes: dict[keys.StepKey, set[str]] = {}
        self._settled = False

    def hold(self, step: pipelines.TaskStep, now: int) -> Hold | None:
        """Why the step runs of a step may not start at `now` (microseconds); None if they may.

        As in Airflow all items of a mapped step have to have succeeded, or been skipped, and what never ran has no
        past to mind: the first interval of all, or a step that is new. A run of the interval before that is under way
        is waited for.
        """
        if not step.depends_on_past or self._facts.partition is None:
            return None
        if not self._settled:
            self._look()
        if self._row is None:
            return None
        found = self._outcomes.get(step.key, set())
        if found - _GOOD - (set() if self._settled else {""}):
            return Hold(reason=f"its run of {self._interval} did not succeed, and it depends on its past")
        if self._settled or (found and "" not in found and step.fan is None):
            return None
        if self._is_under_way(self._row, now):
            return Hold(reason=f"waits for its run of {self._interval}, since it depends on its past", passing=True)
        return Hold(reason=f"its run of {self._interval} has not ended, and it depends on its past")

    def _is_under_way(self, row: ledgers.RunRow, now: int) -> bool:
        """Whether somebody drives a run: one that has not begun may be waiting for this very one to end."""
        lease = self._ledger.lease(row.id)
        return lease is not None and not owners.is_dead(
            owners.decode(lease.owner), run=row.id, expires=lease.expires, now=now
        )

    def _look(self) -> None:
        self._interval = self._before()
        self._row = None
        self._outcomes = {}
        if self._interval is not None:
            runs = self._ledger.runs(pipeline=self._pipeline.name, partition=self._interval, limit=1)
            if runs:
                self._row = runs[0]
                for row in self._ledger.step_runs(self._row.id):
                    self._outcomes.setdefault(row.step, set()).add(row.outcome or "")
        self._settled = self._row is None or self._row.phase == "finished"

    def _before(self) -> str | None:
        if self._facts.before != "" or self._facts.partition is None:
            return self._facts.before
        definition = self._pipeline.partitions
        ordinal = definition.find(self._facts.partition) if definition is not None else None
        return definition.key(ordinal - 1) if definition is not None and ordinal else None
