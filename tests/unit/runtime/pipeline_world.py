"""A pipeline's run on a scripted executor: what each body reports is said beforehand, the rest is real."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from weft.engine import run as engine
from weft.engine import tasks as networks
from weft.model import events, graph, pipelines, policies, stored
from weft.ports import clock as clocks
from weft.ports import executor as executors
from weft.ports import ledger as ledgers
from weft.runtime import driver as drivers
from weft.runtime import task_work
from weft.stores import sqlite
from weft.testing import simulator

Script = Callable[[executors.Assignment], "executors.AttemptReport | Any"]
NAME = "p"


def value_of(value: object) -> stored.StoredValue:
    text = json.dumps(value, separators=(",", ":")).encode()
    return stored.StoredValue(format="json", data_version=f"j1:{hash(text):x}", inline=text, type=type(value).__name__)


def result_of(value: object, **more: Any) -> events.TaskResult:
    length = len(value) if isinstance(value, (list, dict)) else None
    return events.TaskResult(value=value_of(value), length=length, **more)


def report_of(
    assignment: executors.Assignment, outcome: executors.ReportOutcome = "succeeded", **more: Any
) -> executors.AttemptReport:
    return executors.AttemptReport(id=assignment.id, attempt=assignment.attempt, outcome=outcome, **more)


def told(assignment: executors.Assignment, outcome: executors.ReportOutcome, **more: Any) -> executors.AttemptReport:
    """A report with what only tasks say."""
    return report_of(assignment, outcome, task=executors.TaskReport(**more))


class ScriptedExecutor:
    """Runs nothing: the script says what comes of an assignment, in order."""

    name = "scripted"

    def __init__(self, script: Script, clock: simulator.FakeClock, *, room: int = 8) -> None:
        self.script, self.clock, self.most = script, clock, room
        self.queue: list[executors.Assignment] = []
        self.seen: list[executors.Assignment] = []
        self.killed: list[int] = []

    def start(self) -> None: ...

    def room(self, *, exclusive: bool) -> int:
        return self.most - len(self.queue)

    def submit(self, assignments: Sequence[executors.Assignment]) -> None:
        self.queue += assignments
        self.seen += assignments

    def poll(self, timeout: float | None) -> list[executors.AttemptReport]:
        if not self.queue:
            assert timeout is not None, "the driver waits for nothing"
            self.clock.advance(timeout)
            return []
        assignment = self.queue.pop(0)
        if assignment.id in self.killed:
            return [report_of(assignment, "cancelled")]
        found = self.script(assignment)
        if isinstance(found, executors.AttemptReport):
            return [found]
        result = found if isinstance(found, events.TaskResult) else result_of(found)
        return [told(assignment, "succeeded", result=result)]

    def wake(self) -> None: ...

    def cancel(self, ids: Sequence[int], *, kill: bool) -> None:
        self.killed += ids

    def close(self) -> None: ...


def step(task: str, *above: str | pipelines.Edge, **more: Any) -> pipelines.TaskStep:
    """A step that reads the values of the steps above."""
    edges = tuple(each if isinstance(each, pipelines.Edge) else edge(each) for each in above)
    retries = more.pop("retries", 0)
    more.setdefault("policies", policies.Policies(retry=policies.Retry(retries=retries)))
    return pipelines.TaskStep(key=f"{NAME}:{task}", task=task, after=edges, **more)


def edge(above: str, *, value: bool = True, aligned: bool = False) -> pipelines.Edge:
    return pipelines.Edge(step=f"{NAME}:{above}", value=value, aligned=aligned)


def over(*sources: tuple[str, str | int], **more: Any) -> pipelines.Fan:
    return pipelines.Fan(
        sources=tuple((name, f"{NAME}:{each}" if isinstance(each, str) else each) for name, each in sources), **more
    )


def pipeline(*steps: pipelines.TaskStep, **more: Any) -> pipelines.Pipeline:
    return pipelines.Pipeline(name=NAME, kind="dag", steps={each.key: each for each in steps}, **more)


class World:
    """A ledger, a clock, and runs of one pipeline on them."""

    def __init__(
        self, made: pipelines.Pipeline, script: Script | Mapping[str, Any], *, assets: Sequence[graph.Asset] = ()
    ) -> None:
        self.pipeline = made
        self.clock = simulator.FakeClock()
        self.ledger = sqlite.SqliteLedger(None, clock=self.clock)
        given: Mapping[str, Any] = {} if callable(script) else script
        self.script: Script = script if callable(script) else lambda each: self._said(given, each)
        self.graph = graph.Graph(assets={each.key: each for each in assets}, steps={}, pipelines={made.name: made})
        self.executor = ScriptedExecutor(self.script, self.clock)
        self.runs = 0

    def _said(self, script: Mapping[str, Any], assignment: executors.Assignment) -> Any:
        found = script.get(assignment.step.partition(":")[2], 1)
        return found(assignment) if callable(found) else found

    def run(self, *, kept: Mapping[Any, Any] | None = None, **facts: Any) -> events.Outcome:
        """A run from its creation to its end."""
        self.runs += 1
        self.clock.advance(1.0)
        run = f"run{self.runs}"
        created = clocks.microseconds(self.clock.now())
        lease = ledgers.Lease(run=run, epoch=1)
        with self.ledger.transaction() as transaction:
            transaction.append(
                [
                    events.RunCreated(run=run, execution=run, pipeline=NAME, partition=facts.get("partition")),
                    events.RunStarted(run=run),
                ]
            )
            transaction.set_lease(ledgers.LeaseRow(run=run, epoch=1, owner="{}", expires=0))
        known = task_work.RunFacts(run=run, created=created, **facts)
        self.driver, _ = self.driver_of(known, lease, kept=kept)
        return self.driver.drive()

    def driver_of(
        self,
        facts: task_work.RunFacts,
        lease: ledgers.Lease,
        *,
        kept: Mapping[Any, Any] | None = None,
        history: Sequence[events.Event] = (),
    ) -> tuple[drivers.Driver, task_work.TaskWork]:
        run = engine.begin(networks.build(self.pipeline), keep_going=not self.pipeline.fail_fast)
        work = task_work.TaskWork(
            pipeline=self.pipeline, facts=facts, graph=self.graph, run=run, ledger=self.ledger, lease=lease,
            clock=self.clock, kept=kept,
        )  # fmt: skip
        driver = drivers.Driver(
            ledger=self.ledger, executor=self.executor, run=run, work=work, lease=lease, clock=self.clock
        )
        driver.lost(work.replay(history))
        return driver, work

    def log(self, kind: type | tuple[type, ...] = events.Event, run: str | None = None) -> list[Any]:
        return [each for _, _, each in self.ledger.events(run) if isinstance(each, kind)]

    def outcomes(self) -> dict[str, str]:
        """How each step run of the last run ended: `task` or `task#item`."""
        found: dict[str, str] = {}
        for each in self.log(run=f"run{self.runs}"):
            match each:
                case events.StepSucceeded():
                    ended, items = "succeeded", (each.item,)
                case events.StepReused():
                    ended, items = "reused", (each.item,)
                case events.AttemptFailed(retry_at=None):
                    ended, items = each.outcome, (each.item,)
                case events.StepsFinished():
                    ended, items = each.outcome, each.items
                case _:
                    continue
            for item in items:
                name = each.step.partition(":")[2] + (f"#{item}" if item else "")
                assert name not in found, f"{name} ended twice"
                found[name] = ended
        return found

    def given(self, task: str) -> list[executors.Assignment]:
        """The assignments of a task, without hooks."""
        return [each for each in self.executor.seen if each.step == f"{NAME}:{task}" and not each.hook]
