"""Code locations: which definitions a project serves, each loaded by an interpreter of its own.

They are tables `[locations.NAME]` in the configuration, with `definitions` (a module, or a file ending in `.py`),
`root` (the folder with the code, relative to the project's) and `python` (the interpreter). Without any, the project
itself is the one location `main`.
"""

from __future__ import annotations

import difflib
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from weft.codehost import project as projects
from weft.model import errors

MAIN = "main"
_FIELDS = ("definitions", "root", "python")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,99}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """One code location. `project` is what its interpreter `python` (absolute) loads, with the ledger of them all."""

    name: str
    project: projects.Project
    python: Path

    @property
    def source(self) -> str:
        """Where it is read from, as people read it."""
        what = self.project.definitions or (self.project.file.name if self.project.file is not None else "")
        told = f"{what} in {self.project.root}"
        return told if self.python == Path(sys.executable) else f"{told}, by {self.python}"

    @property
    def watched(self) -> tuple[Path, ...]:
        """The folders in which a change is a change of its code."""
        folders = [self.project.root]
        if self.project.file is not None and not self.project.file.is_relative_to(self.project.root):
            folders.append(self.project.file.parent)
        return tuple(folders)


def locations(project: projects.Project) -> dict[str, Location]:
    """The code locations of a project, by name.

    Raises:
        UsageError: the configuration of one is wrong; all that is wrong is told at once.
    """
    tables = project.settings.get("locations")
    if not isinstance(tables, Mapping) or not tables:
        return {MAIN: Location(name=MAIN, project=project, python=Path(sys.executable))}
    problems: list[str] = []
    found: dict[str, Location] = {}
    for name, table in tables.items():
        made = _location(project, name, table, problems)
        if made is not None:
            found[name] = made
    same: dict[tuple[object, ...], str] = {}
    for name, each in found.items():
        code = (each.project.root, each.project.definitions, each.project.file)
        if code in same:
            problems.append(f"locations.{name} and locations.{same[code]} have the same definitions: {each.source}.")
        same.setdefault(code, name)
    if problems:
        raise errors.UsageError(
            f"{project.configuration}: " + "; ".join(problems),
            remedy="docs/settings.md lists what a location may have.",
        )
    return found


def location_project(project: projects.Project, name: str) -> projects.Project:
    """What a location of a project loads.

    Raises:
        UsageError: there is no such location, or its configuration is wrong.
    """
    known = locations(project)
    if name not in known:
        raise errors.UsageError(
            f"There is no code location {name!r}.", remedy=f"There are: {', '.join(known)}; see [locations]."
        )
    return known[name].project


def _location(project: projects.Project, name: str, table: object, problems: list[str]) -> Location | None:
    """One location, None where what is wrong with it has been added to `problems`."""
    before = len(problems)
    where = f"locations.{name}"
    if not _NAME.match(name):
        problems.append(f"{where}: {name!r} is no name: letters, digits, '_', '-' and '.' after a letter or '_'.")
    if not isinstance(table, Mapping):
        problems.append(f"{where} is {table!r}, but must be a table: [{where}].")
        return None
    for key, value in table.items():
        if key not in _FIELDS:
            near = difflib.get_close_matches(key, _FIELDS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(_FIELDS)}."
            problems.append(f"unknown setting {where}.{key}: {hint}")
        elif not isinstance(value, str) or not value:
            problems.append(f"{where}.{key} is {value!r}, but must be text.")
    texts = {key: value for key, value in table.items() if key in _FIELDS and isinstance(value, str) and value}
    root = (project.root / Path(texts.get("root", ".")).expanduser()).resolve()
    if not root.is_dir():
        problems.append(f"{where}.root is {texts.get('root')!r}: there is no folder {root}.")
    python = _python(project, texts.get("python"), where, problems)
    definitions = texts.get("definitions")
    if "definitions" not in table:
        problems.append(f"{where} has no `definitions`: a module, or a file that ends in .py.")
    if len(problems) > before or definitions is None:
        return None
    file: Path | None = None
    try:
        given = f"{where}.definitions"
        if definitions.endswith(".py"):
            file = projects.existing_file(root / definitions, given=given)
        else:
            projects.module_name(definitions, given=given)
    except errors.UsageError as error:
        problems.append(error.message)
        return None
    storage = project.settings.get("storage")
    settings = dict(project.settings)
    if storage is not None and "://" not in str(storage):
        settings["storage"] = str(project.root / str(storage))  # one place for all locations
    made = replace(
        project, root=root, definitions=None if file is not None else definitions, file=file, settings=settings
    )
    return Location(name=name, project=made, python=python)


def _python(project: projects.Project, given: str | None, where: str, problems: list[str]) -> Path:
    if given is None:
        return Path(sys.executable)
    path = project.root / Path(given).expanduser()
    if path.is_dir() and (path / "bin" / "python").exists():  # the folder of a virtual environment
        path = path / "bin" / "python"
    path = Path(os.path.normpath(path))  # not resolved: a virtual environment's python is a link
    if not path.is_file():
        problems.append(f"{where}.python is {given!r}: there is no file {path}.")
    elif not os.access(path, os.X_OK):
        problems.append(f"{where}.python is {given!r}: {path} is no program that can be run.")
    return path
