"""Small pipelines made by hand, for the tests of tasks on the worker's side."""

from collections.abc import Mapping
from typing import Any

import msgspec

from weft.define import bodies
from weft.model import events, graph, pipelines, stored
from weft.ports import executor
from weft.storage import protocol, typed
from weft.worker import execute, masking

MIDNIGHT = 1_704_412_800_000_000
"""2024-01-05 in UTC, in microseconds."""
DAY = 86_400_000_000


class World:
    """The pipeline `p` with the task `made` around a function, steps above it, and a runner."""

    def __init__(self, folder, function, **options: Any) -> None:
        above = options.pop("above", ())
        mapped = options.pop("mapped", ())
        macros, filters = options.pop("macros", {}), options.pop("filters", {})
        schedule = options.pop("schedule", None)
        assets = options.pop("assets", {})
        managers = options.pop("io_managers", {})
        live = options.pop("live", None)
        parameters = options.pop("parameters", None) or bodies.Parameters()
        self.storage = typed.TypedStorage(folder, durable=False)
        given = {"key": "p:made", "name": "made", "function": function, "code": "c1:1", "parameters": parameters}
        self.body = bodies.TaskBody(**{**given, **options})
        fan = pipelines.Fan(sources=(("x", 2),))
        steps = {
            f"p:{name}": pipelines.TaskStep(key=f"p:{name}", task=name, fan=fan if name in mapped else None)
            for name in (*above, *mapped, "made")
        }
        self.definitions = bodies.BuiltDefinitions(
            graph=graph.Graph(
                assets=assets,
                steps={},
                pipelines={"p": pipelines.Pipeline(name="p", kind="dag", steps=steps, schedule=schedule)},
            ),
            bodies={},
            io_managers={"default": self.storage, **managers},
            tasks={"p:made": self.body, "shop.work:made": self.body},
            pipelines={"p": bodies.PipelineBody(name="p", definition=None, macros=macros, filters=filters)},
        )
        self.masks = masking.Masks()
        self.runner = execute.Runner(self.definitions, worker="w1", masks=self.masks, live=live)
        self.count = 0

    def store(self, value: object) -> stored.StoredValue:
        self.count += 1
        return self.storage.write(value, protocol.WriteTarget(asset="above", attempt=f"s{self.count}"))

    def result(self, step: str, value: object, *, item: str = "", name: str = "") -> executor.ResultBinding:
        return executor.ResultBinding(step=f"p:{step}", item=item, name=name, value=self.store(value))

    def assignment(self, *, facts: Mapping[str, Any] | None = None, **changes: Any) -> executor.Assignment:
        self.count += 1
        task = executor.TaskFacts(**{"pipeline": "p", "created": MIDNIGHT, **(facts or {})})
        given: dict[str, Any] = {
            "id": self.count,
            "run": "run1",
            "step": "p:made",
            "partition": None,
            "attempt": 1,
            "tag": f"t{self.count}",
            "code": "c1:1",
            "outputs": (),
            "inputs": (),
            "task": task,
        }
        return executor.Assignment(**{**given, **changes})

    def run(self, *, changes: Mapping[str, Any] | None = None, **facts: Any) -> executor.AttemptReport:
        return self.runner.run(self.assignment(facts=facts, **(changes or {})))

    def value(self, report: executor.AttemptReport) -> object:
        found = result_of(report).value
        assert found is not None
        return self.storage.read(found)


def result_of(report: executor.AttemptReport) -> events.TaskResult:
    assert report.outcome == "succeeded", report.error
    assert report.task is not None
    assert report.task.result is not None
    return report.task.result


def message(report: executor.AttemptReport) -> str:
    assert report.outcome == "failed", report
    assert report.error is not None
    return report.error.message


def params(**values: Any) -> bytes:
    return msgspec.json.encode(values)
