# ruff: noqa: D102 - the names of the tests are claims, which a docstring would only repeat
"""What every executor must do with tasks, as tests: subclass `TaskConformance` and say how to make one.

As `executor_conformance`, whose `drive` it uses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from weft.define import artifacts, bodies, caching, references, signals, task_options
from weft.model import graph, pipelines
from weft.ports import executor
from weft.storage import protocol, typed
from weft.testing import executor_conformance

CREATED = 1_704_412_800_000_000


def task_returns_its_argument(value: object) -> object:
    """Return the argument."""
    return value


async def task_adds(a: int, b: int = 10) -> int:
    """Return a sum, later."""
    return a + b


def task_ends_otherwise(context: Any, how: str) -> None:
    """Skip, wait, or fail for good."""
    match how:
        case "skip":
            raise signals.Skip("nothing new")
        case "wait":
            raise signals.Defer(5, f"poke {context.poked}")
    raise signals.Fail("no use")


def task_makes_much(context: Any) -> list[str]:
    """Leave a result, a named value, a version of an outlet, an artifact, and output."""
    context.push("rows", 2)
    artifacts.markdown("# done", key="report")
    context.add_metadata({"rows": 2})
    print("made", context.ds)  # noqa: T201
    return ["a", "b"]


def task_fails(how: str) -> None:
    """Fail."""
    raise ValueError(how)


def hook_prints(context: Any, error: BaseException) -> None:
    """Tell what a hook was told."""
    print("hook", context.task_id, error)  # noqa: T201


def definitions(root: str) -> bodies.BuiltDefinitions:
    """Return the definitions that the suite runs; values go below `root`. Spawned workers load them with this."""
    parameters = bodies.Parameters()

    def task(name: str, function: Any, **given: Any) -> bodies.TaskBody:
        return bodies.TaskBody(
            key=f"p:{name}", name=name, function=function, parameters=parameters, code=f"c1:{name}", **given
        )

    made = [
        task("returns", task_returns_its_argument, arguments={"value": references.Result("p:above", path=("n",))}),
        task("renders", task_returns_its_argument, arguments={"value": references.Template("{{ ds }}", field="value")}),
        task("maps", task_returns_its_argument, arguments={"value": references.Element("value", [7, 8, 9])}),
        task("adds", task_adds, arguments={"a": 1}, cache=caching.Cache(caching.Inputs())),
        task("ends", task_ends_otherwise, arguments={"how": references.ParamValue("how")}),
        task("makes", task_makes_much, outlets=("shop/made",)),
        task("fails", task_fails, arguments={"how": "badly"}, hooks=task_options.Hooks(failure=(hook_prints,))),
        task("wrong", task_adds, arguments={"a": "many"}),
    ]
    steps = {each.key: pipelines.TaskStep(key=each.key, task=each.name) for each in made}
    adds = bodies.TaskBody(key=f"{__name__}:task_adds", name="task_adds", function=task_adds, parameters=parameters)
    return bodies.BuiltDefinitions(
        graph=graph.Graph(assets={}, steps={}, pipelines={"p": pipelines.Pipeline(name="p", kind="dag", steps=steps)}),
        bodies={},
        io_managers={"default": typed.TypedStorage(root, durable=False)},
        tasks={**{each.key: each for each in made}, adds.key: adds},
    )


def assignment(number: int, task: str, **facts: Any) -> executor.Assignment:
    """Return an assignment of the suite's definitions."""
    return executor.Assignment(
        id=number,
        run="run1",
        step=f"p:{task}",
        partition=None,
        attempt=1,
        tag=f"tag{number}",
        code="",
        outputs=(),
        inputs=(),
        task=executor.TaskFacts(**{"pipeline": "p", "created": CREATED, **facts}),
    )


