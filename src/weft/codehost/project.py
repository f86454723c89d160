"""Finding the project: its root, where its definitions are, its settings and its home folder.

Definitions come from a file, from a module, or from the configuration found upwards: `definitions` in `weft.toml`, or
in the table `[tool.weft]` of `pyproject.toml`. The folder that holds the configuration is the root; `.weft` beside it
is the home.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from weft.codehost import server_settings
from weft.model import errors

HOME_NAME = ".weft"
HOME_VARIABLE = "WEFT_HOME"

SETTINGS: Mapping[str, type | tuple[str, ...]] = {
    "definitions": str,
    "code_changes": ("stale", "forward_only", "ask"),
    "executor": str,
    "jobs": int,
    "on_failure": ("keep_going", "fail_fast"),
    "durability": ("full", "normal"),
    "storage": str,
    "keep_versions": int,
    "keep_runs": int,
    "pools": dict,
    "queue": dict,
    "alerts": dict,
    "resources": dict,
    "config": dict,
    "connections": dict,
    "locations": dict,
    "server": dict,
    "scheduler": dict,
}
"""The settings that a project may have, each with its type or with the words that it may be."""

KNOWN_SETTINGS: frozenset[str] = frozenset(SETTINGS)

_MODULE_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project as found on disk; nothing in it has been imported.

    One of `definitions` (a module or package, dotted) and `file` (absolute) is set, or neither where the configuration
    has several code locations alone. `root` and `home` are absolute. `settings` has what the configuration says,
    checked, without `definitions`. `configuration` is the file that says it.
    """

    root: Path
    definitions: str | None
    file: Path | None
    home: Path
    settings: Mapping[str, object] = field(default_factory=dict)
    configuration: Path | None = None

    @property
    def import_path(self) -> tuple[Path, ...]:
        """Return the folders to put on the import path, first one first: `src` if there is one, and the root."""
        source = self.root / "src"
        return (source, self.root) if source.is_dir() else (self.root,)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Configuration:
    path: Path
    table: Mapping[str, object]


def find_project(
    start: Path,
    *,
    file: Path | str | None = None,
    module: str | None = None,
    environ: Mapping[str, str] | None = None,
    known_settings: Collection[str] = KNOWN_SETTINGS,
) -> Project:
    """Find the project that `start` (the working directory) lies in, or that `file` or `module` gives.

    With `file` the search upwards starts at its folder, which is the root when nothing is found; with `module` it
    starts at `start` likewise. `WEFT_HOME` in `environ` overrides the home folder. Nothing is written and nothing is
    imported.

    Raises:
        UsageError: both `file` and `module` are given, no definitions can be found, or the configuration is wrong.
    """
    start = start.resolve()
    if file is not None and module is not None:
        raise errors.UsageError(
            f"Definitions are given twice: the file {str(file)!r} and the module {module!r}.",
            remedy="Give one of them: -f FILE or -m MODULE.",
        )
    if file is not None:
        path = existing_file(start / file, given=f"-f {file}")
        return _project(path.parent, definitions=None, file=path, start=start, environ=environ, known=known_settings)
    if module is not None:
        name = module_name(module, given=f"-m {module}")
        return _project(start, definitions=name, file=None, start=start, environ=environ, known=known_settings)
    found = next(_configurations_upwards(start), None)
    if found is None:
        raise errors.UsageError(
            f"No definitions found: neither {str(start)!r} nor a folder above it has a weft.toml, "
            f"or a pyproject.toml with a table [tool.weft].",
            remedy='Give them as -f FILE, as -m MODULE, or as `definitions = "package.module"` in weft.toml or in '
            "[tool.weft] of pyproject.toml. `weft init` makes a project that has all of it.",
        )
    settings = _checked(found, known_settings)
    definitions = settings.pop("definitions", None)
    root = found.path.parent
    if definitions is None and settings.get("locations"):
        return Project(
            root=root,
            definitions=None,
            file=None,
            home=_home(root, start, environ),
            settings=settings,
            configuration=found.path,
        )
    if definitions is None:
        raise errors.UsageError(
            f"{found.path} names no definitions.",
            remedy='Add `definitions = "package.module"` to it, or give -f FILE or -m MODULE.',
        )
    given = f"`definitions` in {found.path}"
    named_file = str(definitions).endswith(".py")
    return Project(
        root=root,
        definitions=None if named_file else module_name(str(definitions), given=given),
        file=existing_file(root / str(definitions), given=given) if named_file else None,
        home=_home(root, start, environ),
        settings=settings,
        configuration=found.path,
    )


