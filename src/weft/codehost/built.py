"""From a project on disk to its built definitions: imported, fingerprinted and checked as a whole.

The driver and each spawned worker do this for themselves, so that the code version is taken in the process that runs
the code.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import cast

from weft.codehost import fingerprint, loading, locations, runnable
from weft.codehost import project as projects
from weft.connections import places as connection_places
from weft.define import bodies, build
from weft.model import code, errors, policies
from weft.ports import garbage
from weft.storage import places, typed

LOCATION_VARIABLE = "WEFT_LOCATION"
"""The environment variable that says which code location a command line means."""


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A project's definitions, with what took their fingerprints (it knows the sources)."""

    project: projects.Project
    definitions: bodies.BuiltDefinitions
    fingerprinter: fingerprint.Fingerprinter

    def sources(self, manifest: code.CodeManifest) -> Mapping[str, str]:
        """The source text behind each entry of a manifest."""
        return self.fingerprinter.sources(manifest)


def load(project: projects.Project) -> Loaded:
    """Import a project and build what it defines.

    Raises:
        DefinitionsError: with everything that is wrong.
    """
    if project.definitions is None and project.file is None:
        raise errors.UsageError(
            f"{project.configuration} has code locations, and no definitions of its own.",
            remedy=f"Say which location: set {LOCATION_VARIABLE} to its name. `weft dev` serves all of them.",
        )
    connection_places.settle(project.configuration, project.home)
    changes = cast("policies.CodeChanges", project.settings.get("code_changes", "stale"))
    with garbage.held():
        with places.relative_to(project.root):
            modules = loading.load_namespace(project)
        fingerprinter = fingerprint.Fingerprinter(project.root)
        definitions = build.build(
            _objects(modules.modules),
            fingerprint=fingerprinter.manifest,
            default_io=typed.TypedStorage(storage_root(project)),
            code_changes=changes,
        )
    return Loaded(project=project, definitions=definitions, fingerprinter=fingerprinter)


def find(start: Path, *, file: str | None, module: str | None, location: str | None) -> projects.Project:
    """The project that is meant: of its code locations the named one, or the only one where it has no definitions else.

    Raises:
        UsageError: there is none, or its configuration is wrong.
    """
    project = projects.find_project(start, file=file, module=module, environ=os.environ)
    if location is not None:
        return locations.location_project(project, location)
    if project.definitions is None and project.file is None:
        known = locations.locations(project)
        if len(known) > 1:
            raise errors.UsageError(
                f"{project.configuration} has {len(known)} code locations: {', '.join(known)}.",
                remedy=f"Say which: set {LOCATION_VARIABLE} to its name. `weft dev` serves all of them.",
            )
        return next(iter(known.values())).project
    return project


def storage_root(project: projects.Project) -> str | Path:
    """Where outputs are kept: the setting `storage` (a URL or a path), else `data` in the home."""
    setting = project.settings.get("storage")
    if setting is None:
        return project.home / "data"
    text = str(setting)
    return text if "://" in text else project.root / text


def load_to_run(
    loaded: Loaded,
    overrides: Mapping[str, Mapping[str, object]] | None = None,
    steps: Collection[str] | None = None,
) -> bodies.BuiltDefinitions:
    """The definitions with the values of their resources and configs; see `runnable.ready`."""
    settings, configuration = loaded.project.settings, loaded.project.configuration
    tables = {name: settings[name] for name in ("resources", "config") if name in settings}
    if configuration is None or not tables:
        return runnable.ready(loaded.definitions, overrides=overrides, steps=steps)
    from weft.define import sources

    files = (sources.File(configuration.name, tables),)
    return runnable.ready(loaded.definitions, files=files, overrides=overrides, steps=steps)


def load_in_worker(
    start: str,
    file: str | None,
    module: str | None,
    overrides: dict[str, dict[str, object]],
    steps: list[str] | None,
    location: str | None = None,
) -> bodies.BuiltDefinitions:
    """Load the same project in another process; the arguments are those that the driver's process was given."""
    loaded = load(find(Path(start), file=file, module=module, location=location))
    return load_to_run(loaded, overrides, steps)


def _objects(modules: tuple[ModuleType, ...]) -> Iterator[tuple[str, object]]:
    for module in modules:
        yield from list(vars(module).items())
