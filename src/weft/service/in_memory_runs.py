"""`dag.test()`: a DAG or a graph of ops run here and now, in memory and in this process, for tests and debugging."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from weft.codehost import runnable
from weft.define import bodies, build, definitions
from weft.executors import inline
from weft.model import code, errors, events, keys, spelling
from weft.ports import clock as clocks
from weft.service import in_memory, views
from weft.service import world as worlds
from weft.service.pipeline import pipelines
from weft.service.run import driving
from weft.storage import protocol
from weft.stores import sqlite


class RunError(errors.WeftError):
    """A run did not succeed for another reason than an exception of one of its tasks."""

    code = "run"


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """How a run in memory went: its outcome, and the outcome and value of each task."""

    outcome: str
    outcomes: Mapping[str, str]
    """By task id; of a mapped task by `task_id[item]` for each item as well."""
    failures: tuple[views.FailureView, ...]
    exceptions: tuple[BaseException, ...]
    rendered: Mapping[str, Mapping[str, str]]
    """The templates of each task with their values filled in, by argument."""
    _values: Mapping[str, Mapping[str, object]]
    _named: Mapping[tuple[str, str], Mapping[str, object]]
    _assets: Mapping[keys.AssetKey, object]

    @property
    def success(self) -> bool:
        """Whether the run succeeded."""
        return self.outcome == "succeeded"

    def value(self, task: str, item: str | int | None = None, *, name: str = "") -> Any:
        """What a task returned: of a mapped one the list of all its items, or the one asked for.

        `name` asks for a value that it pushed under a name.

        Raises:
            KeyError: it left no value: it was skipped, it failed, or there is no such task.
        """
        found = self._values.get(task)
        if found is None:
            near = spelling.did_you_mean(task, self.outcomes) or f"the tasks are {', '.join(self.outcomes)}"
            state = f"it is {self.outcomes[task]}" if task in self.outcomes else near
            raise KeyError(f"{task!r} left no value: {state}")
        if name:
            return self._named[task, "" if item is None else str(item)][name]
        if item is not None:
            return found[str(item)]
        if set(found) == {""}:
            return found[""]
        return [found[each] for each in sorted(found, key=_place)]

    def __getitem__(self, task: str) -> Any:
        """What a task returned, or the value of an asset that a task made."""
        return self._assets[task] if task in self._assets and task not in self._values else self.value(task)


def _place(item: str) -> list[int]:
    return [int(each) if each.isdecimal() else 0 for each in item.split(".")]


def run(
    definition: object,
    *,
    partition: str | None = None,
    params: Mapping[str, object] | None = None,
    resources: Mapping[str, object] | None = None,
    raise_on_error: bool = True,
    clock: clocks.Clock | None = None,
) -> RunResult:
    """Run a DAG (or a job of ops) in memory, in this process, without waiting between retries.

    Args:
        definition: the DAG.
        partition: the key or date of its interval; the latest that has ended unless given.
        params: its parameters.
        resources: resources by name, as objects.
        raise_on_error: raise what a task raised, if the run failed; else it is in the result.
        clock: tells the time.

    Raises:
        DefinitionsError: the DAG is wrong.
        UsageError: a parameter or the interval is wrong.
        RunError: the run failed without an exception, and `raise_on_error` is on.
        Exception: what a task raised, with `raise_on_error`.
    """
    storage = in_memory.MemoryStorage()
    objects: list[tuple[str, object]] = [
        ("", definitions.Definitions(resources=dict(resources or {}))),
        ("", definition),
    ]
    built = build.build(objects, fingerprint=_fingerprint, default_io=storage)
    if len(built.graph.pipelines) != 1:
        raise errors.UsageError(
            f"{definition!r} defines no pipeline.", remedy="Give what @dag, DAG(…) or a @job of ops made."
        )
    (name,) = built.graph.pipelines
    raised: list[BaseException] = []
    ready = runnable.ready(_listening(built, raised))
    ledger = sqlite.SqliteLedger(None)
    try:
        world = worlds.World(
            definitions=ready,
            ledger=ledger,
            clock=clock or clocks.SystemClock(),
            make_executor=lambda executor, jobs, steps: inline.InlineExecutor(ready),
            renew=lambda lease, expires: True,
            sources_of=lambda manifest: {},
        )
        wanted = pipelines.Wanted(pipeline=name, params=params, partition=partition)
        result = pipelines.run(world, wanted, driving.How(executor="inline"))
        found = _result(world, storage, result, raised)
    finally:
        ledger.close()
    if not found.success and raise_on_error:
        if raised:
            raise raised[-1]
        first = found.failures[0] if found.failures else None
        raise RunError(
            f"{first.step} {first.outcome}: {first.error}" if first else f"The run ended as {found.outcome}.",
            remedy="Pass raise_on_error=False to look at the result instead.",
        )
    return found


def _fingerprint(function: Callable[..., object]) -> code.CodeManifest:
    """Code never moves here; a manifest only tells functions apart."""
    name = f"{function.__module__}.{getattr(function, '__qualname__', '')}"
    return code.CodeManifest(algorithm="memory", entries={name: str(id(function))}, python="")


def _listening(built: bodies.BuiltDefinitions, raised: list[BaseException]) -> bodies.BuiltDefinitions:
    """Definitions that keep what bodies raise, whose retries don't wait, and that all run here."""

    def listener(before: Callable[[BaseException], bool] | None) -> Callable[[BaseException], bool]:
        def judge(error: BaseException) -> bool:
            raised.append(error)
            return True if before is None else before(error)

        return judge

    def hasty(pipeline: Any) -> Any:
        steps = {
            key: replace(
                step,
                policies=msgspec.structs.replace(
                    step.policies,
                    retry=msgspec.structs.replace(step.policies.retry, delay=0.0, delays=()),
                    executor=None,
                ),
            )
            for key, step in pipeline.steps.items()
        }
        return replace(pipeline, steps=steps)

    return replace(
        built,
        tasks={key: replace(body, retry_if=listener(body.retry_if)) for key, body in built.tasks.items()},
        graph=replace(built.graph, pipelines={name: hasty(each) for name, each in built.graph.pipelines.items()}),
    )


