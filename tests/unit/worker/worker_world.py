"""Small definitions made by hand, for the tests of the worker."""

from typing import Any

import msgspec

from weft.define import bodies
from weft.model import errors, graph, policies, stored
from weft.ports import executor
from weft.storage import protocol, typed
from weft.worker import execute


def binding(parameter, values, *, asset="source", single=True, partitions=(None,), versions=()):
    return executor.InputBinding(
        asset=asset, parameter=parameter, single=single, partitions=partitions, values=tuple(values), versions=versions
    )


class World:
    """One step `made` around a function, with a runner for it."""

    def __init__(self, folder, function, **options: Any) -> None:
        outputs = options.pop("outputs", ("made",))
        annotations = options.pop("output_types", {})
        checks = options.pop("checks", {})
        resources = options.pop("resources", {})
        configs = options.pop("configs", None)
        partitions = options.pop("partitions", None)
        batch = options.pop("batch", False)
        self.storage = typed.TypedStorage(folder, durable=False)
        managers = {"default": self.storage, **options.pop("io_managers", {})}
        secrets = options.pop("masks", None)
        capture = options.pop("capture", None)
        keyboard = options.pop("keyboard", True)
        body_options = {name: options.pop(name) for name in ("multiple", "retry_if", "io", "names") if name in options}
        body = bodies.StepBody(
            key="made",
            function=function,
            parameters=bodies.Parameters(**options),
            outputs=annotations,
            checks=tuple(
                bodies.CheckBody(
                    check=graph.Check(name=name, asset="made", blocking=True),
                    function=check,
                    parameters=bodies.Parameters(),
                    value="value",
                )
                for name, check in checks.items()
            ),
            **body_options,
        )
        step = graph.Step(
            key="made", outputs=outputs, code="c1:1", partitions=partitions, policies=policies.Policies(batch=batch)
        )
        self.definitions = bodies.BuiltDefinitions(
            graph=graph.Graph(
                assets={each: graph.Asset(key=each, step="made") for each in outputs}, steps={"made": step}
            ),
            bodies={"made": body},
            resources=resources,
            io_managers=managers,
        )
        self.outputs = outputs
        self.runner = execute.Runner(
            self.definitions, worker="w1", configs=configs, masks=secrets, capture=capture, keyboard=keyboard
        )
        self.count = 0

    def store(self, value: object, asset: str = "source") -> stored.StoredValue:
        self.count += 1
        return self.storage.write(value, protocol.WriteTarget(asset=asset, attempt=f"s{self.count}"))

    def assignment(self, **changes: Any) -> executor.Assignment:
        self.count += 1
        given = {
            "id": self.count,
            "run": "run1",
            "step": "made",
            "partition": None,
            "attempt": 1,
            "tag": f"t{self.count}",
            "code": "c1:1",
            "outputs": self.outputs,
            "inputs": (),
        }
        return executor.Assignment(**{**given, **changes})

    def run(self, **changes: Any) -> executor.AttemptReport:
        return self.runner.run(self.assignment(**changes))

    def value(self, report: executor.AttemptReport, place: int = 0) -> object:
        assert report.outcome == "succeeded", report.error
        return self.storage.read(report.outputs[place].value)


def metadata_of(output: executor.OutputReport) -> dict[str, object]:
    return {name: msgspec.json.decode(raw) for name, raw in output.metadata.items()}


class Refusing(protocol.IOManager):
    def write(self, value, target):
        raise errors.StorageError("no room")

    def read(self, stored, as_type=None):
        raise errors.StorageError("no value")