def make_home(project: Project) -> Path:
    """Make the project's home folder if it is missing, with a `.gitignore` that keeps it out of Git, and return it.

    Raises:
        UsageError: the folder cannot be made.
    """
    try:
        project.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        ignore = project.home / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise errors.UsageError(
            f"The folder {str(project.home)!r}, weft's ledger and outputs, cannot be made: {error.strerror}.",
            remedy=f"Make it writable, or set {HOME_VARIABLE} to a folder that is.",
        ) from error
    return project.home


def _project(
    folder: Path,
    *,
    definitions: str | None,
    file: Path | None,
    start: Path,
    environ: Mapping[str, str] | None,
    known: Collection[str],
) -> Project:
    """Return the project of definitions given by hand, rooted at the nearest marked folder from `folder` up."""
    for candidate in (folder, *folder.parents):
        found = _configuration_in(candidate)
        if found is None and not (candidate / HOME_NAME).is_dir():
            continue
        settings = _checked(found, known) if found else {}
        settings.pop("definitions", None)
        settings.pop("locations", None)
        return Project(
            root=candidate,
            definitions=definitions,
            file=file,
            home=_home(candidate, start, environ),
            settings=settings,
            configuration=found.path if found else None,
        )
    return Project(root=folder, definitions=definitions, file=file, home=_home(folder, start, environ))


def _home(root: Path, start: Path, environ: Mapping[str, str] | None) -> Path:
    given = (environ or {}).get(HOME_VARIABLE)
    return (start / Path(given).expanduser()).resolve() if given else root / HOME_NAME


def existing_file(path: Path, *, given: str) -> Path:
    """The absolute path of a Python file; `given` is how it was named, for the message.

    Raises:
        UsageError: there is none.
    """
    path = path.resolve()
    if path.is_dir():
        raise errors.UsageError(
            f"{given}: {str(path)!r} is a folder.", remedy="Name a Python file, or a package with -m."
        )
    if not path.is_file():
        raise errors.UsageError(f"{given}: there is no file {str(path)!r}.", remedy="Check the path.")
    if path.suffix != ".py":
        raise errors.UsageError(f"{given}: {path.name!r} is not a Python file.", remedy="Name a file that ends in .py.")
    return path


def module_name(name: str, *, given: str) -> str:
    """The name of a module, as it is; `given` is how it was named, for the message.

    Raises:
        UsageError: it is none.
    """
    if name.endswith(".py"):
        raise errors.UsageError(f"{given}: {name!r} is a file, not a module.", remedy=f"Give it as -f {name}.")
    if not _MODULE_NAME.fullmatch(name):
        raise errors.UsageError(
            f"{given}: {name!r} is not the name of a module.", remedy="Write it with dots, such as package.module."
        )
    return name


def _configurations_upwards(start: Path) -> Iterator[_Configuration]:
    for folder in (start, *start.parents):
        found = _configuration_in(folder)
        if found is not None:
            yield found


def _configuration_in(folder: Path) -> _Configuration | None:
    """Return the configuration that stands in `folder`, or None; two of them are an error."""
    own, shared = folder / "weft.toml", folder / "pyproject.toml"
    table: object = None
    if shared.is_file():
        tool = _toml(shared).get("tool", {})
        table = tool.get("weft") if isinstance(tool, dict) else None
        if table is not None and not isinstance(table, dict):
            raise errors.UsageError(f"{shared}: tool.weft is not a table.", remedy="Write it as [tool.weft].")
    if own.is_file():
        if table is not None:
            raise errors.UsageError(
                f"{folder} is configured twice: in weft.toml and in [tool.weft] of pyproject.toml.",
                remedy="Keep one of them.",
            )
        return _Configuration(path=own, table=_toml(own))
    return _Configuration(path=shared, table=table) if isinstance(table, dict) else None


