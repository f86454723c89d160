"""Steps that depend on their past: whether their own step run of the interval before went well."""

from __future__ import annotations

from weft.model import keys, pipelines
from weft.ports import ledger as ledgers
from weft.runtime import run_facts

_GOOD = frozenset({"succeeded", "reused", "skipped"})


class Past:
    """The run of the interval before a run's own, looked at once it is needed."""

    def __init__(self, pipeline: pipelines.Pipeline, facts: run_facts.RunFacts, ledger: ledgers.Reader) -> None:
        """Of the run that `facts` are about."""
        self._pipeline = pipeline
        self._facts = facts
        self._ledger = ledger
        self._interval: str | None = None
        self._row: ledgers.RunRow | None = None
        self._outcomes: dict[keys.StepKey, set[str]] = {}
        self._looked = False

    def refusal(self, step: pipelines.TaskStep) -> str:
        """Why the step runs of a step may not start, "" if they may.

        As in Airflow all items of a mapped step have to have succeeded, or been skipped, and what never ran has no
        past to mind: the first interval of all, or a step that is new.
        """
        if not step.depends_on_past or self._facts.partition is None:
            return ""
        if not self._looked:
            self._looked = True
            self._look()
        if self._row is None:
            return ""
        found = self._outcomes.get(step.key, set())
        if not found and self._row.outcome is None:
            return f"its run of {self._interval} has not ended, and it depends on its past"
        if found <= _GOOD:
            return ""
        return f"its run of {self._interval} did not succeed, and it depends on its past"

    def _look(self) -> None:
        self._interval = self._before()
        if self._interval is None:
            return
        runs = self._ledger.runs(pipeline=self._pipeline.name, partition=self._interval, limit=1)
        if runs:
            self._row = runs[0]
            for row in self._ledger.step_runs(self._row.id):
                self._outcomes.setdefault(row.step, set()).add(row.outcome or "")

    def _before(self) -> str | None:
        if self._facts.before != "" or self._facts.partition is None:
            return self._facts.before
        definition = self._pipeline.partitions
        ordinal = definition.find(self._facts.partition) if definition is not None else None
        return definition.key(ordinal - 1) if definition is not None and ordinal else None
