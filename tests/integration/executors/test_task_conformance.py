from pathlib import Path

import pytest

from weft.define import bodies
from weft.executors import inline, process, settings, thread
from weft.ports import executor
from weft.testing import task_conformance


def loader(folder: Path) -> settings.Loader:
    return settings.Loader(
        reference="weft.testing.task_conformance:definitions", arguments={"root": str(folder / "values")}
    )


class TestInline(task_conformance.TaskConformance):
    def make_executor(self, defined_by: bodies.BuiltDefinitions, folder: Path) -> executor.Executor:
        return inline.InlineExecutor(defined_by, logs_folder=folder / "logs")


class TestThread(task_conformance.TaskConformance):
    def make_executor(self, defined_by: bodies.BuiltDefinitions, folder: Path) -> executor.Executor:
        return thread.ThreadExecutor(defined_by, jobs=3, logs_folder=folder / "logs")


class TestProcess(task_conformance.TaskConformance):
    def make_executor(self, defined_by: bodies.BuiltDefinitions, folder: Path) -> executor.Executor:
        return process.ProcessExecutor(defined_by, jobs=2, loader=loader(folder), logs_folder=folder / "logs")


class TestSpawnedProcess(task_conformance.TaskConformance):
    def make_executor(self, defined_by: bodies.BuiltDefinitions, folder: Path) -> executor.Executor:
        return process.ProcessExecutor(None, jobs=2, loader=loader(folder), logs_folder=folder / "logs")


def test_the_suite_needs_an_executor(tmp_path: Path) -> None:
    with pytest.raises(NotImplementedError):
        task_conformance.TaskConformance().make_executor(task_conformance.definitions("x"), tmp_path)