class TaskConformance:
    """The suite."""

    def make_executor(self, defined_by: bodies.BuiltDefinitions, folder: Path) -> executor.Executor:
        """Return a new executor that keeps logs below `folder / "logs"`; it is not started yet."""
        raise NotImplementedError

    @contextmanager
    def started(self, folder: Path) -> Iterator[executor.Executor]:
        """Run an executor for the length of a test."""
        running = self.make_executor(definitions(str(folder / "values")), folder)
        running.start()
        try:
            yield running
        finally:
            running.close()

    def reports(self, folder: Path, wanted: Sequence[executor.Assignment]) -> list[executor.AttemptReport]:
        """Run assignments and return their reports in order of their numbers."""
        with self.started(folder) as running:
            found = executor_conformance.drive(running, wanted)
        return sorted(found, key=lambda each: each.id)

    def value(self, folder: Path, report: executor.AttemptReport) -> object:
        """Return what a task returned."""
        assert report.outcome == "succeeded", report.error
        assert report.task is not None
        assert report.task.result is not None
        assert report.task.result.value is not None
        return typed.TypedStorage(str(folder / "values"), durable=False).read(report.task.result.value)

    def store(self, folder: Path, value: object) -> Any:
        """Store a value as a step above would."""
        storage = typed.TypedStorage(str(folder / "values"), durable=False)
        return storage.write(value, protocol.WriteTarget(asset="above", attempt="above"))

    def test_references_templates_and_elements_become_values(self, tmp_path: Path) -> None:
        above = executor.ResultBinding(step="p:above", item="", value=self.store(tmp_path, {"n": 5}))
        wanted = [
            assignment(0, "returns", results=(above,)),
            assignment(1, "renders"),
            *(assignment(2 + n, "maps", item=str(n), element=(("value", n),)) for n in range(3)),
        ]
        reports = self.reports(tmp_path, wanted)
        assert [self.value(tmp_path, each) for each in reports] == [5, "2024-01-05", 7, 8, 9]
        assert reports[1].task is not None
        assert reports[1].task.result is not None
        assert reports[1].task.result.rendered == {"value": "2024-01-05"}

    def test_a_call_of_a_flow_is_found_by_the_name_of_its_function(self, tmp_path: Path) -> None:
        bound = (executor.ArgumentBinding(parameter="0", value=self.store(tmp_path, 5)),)
        (report,) = self.reports(tmp_path, [assignment(0, "call", function=f"{__name__}:task_adds", arguments=bound)])
        assert self.value(tmp_path, report) == 15

    def test_a_function_that_a_worker_cannot_find_is_an_error_with_a_remedy(self, tmp_path: Path) -> None:
        (report,) = self.reports(tmp_path, [assignment(0, "call", function="nowhere:lost")])
        assert (report.outcome, report.retryable) == ("failed", False)
        assert report.error is not None
        assert "can't find the task 'nowhere:lost'" in report.error.message

    def test_a_task_may_be_skipped_wait_or_fail_for_good(self, tmp_path: Path) -> None:
        wanted = [
            assignment(place, "ends", params=b'{"how": "' + how + b'"}', poked=3)
            for place, how in enumerate((b"skip", b"wait", b"fail"))
        ]
        skipped, parked, failed = self.reports(tmp_path, wanted)
        assert skipped.task is not None
        assert (skipped.outcome, skipped.task.reason) == ("skipped", "nothing new")
        assert parked.task is not None
        assert (parked.outcome, parked.task.again, parked.task.reason) == ("parked", 5.0, "poke 3")
        assert (failed.outcome, failed.retryable) == ("failed", False)

    def test_the_cache_is_asked_first_and_the_body_runs_when_it_has_nothing(self, tmp_path: Path) -> None:
        asked, ran = self.reports(tmp_path, [assignment(0, "adds"), assignment(1, "adds", cached=True)])
        assert asked.outcome == "looked_up"
        assert asked.task is not None
        assert asked.task.result is not None
        assert ran.task is not None
        assert ran.task.result is not None
        assert self.value(tmp_path, ran) == 11
        assert asked.task.result.cache == ran.task.result.cache != ""

    def test_outlets_named_values_artifacts_and_output_are_reported(self, tmp_path: Path) -> None:
        (report,) = self.reports(tmp_path, [assignment(0, "makes")])
        assert self.value(tmp_path, report) == ["a", "b"]
        (output,) = report.outputs
        assert (output.asset, bytes(output.metadata["rows"])) == ("shop/made", b"2")
        assert report.task is not None
        assert report.task.result is not None
        assert (report.task.result.length, list(report.task.result.named)) == (2, ["rows"])
        assert [(each.key, each.kind) for each in report.task.artifacts] == [("report", "markdown")]
        assert self.log(tmp_path, report) == "made 2024-01-05\n"

    def test_a_failure_calls_its_hooks_within_the_attempt(self, tmp_path: Path) -> None:
        (report,) = self.reports(tmp_path, [assignment(0, "fails")])
        assert (report.outcome, report.retryable) == ("failed", True)
        assert self.log(tmp_path, report) == "hook fails badly\n"

    def test_a_wrong_value_fails_before_the_body_and_is_not_retried(self, tmp_path: Path) -> None:
        (report,) = self.reports(tmp_path, [assignment(0, "wrong")])
        assert (report.outcome, report.retryable) == ("failed", False)
        assert report.error is not None
        assert "The parameter 'a' of the task 'wrong' is 'many' (str), not int" in report.error.message

    def test_each_of_many_items_is_reported_once(self, tmp_path: Path) -> None:
        wanted = [assignment(n, "maps", item=str(n), element=(("value", n % 3),)) for n in range(500)]
        reports = self.reports(tmp_path, wanted)
        assert [self.value(tmp_path, each) for each in reports] == [7 + n % 3 for n in range(500)]

    def log(self, folder: Path, report: executor.AttemptReport) -> str:
        """Return what an attempt wrote."""
        assert report.log is not None
        content = (folder / "logs" / report.log.file).read_bytes()
        return content[report.log.start : report.log.end].decode()
