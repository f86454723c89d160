"""Where a flow that is called runs: the project of the file that defines it. Reached only when a flow is called.

Glue, as `wiring` is: it knows the adapters. Nothing is loaded but the flow itself: a flow needs no project.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from weft import wiring
from weft.codehost import project as projects
from weft.define import bodies, flows, tasks
from weft.model import errors, graph
from weft.ports import clock as clocks
from weft.runtime.flows import place
from weft.service.pipeline import flows as service
from weft.storage import places, typed

if TYPE_CHECKING:
    from weft.ports import executor as executors

_open: dict[tuple[int, Path], place.Place] = {}


def starter() -> service.Starter:
    """What runs flows that are called outside of any run."""
    return service.Starter(place_for)


def place_for(flow: flows.FlowDefinition[..., Any]) -> place.Place:
    """The place of a flow: its project's, opened once in a process.

    Raises:
        UsageError, LedgerError: the project's configuration is wrong, or its ledger can't be opened.
    """
    file = service.file_of(flow)
    return open_place(find_project(file))


def find_project(file: Path | None) -> projects.Project:
    """The project that a file lies in; without one that of the working directory."""
    if file is not None:
        return projects.find_project(Path.cwd(), file=file, environ=os.environ)
    folder = Path.cwd()
    return projects.find_project(folder, module="__main__", environ=os.environ)


def open_place(project: projects.Project) -> place.Place:
    """Open the ledger and storage of a project for its flows."""
    key = (os.getpid(), project.home)
    found = _open.get(key)
    if found is None:
        projects.make_home(project)
        found = _open[key] = made_place(project, wiring.open_ledger(project))
    return found


def close_places() -> None:
    """Let go of the ledgers of all places that this process has opened."""
    while _open:
        _open.popitem()[1].ledger.close()


def made_place(project: projects.Project, ledger: Any) -> place.Place:
    """The place of a project whose ledger is open."""
    storage = typed.TypedStorage(_storage_root(project))
    definitions = bodies.BuiltDefinitions(
        graph=graph.Graph(assets={}, steps={}), bodies={}, io_managers={"default": storage}
    )
    logs = project.home / wiring.LOGS_FOLDER

    def make_threads(jobs: int | None, live: place.Live) -> place.LiveExecutor:
        from weft.executors import thread

        return thread.ThreadExecutor(definitions, jobs=jobs, logs_folder=logs, live=live, echo=True, memory=0)

    def make_processes(jobs: int | None, wanted: Iterable[tasks.TaskDefinition[..., Any]]) -> executors.Executor:
        from weft.executors import process, settings

        loader = settings.Loader(
            reference="weft.flow_start:load_in_worker",
            arguments={
                "root": str(project.root),
                "storage": str(_storage_root(project)),
                "main": getattr(sys.modules.get("__main__"), "__file__", None),
                "package": getattr(sys.modules.get("__main__"), "__package__", None),
                "arguments": list(sys.argv),
            },
        )
        return process.ProcessExecutor(None, jobs=jobs, loader=loader, logs_folder=logs)

    return place.Place(
        root=project.root,
        ledger=ledger,
        clock=clocks.SystemClock(),
        storage=storage,
        user=wiring.login(),
        renew=wiring._Renewal(project.home / wiring.LEDGER_FILE),
        make_threads=make_threads,
        make_processes=make_processes,
        fingerprint=_fingerprints(project.root),
        unsynchronised=ledger.unsynchronised,
        pools=cast("dict[str, int]", project.settings.get("pools", {})),
        logs=logs,
    )


def _storage_root(project: projects.Project) -> str | Path:
    setting = project.settings.get("storage")
    if setting is None:
        return project.home / "data"
    return str(setting) if "://" in str(setting) else project.root / str(setting)


def _fingerprints(root: Path) -> Callable[[Callable[..., Any]], str]:
    fingerprinter: Any = None

    def fingerprint(function: Callable[..., Any]) -> str:
        nonlocal fingerprinter
        if fingerprinter is None:
            from weft.codehost import fingerprint as fingerprints

            fingerprinter = fingerprints.Fingerprinter(root)
        return str(fingerprinter.manifest(function).digest)

    return fingerprint


def load_in_worker(
    root: str, storage: str, main: str | None, package: str | None, arguments: list[str]
) -> bodies.BuiltDefinitions:
    """What a worker process of a flow can run: any task that it is asked for by `module:qualified.name`."""
    sys.argv[:] = arguments  # a script may read them as it is loaded
    where = storage if "://" in storage else places.absolute(Path(storage))
    return bodies.BuiltDefinitions(
        graph=graph.Graph(assets={}, steps={}),
        bodies={},
        io_managers={"default": typed.TypedStorage(where)},
        tasks=_Found(main, package, _fingerprints(Path(root))),
    )


class _Found(Mapping[str, bodies.TaskBody]):
    """Tasks by `module:qualified.name`, each imported when it is asked for."""

    def __init__(self, main: str | None, package: str | None, fingerprint: Callable[[Callable[..., Any]], str]) -> None:
        self._main = main
        self._package = package
        self._fingerprint = fingerprint
        self._found: dict[str, bodies.TaskBody] = {}

    def __getitem__(self, key: str) -> bodies.TaskBody:
        found = self._found.get(key)
        if found is None:
            module, _, name = key.partition(":")
            at: Any = self._module(module)
            for part in name.split("."):
                at = getattr(at, part, None)
            if not isinstance(at, tasks.TaskDefinition):
                raise KeyError(key)
            found = self._found[key] = place.task_body(at, self._fingerprint)
        return found

    def _module(self, name: str) -> Any:
        if name != "__main__":
            return importlib.import_module(name)
        from weft.codehost import scripts

        if self._main is None:
            raise errors.UsageError("The flow's script is in no file.", remedy="Put the task into a module.")
        return scripts.load(Path(self._main), self._package)

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)