def _result(
    world: worlds.World, storage: protocol.IOManager, result: views.ApplyView, raised: list[BaseException]
) -> RunResult:
    values: dict[str, dict[str, object]] = {}
    named: dict[tuple[str, str], dict[str, object]] = {}
    rendered: dict[str, dict[str, str]] = {}
    assets: dict[keys.AssetKey, object] = {}
    outcomes: dict[str, str] = {}
    for _, _, event in world.ledger.events(result.run):
        if isinstance(event, events.StepSucceeded | events.StepReused) and event.task is not None:
            task = event.step.partition(":")[2]
            if event.task.value is not None:
                values.setdefault(task, {})[event.item] = storage.read(event.task.value)
            named[task, event.item] = {name: storage.read(each) for name, each in event.task.named.items()}
            rendered.setdefault(task, {}).update(event.task.rendered)
        elif isinstance(event, events.Materialized):
            assets[event.output.asset] = storage.read(event.output.value)
    for row in world.ledger.step_runs(result.run or ""):
        task = row.step.partition(":")[2]
        outcome = row.outcome or row.phase
        outcomes[f"{task}[{row.item}]" if row.item else task] = outcome
        if row.item:
            before = outcomes.get(task, "skipped")
            outcomes[task] = outcome if before in ("succeeded", "skipped") and outcome != "skipped" else before
    return RunResult(
        outcome=result.outcome or "succeeded",
        outcomes=outcomes,
        failures=tuple(result.failures),
        exceptions=tuple(raised),
        rendered=rendered,
        _values=values,
        _named=named,
        _assets=assets,
    )
