# ruff: noqa: D102 - the names of the tests are claims, which a docstring would only repeat
"""What every executor must do, as tests: subclass `ExecutorConformance` and say how to make one.

    class TestMine(ExecutorConformance):
        def make_executor(self, definitions, folder): return MyExecutor(definitions, logs_folder=folder / "logs")

Bodies are given what they need through their partition key. Tests wait for reports and for bytes in named pipes,
never for time.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from weft.define import bodies
from weft.define import outputs as defined
from weft.model import graph, stored
from weft.ports import executor
from weft.storage import protocol, typed

PATIENCE = 30.0
"""Seconds after which a test gives up on a report."""


def body_returns_its_partition(context: Any) -> str:
    """Return the partition key."""
    return str(context.partition_key)


def body_adds_one(number: int) -> int:
    """Return the input plus one."""
    return number + 1


def body_fails(context: Any) -> None:
    """Raise an error with a cause."""
    try:
        os.environ["WEFT: ABSENT"]  # the lookup is what is meant
    except KeyError as error:
        raise ValueError(f"no luck with {context.partition_key}") from error


def body_exits(context: Any) -> None:
    """Leave Python, or try to."""
    sys.exit(3)


def body_prints(context: Any) -> None:
    """Write to stdout, stderr and the log."""
    print(f"printed {context.partition_key}")  # noqa: T201
    print("complained", file=sys.stderr)  # noqa: T201
    context.log.info("logged %s", context.attempt)
    logging.getLogger("library").warning("warned")


def body_waits(context: Any) -> str:
    """Open the named pipe that the partition names, and wait until somebody stops it."""
    pipe = context.partition_key
    with open(pipe, "w") as opened:  # noqa: PTH123
        try:
            opened.write("begun\n")
            opened.flush()
            threading.Event().wait()
        finally:
            opened.write("cleaned up\n")
    return "never"


def body_sleeps(context: Any) -> str:
    """Take longer than any timeout here."""
    while True:
        time.sleep(0.01)


def body_waits_in_steps(context: Any) -> str:
    """As `body_waits`, but coming back to Python again and again."""
    with open(context.partition_key, "w") as opened:  # noqa: PTH123
        try:
            opened.write("begun\n")
            opened.flush()
            while True:
                time.sleep(0.01)
        finally:
            opened.write("cleaned up\n")


def body_gives_data_version(context: Any) -> object:
    """Return an output with metadata and a version of its own."""
    context.add_metadata({"rows": 3})
    return defined.Output(["a"], metadata={"columns": ["x"]}, data_version="7")


_BODIES = {
    "returns_its_partition": body_returns_its_partition,
    "fails": body_fails,
    "exits": body_exits,
    "prints": body_prints,
    "waits": body_waits,
    "waits_in_steps": body_waits_in_steps,
    "sleeps": body_sleeps,
    "gives_data_version": body_gives_data_version,
}


def definitions(root: str) -> bodies.BuiltDefinitions:
    """Return the definitions that the suite runs; values go below `root`. Spawned workers load them with this."""
    made = {
        name: bodies.StepBody(key=name, function=function, parameters=bodies.Parameters(context="context"))
        for name, function in _BODIES.items()
    }
    made["adds_one"] = bodies.StepBody(
        key="adds_one",
        function=body_adds_one,
        parameters=bodies.Parameters(inputs={"number": "source"}, annotations={"number": int}),
        outputs={"adds_one": int},
    )
    return bodies.BuiltDefinitions(
        graph=graph.Graph(
            assets={name: graph.Asset(key=name, step=name) for name in made},
            steps={name: graph.Step(key=name, outputs=(name,), code=f"c1:{name}") for name in made},
        ),
        bodies=made,
        io_managers={"default": typed.TypedStorage(root, durable=False)},
    )


def assignment(number: int, step: str, partition: str | None = None, **changes: Any) -> executor.Assignment:
    """Return an assignment of the suite's definitions."""
    given: dict[str, Any] = {
        "id": number,
        "run": "run1",
        "step": step,
        "partition": partition,
        "attempt": 1,
        "tag": f"tag{number}",
        "code": f"c1:{step}",
        "outputs": (step,),
        "inputs": (),
    }
    return executor.Assignment(**{**given, **changes})