def _toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        text = str(error)
        line = re.search(r"line (\d+)", text)
        place = f"{path}:{line.group(1)}" if line else f"{path}, at its end"
        raise errors.UsageError(f"{place}: not valid TOML: {text}.", remedy="Correct the file.") from error
    except UnicodeDecodeError as error:
        raise errors.UsageError(f"{path}: not UTF-8 text: {error.reason}.", remedy="Save it as UTF-8.") from error
    except OSError as error:
        raise errors.UsageError(f"{path} cannot be read: {error.strerror}.", remedy="Check its permissions.") from error


def _checked(configuration: _Configuration, known: Collection[str]) -> dict[str, object]:
    """Return the settings of a configuration; raise one UsageError that tells all that is wrong with them."""
    problems: list[str] = []
    for key, value in configuration.table.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(known))}."
            problems.append(f"unknown setting {key!r}: {hint}")
        elif key in SETTINGS and (problem := _problem_with(key, value)):
            problems.append(problem)
    if problems:
        raise errors.UsageError(f"{configuration.path}: " + "; ".join(problems), remedy="docs/settings.md lists them.")
    return dict(configuration.table)


def _problem_with(key: str, value: object) -> str | None:
    expected = SETTINGS[key]
    if isinstance(expected, tuple):
        if value in expected:
            return None
        near = difflib.get_close_matches(str(value), expected, n=1, cutoff=0.5)
        return f"{key} is {value!r}, but must be one of {', '.join(expected)}" + (
            f"; did you mean {near[0]!r}?" if near else "."
        )
    if not isinstance(value, expected) or isinstance(value, bool):
        return f"{key} is {value!r}, but must be {_KINDS[expected]}."
    check = _LIMITS.get(key)
    return None if check is None else check(value)


def _at_least_one(key: str) -> Callable[[object], str | None]:
    def check(value: object) -> str | None:
        return None if isinstance(value, int) and value >= 1 else f"{key} is {value!r}, but must be at least 1."

    return check


def _tables(key: str) -> Callable[[object], str | None]:
    def check(value: object) -> str | None:
        assert isinstance(value, Mapping)
        wrong = [name for name, fields in value.items() if not isinstance(fields, Mapping)]
        return f"{key}.{wrong[0]} is {value[wrong[0]]!r}, but must be a table: [{key}.{wrong[0]}]." if wrong else None

    return check


def _slots(key: str) -> Callable[[object], str | None]:
    def check(value: object) -> str | None:
        assert isinstance(value, Mapping)
        for name, slots in value.items():
            if not isinstance(slots, int) or isinstance(slots, bool) or slots < 1:
                return f"{key}.{name} is {slots!r}, but must be how many slots the pool has: 1 or more."
        return None

    return check


def _limits(key: str, given: Mapping[str, object]) -> str | None:
    wrong = [
        f"{key}.{name} is {limit!r}, but must be how many runs may be under way: 1 or more."
        for name, limit in given.items()
        if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1
    ]
    return "; ".join(wrong) or None


def _queue(value: object) -> str | None:
    assert isinstance(value, Mapping)
    known = ("max_runs", "tag_limits", "priorities")
    problems = []
    for name, given in value.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}."
            problems.append(f"unknown setting queue.{name}: {hint}")
        elif name == "max_runs":
            problem = _at_least_one("queue.max_runs")(None if isinstance(given, bool) else given)
            problems += [problem] if problem else []
        elif not isinstance(given, Mapping):
            problems.append(f"queue.{name} is {given!r}, but must be a table: [queue.{name}].")
        elif name == "tag_limits":
            problem = _limits("queue.tag_limits", given)
            problems += [problem] if problem else []
        else:
            problems += [
                f"queue.priorities.{each} is {one!r}, but must be a whole number; the highest goes first."
                for each, one in given.items()
                if not isinstance(one, int) or isinstance(one, bool)
            ]
    return "; ".join(problems) or None


_KINDS: Mapping[type, str] = {str: "text", int: "a whole number", dict: "a table"}
_LIMITS: Mapping[str, Callable[[object], str | None]] = {
    "jobs": _at_least_one("jobs"),
    "keep_versions": _at_least_one("keep_versions"),
    "keep_runs": _at_least_one("keep_runs"),
    "pools": _slots("pools"),
    "queue": _queue,
    "server": server_settings.problem,
    "resources": _tables("resources"),
    "config": _tables("config"),
}
