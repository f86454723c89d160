"""Wiring: from settings to concrete adapters to a world. The only file that knows both sides."""

from __future__ import annotations

import getpass
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from weft.codehost import project as projects
from weft.model import errors
from weft.ports import clock as clocks
from weft.service import world as worlds

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from weft.codehost import built
    from weft.ports import executor as executors
    from weft.ports import ledger as ledgers
    from weft.service.server import serving, setting_views
    from weft.stores import sqlite

LEDGER_FILE = "ledger.db"
LOGS_FOLDER = "logs"
EXECUTORS = ("process", "thread", "inline")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where definitions come from, as a command line says it, seen from the folder `start`."""

    start: Path
    file: str | None = None
    module: str | None = None
    location: str | None = None
    """The code location that is meant, of a project that has several."""


def open_project(place: Place) -> projects.Project:
    """Find the project and make its home.

    Raises:
        UsageError: there is none, or its configuration is wrong.
    """
    project = projects.find_project(place.start, file=place.file, module=place.module, environ=os.environ)
    projects.make_home(project)
    return project


def open_ledger(project: projects.Project) -> sqlite.SqliteLedger:
    """Open the project's ledger.

    Raises:
        LedgerError: it cannot be opened.
    """
    from weft.stores import sqlite

    durability = cast("Any", project.settings.get("durability", "full"))
    return sqlite.SqliteLedger(project.home / LEDGER_FILE, durability=durability)


def open_world(place: Place, *, config_overrides: Mapping[str, Mapping[str, object]] | None = None) -> worlds.World:
    """Load the definitions, open the ledger beside them, and make what runs steps.

    Raises:
        UsageError, DefinitionsError, LedgerError: what stands in the way.
    """
    from weft.codehost import built
    from weft.worker import slots

    open_project(place)
    project = built.find(place.start, file=place.file, module=place.module, location=located(place))
    slots.set_home(project.home)
    loaded = built.load(project)
    ledger = open_ledger(project)
    return worlds.World(
        definitions=loaded.definitions,
        ledger=ledger,
        clock=clocks.SystemClock(),
        make_executor=lambda name, jobs, steps: make_executor(name, jobs, loaded, place, config_overrides or {}, steps),
        renew=_Renewal(project.home / LEDGER_FILE),
        sources_of=loaded.sources,
        reopen=lambda: open_ledger(project),
        root=project.root,
        home=project.home,
        user=login(),
        settings=settings_of(project),
    )


def located(place: Place) -> str | None:
    """The code location that is meant: the place's, else that of the environment; None for the project itself."""
    if place.location is not None or place.file is not None or place.module is not None:
        return place.location
    return os.environ.get("WEFT_LOCATION") or None


def root_of(place: Place) -> Path:
    """The root of the code that is meant; where its configuration is wrong, of the project.

    Raises:
        UsageError: there is no project.
    """
    from weft.codehost import built

    try:
        return built.find(place.start, file=place.file, module=place.module, location=located(place)).root
    except errors.UsageError:
        return open_project(place).root


def open_serving(place: Place) -> serving.Serving:
    """What gives the threads of a server their worlds; nothing of the project is imported.

    Raises:
        UsageError: there is no project, or its configuration is wrong.
    """
    from weft.service.server import serving

    project = open_project(place)
    return serving.Serving(
        lambda: open_ledger(project),
        root=project.root,
        home=project.home,
        settings=project.settings,
        world_settings=settings_of(project),
        user=login(),
        origin=origin_of(place, project),
    )


def origin_of(place: Place, project: projects.Project) -> setting_views.Origin:
    """Where the settings of a project come from, as a command line and its configuration say them."""
    from weft.service.server import setting_views

    flags: dict[str, tuple[str, Any]] = {}
    if place.file is not None or place.module is not None:
        flags["definitions"] = ("-m", place.module) if place.file is None else ("-f", place.file)
    file = project.file
    if file is not None and file.is_relative_to(project.root):
        file = file.relative_to(project.root)
    return setting_views.Origin(
        configuration=project.configuration,
        definitions=project.definitions or str(file or ""),
        flags=flags,
        settings=project.settings,
    )


def settings_of(project: projects.Project) -> worlds.Settings:
    """What a project's configuration says.

    Raises:
        UsageError: it names an executor that there is not.
    """
    known = {name: value for name, value in project.settings.items() if name in worlds.Settings.__dataclass_fields__}
    settings = worlds.Settings(**cast("dict[str, Any]", known))
    if settings.executor not in EXECUTORS:
        raise unknown_executor(settings.executor)
    return settings


def unknown_executor(name: str) -> errors.UsageError:
    """The error for an executor that there is not."""
    return errors.UsageError(f"There is no executor {name!r}.", remedy=f"Use one of: {', '.join(EXECUTORS)}.")


def make_executor(
    name: str,
    jobs: int | None,
    loaded: built.Loaded,
    place: Place,
    overrides: Mapping[str, Mapping[str, object]],
    steps: Collection[str] | None = None,
) -> executors.Executor:
    """Make an executor by its name, with the resources and configs that `steps` (None: all) ask for.

    Raises:
        UsageError: there is none of that name.
    """
    from weft.codehost import built as code

    definitions = code.load_to_run(loaded, overrides, steps)
    logs = loaded.project.home / LOGS_FOLDER
    secrets: list[str] = []
    if definitions.resources:  # pydantic comes with them, and takes longer than all else together
        from weft.define import resources

        secrets = sorted(resources.secret_values(definitions.resources.values()))
    if name == "inline":
        from weft.executors import inline

        return inline.InlineExecutor(definitions, logs_folder=logs, secrets=secrets)
    if name == "thread":
        from weft.executors import thread

        return thread.ThreadExecutor(definitions, jobs=jobs, logs_folder=logs, secrets=secrets)
    if name == "process":
        from weft.executors import process
        from weft.executors import settings as worker_settings

        loader = worker_settings.Loader(
            reference="weft.codehost.built:load_in_worker",
            arguments={
                "start": str(place.start),
                "file": place.file,
                "module": place.module,
                "overrides": {step: dict(values) for step, values in overrides.items()},
                "steps": sorted(steps) if steps is not None else None,
                "location": located(place),
            },
        )
        return process.ProcessExecutor(definitions, jobs=jobs, loader=loader, logs_folder=logs, secrets=secrets)
    raise unknown_executor(name)


def login() -> str:
    """The name of the person at the keyboard, as far as the machine knows it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without an entry for this user
        return f"uid {os.getuid()}"


def renewal(home: Path) -> Callable[[ledgers.Lease, int], bool]:
    """What renews leases in the ledger of a home, from any thread."""
    return _Renewal(home / LEDGER_FILE)


class _Renewal:
    """Renews leases for a heartbeat's thread, through a connection of its own that is opened when first needed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ledger: sqlite.SqliteLedger | None = None
        self._lock = threading.Lock()

    def __call__(self, lease: ledgers.Lease, expires: int) -> bool:
        from weft.stores import sqlite

        with self._lock:
            if self._ledger is None:
                self._ledger = sqlite.SqliteLedger(self._path)
            return self._ledger.renew_lease(lease, expires)