def bound_number(number: int, root: Path) -> executor.InputBinding:
    """Return the binding of the input of `adds_one`."""
    target = protocol.WriteTarget(asset="source", attempt="source")
    value: stored.StoredValue = typed.TypedStorage(root, durable=False).write(number, target)
    return executor.InputBinding(
        asset="source", parameter="number", single=True, partitions=(None,), values=(value,), versions=(1,)
    )


def drive(running: executor.Executor, assignments: Sequence[executor.Assignment]) -> list[executor.AttemptReport]:
    """Submit assignments as there is room for them, and return the reports in the order in which they came."""
    left = list(assignments)
    reports: list[executor.AttemptReport] = []
    until = time.monotonic() + PATIENCE
    while len(reports) < len(assignments):
        assert time.monotonic() < until, f"{len(assignments) - len(reports)} assignments were never reported"
        while left:
            alone = left[0].exclusive
            room = running.room(exclusive=alone)
            frame = [each for each in left[:room] if each.exclusive == alone]
            if not frame:
                break
            running.submit(frame)
            left = [each for each in left if each not in frame]
        reports.extend(running.poll(PATIENCE))
    return reports


class ExecutorConformance:
    """The suite. The switches say what an executor cannot do by its nature."""

    ends_hanging_bodies = True
    runs_in_background = True

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

    def test_each_assignment_is_reported_exactly_once(self, tmp_path: Path) -> None:
        wanted = [assignment(number, "returns_its_partition", f"p{number}") for number in range(700)]
        with self.started(tmp_path) as running:
            reports = drive(running, wanted)
            assert running.poll(0) == []
        assert sorted(each.id for each in reports) == list(range(700))
        assert {each.outcome for each in reports} == {"succeeded"}

    def test_a_report_carries_the_output_of_its_own_partition(self, tmp_path: Path) -> None:
        wanted = [assignment(number, "returns_its_partition", f"p{number}") for number in range(20)]
        with self.started(tmp_path) as running:
            reports = drive(running, wanted)
        for report in reports:
            (output,) = report.outputs
            assert (output.asset, output.partition) == ("returns_its_partition", f"p{report.id}")
            assert output.value.inline == f"p{report.id}".encode()
            assert report.worker
            assert report.started > 0

    def test_an_input_is_bound_to_its_parameter(self, tmp_path: Path) -> None:
        with self.started(tmp_path) as running:
            binding = bound_number(41, tmp_path / "values")
            (report,) = drive(running, [assignment(1, "adds_one", inputs=(binding,))])
        assert report.outputs[0].value.inline == b"42"

    def test_metadata_and_a_chosen_data_version_are_reported(self, tmp_path: Path) -> None:
        with self.started(tmp_path) as running:
            (report,) = drive(running, [assignment(1, "gives_data_version")])
        (output,) = report.outputs
        assert {name: bytes(raw) for name, raw in output.metadata.items()} == {"rows": b"3", "columns": b'["x"]'}
        assert output.value.data_version == "v1:7"

    def test_a_failure_carries_type_message_causes_and_the_users_frames_only(self, tmp_path: Path) -> None:
        with self.started(tmp_path) as running:
            (report,) = drive(running, [assignment(1, "fails", "p1")])
        assert report.outcome == "failed"
        assert report.error is not None
        assert (report.error.kind, report.error.message) == ("ValueError", "no luck with p1")
        assert "KeyError: 'WEFT: ABSENT'" in report.error.traceback
        assert "body_fails" in report.error.traceback
        assert "execute.py" not in report.error.traceback

    def test_sys_exit_is_a_failed_attempt(self, tmp_path: Path) -> None:
        with self.started(tmp_path) as running:
            first, second = drive(running, [assignment(1, "exits"), assignment(2, "returns_its_partition", "p")])
        outcomes = {first.id: first, second.id: second}
        assert outcomes[1].outcome == "failed"
        assert outcomes[1].error is not None
        assert outcomes[1].error.kind == "SystemExit"
        assert outcomes[2].outcome == "succeeded"

    def test_other_code_than_planned_does_not_run(self, tmp_path: Path) -> None:
        with self.started(tmp_path) as running:
            (report,) = drive(running, [assignment(1, "fails", "p", code="c1:older")])
        assert report.outcome == "code_moved"
        assert report.error is not None
        assert "c1:older" in report.error.message

    def test_output_of_each_attempt_is_kept_apart(self, tmp_path: Path) -> None:
        wanted = [assignment(number, "prints", f"p{number}") for number in range(5)]
        with self.started(tmp_path) as running:
            reports = drive(running, wanted)
        for report in reports:
            assert report.log is not None
            content = (tmp_path / "logs" / report.log.file).read_bytes()[report.log.start : report.log.end].decode()
            lines = content.splitlines()
            assert lines[:2] == [f"printed p{report.id}", "complained"]
            assert lines[2].endswith("INFO prints: logged 1")
            assert lines[3].endswith("WARNING library: warned")
            assert len(lines) == 4

    def test_a_silent_body_has_no_log(self, tmp_path: Path) -> None:
        with self.started(tmp_path) as running:
            (report,) = drive(running, [assignment(1, "returns_its_partition", "p")])
        assert report.log is None

    def test_a_queued_assignment_is_cancelled_or_ends_but_is_reported_once(self, tmp_path: Path) -> None:
        wanted = [assignment(number, "returns_its_partition", f"p{number}") for number in range(300)]
        with self.started(tmp_path) as running:
            drive(running, wanted)  # so that there is room for many
            again = wanted[: max(1, running.room(exclusive=False))]
            running.submit(again)
            running.cancel([each.id for each in again], kill=False)
            reports: list[executor.AttemptReport] = []
            while len(reports) < len(again):
                reports.extend(running.poll(PATIENCE))
            assert running.poll(0) == []
        assert sorted(each.id for each in reports) == [each.id for each in again]
        assert {each.outcome for each in reports} <= {"cancelled", "succeeded", "unstarted"}

    def test_wake_ends_a_poll_that_waits(self, tmp_path: Path) -> None:
        with self.started(tmp_path) as running:
            thread = threading.Thread(target=running.wake)
            thread.start()
            assert running.poll(None) == []
            thread.join()

    def test_a_timeout_is_reported_as_such(self, tmp_path: Path) -> None:
        with self.started(tmp_path) as running:
            (report,) = drive(running, [assignment(1, "sleeps", "p", timeout=0.05, exclusive=True)])
            (after,) = drive(running, [assignment(2, "returns_its_partition", "p")])
        assert report.outcome == "timed_out"
        assert report.error is not None
        assert "timeout of 0.05 s" in report.error.message
        if not self.ends_hanging_bodies:
            assert "only the process executor can end a body" in report.error.message
        assert after.outcome == "succeeded"

    @pytest.mark.parametrize("kill", [False, True])
    def test_a_running_body_is_cancelled(self, tmp_path: Path, kill: bool) -> None:
        if not self.runs_in_background:
            pytest.skip("bodies run in the polling thread, so that nobody can cancel them but a signal handler")
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        body = "waits" if self.ends_hanging_bodies else "waits_in_steps"
        with self.started(tmp_path) as running:
            running.submit([assignment(1, body, str(pipe))])
            with pipe.open() as opened:  # waits for the body
                assert opened.readline() == "begun\n"
                running.cancel([1], kill=kill)
                reports = running.poll(PATIENCE)
                rest = opened.read()
            (after,) = drive(running, [assignment(2, "returns_its_partition", "p")])
        assert [(each.id, each.outcome) for each in reports] == [(1, "cancelled")]
        assert rest == ("" if kill and self.ends_hanging_bodies else "cleaned up\n")
        assert after.outcome == "succeeded"
