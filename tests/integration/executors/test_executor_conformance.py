from pathlib import Path

import pytest

from weft.define import bodies
from weft.executors import inline, process, settings, thread
from weft.ports import executor
from weft.testing import executor_conformance


def loader(folder: Path) -> settings.Loader:
    return settings.Loader(
        reference="weft.testing.executor_conformance:definitions", arguments={"root": str(folder / "values")}
    )


class TestInline(executor_conformance.ExecutorConformance):
    ends_hanging_bodies = False
    runs_in_background = False

    def make_executor(self, defined_by: bodies.BuiltDefinitions, folder: Path) -> executor.Executor:
        return inline.InlineExecutor(defined_by, logs_folder=folder / "logs")


class TestThread(executor_conformance.ExecutorConformance):
    ends_hanging_bodies = False

    def make_executor(self, defined_by: bodies.BuiltDefinitions, folder: Path) -> executor.Executor:
        return thread.ThreadExecutor(defined_by, jobs=3, logs_folder=folder / "logs")


class TestProcess(executor_conformance.ExecutorConformance):
    """Forked where the test process has one thread, which it has unless another test or a plugin started some."""

    def make_executor(self, defined_by: bodies.BuiltDefinitions, folder: Path) -> executor.Executor:
        return process.ProcessExecutor(defined_by, jobs=2, loader=loader(folder), logs_folder=folder / "logs")


class TestSpawnedProcess(executor_conformance.ExecutorConformance):
    def make_executor(self, defined_by: bodies.BuiltDefinitions, folder: Path) -> executor.Executor:
        return process.ProcessExecutor(None, jobs=2, loader=loader(folder), logs_folder=folder / "logs")


def test_the_suite_needs_an_executor(tmp_path: Path) -> None:
    with pytest.raises(NotImplementedError):
        executor_conformance.ExecutorConformance().make_executor(executor_conformance.definitions("x"), tmp_path)
