"""Loading the user's definitions: importing the project's file, module or package, and telling all that fails.

A package counts with all its submodules, so that assets anywhere in it are found. Everything that fails gives a
diagnostic, at the innermost line of the project's own code: once, however many modules import what fails. Loading
again in the same process sees the edits made since.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import pkgutil
import site
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from weft.codehost import importing, ownership
from weft.codehost import project as projects
from weft.model import diagnostics

_RELOADABLE = (importlib.machinery.SourceFileLoader, importing.ProjectLoader, importlib.machinery.NamespaceLoader)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedModules:
    """The modules whose definitions count, in the order of import; a package before its submodules."""

    modules: tuple[ModuleType, ...]
    project: projects.Project

    @property
    def names(self) -> tuple[str, ...]:
        """Return the modules' names in `sys.modules`."""
        return tuple(module.__name__ for module in self.modules)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failure:
    """A module that could not be imported, and what was raised."""

    module: str
    error: BaseException


def load_namespace(project: projects.Project) -> LoadedModules:
    """Import the project's definitions, afresh: modules of the project that were imported before are imported again.

    Changes `sys.path`, `sys.modules` and `sys.meta_path` of this process. A file is known by the name of its stem
    (inside a package, by its dotted name), the same in every process.

    Raises:
        DefinitionsError: with one diagnostic for each cause for which modules cannot be imported.
    """
    owned = ownership.Ownership(project.root)
    importing.install(owned.root)
    for folder in reversed(project.import_path):
        _put_on_path(folder)
    _forget(owned)
    importlib.invalidate_caches()
    loaded: list[ModuleType] = []
    problems: list[_Failure] = []
    if project.file is not None:
        name, folder = module_name_of(project.file, owned)
        _put_on_path(folder)
        _collect(name, project.file, loaded, problems, owned)
    else:
        assert project.definitions is not None
        _collect(project.definitions, None, loaded, problems, owned)
    if problems:
        raise diagnostics.DefinitionsError(_roots(problems, owned))
    return LoadedModules(modules=tuple(loaded), project=project)


def module_name_of(file: Path, owned: ownership.Ownership) -> tuple[str, Path]:
    """Return the name under which a file is imported, and the folder that belongs on the import path for it.

    It is the stem, or inside a package the dotted name from the outermost package on. A stem that an installed module
    has already gets `_file` appended, so that it hides no library.
    """
    file = file.resolve()
    parts = [] if file.stem == "__init__" else [file.stem]
    folder = file.parent
    while (folder / "__init__.py").is_file() and folder.name.isidentifier() and folder != folder.parent:
        parts.insert(0, folder.name)
        folder = folder.parent
    first = "".join(letter if letter.isalnum() else "_" for letter in parts[0])
    if len(parts) == 1 and _is_taken(first, owned):
        first += "_file"
    return ".".join([first, *parts[1:]]), folder


def _is_taken(name: str, owned: ownership.Ownership) -> bool:
    if name in sys.stdlib_module_names or ownership.is_own_package(name) or name == "__main__":
        return True
    # Only what is installed counts: the name is part of code versions, and must not depend on the working directory,
    # on PYTHONPATH, or on what else this process has loaded.
    try:
        spec = importlib.machinery.PathFinder.find_spec(name, _installed_libraries())
    except (ImportError, ValueError):
        return False
    return spec is not None and spec.origin is not None and not owned.owns_file(spec.origin)


def _installed_libraries() -> list[str]:
    """The folders of this environment in which libraries are installed."""
    folders = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages()]
    return list(dict.fromkeys([*folders, site.getusersitepackages()]))


def _put_on_path(folder: Path) -> None:
    text = str(folder)
    if text not in sys.path:
        sys.path.insert(0, text)


def _forget(owned: ownership.Ownership) -> None:
    """Drop the project's modules from `sys.modules`, but not the main program, nor what a test runner loaded."""
    for name, module in list(sys.modules.items()):
        if name == "__main__" or not isinstance(module, ModuleType) or not owned.owns_module(module):
            continue
        if type(getattr(getattr(module, "__spec__", None), "loader", None)) in _RELOADABLE:
            del sys.modules[name]


def _collect(
    name: str,
    file: Path | None,
    loaded: list[ModuleType],
    problems: list[_Failure],
    owned: ownership.Ownership,
) -> None:
    """Import one module and, if it is a package, all below it; note failures and go on."""
    try:
        module = _import(name, file)
    except (Exception, SystemExit) as error:
        problems.append(_Failure(module=name, error=error))
        return
    loaded.append(module)
    if hasattr(module, "__path__"):
        for submodule in _submodules(module):
            _collect(submodule, None, loaded, problems, owned)


def _import(name: str, file: Path | None) -> ModuleType:
    if file is None or "." in name:
        return importlib.import_module(name)
    is_package = file.name == "__init__.py"
    loader = importing.ProjectLoader(name, str(file))
    spec = importlib.util.spec_from_file_location(
        name, file, loader=loader, submodule_search_locations=[str(file.parent)] if is_package else None
    )
    if spec is None:
        raise ImportError(f"{file} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    # A module may put another object in its place, as it may under `import`.
    return sys.modules.get(name, module)


def _submodules(package: ModuleType) -> Iterator[str]:
    """Yield the full names of what lies directly in a package, sorted; `__main__` is a program, not a part."""
    for name in sorted({info.name for info in pkgutil.iter_modules(package.__path__)}):
        if name != "__main__":
            yield f"{package.__name__}.{name}"


def _roots(failures: list[_Failure], owned: ownership.Ownership) -> list[diagnostics.Diagnostic]:
    """Tell each cause once, of the module in which it lies if that is among those that failed.

    What is imported by many modules and fails does so for each of them, with the same error at the same line.
    """
    found: dict[object, diagnostics.Diagnostic] = {}
    for each in failures:
        told = diagnose(each.module, each.error, owned)
        root = (told.location, type(each.error), str(each.error)) if told.location is not None else object()
        if root not in found or _lies_in(told.location, each.module):
            found[root] = told
    return list(found.values())


def _lies_in(location: diagnostics.SourceLocation | None, module: str) -> bool:
    if location is None:
        return False
    file = Path(location.file).with_suffix("")
    own = file.parent if file.name == "__init__" else file
    parts = tuple(module.split("."))
    return own.parts[-len(parts) :] == parts


def diagnose(name: str, error: BaseException, owned: ownership.Ownership) -> diagnostics.Diagnostic:
    """Return the diagnostic of a module that cannot be imported, at the innermost line of the project's own code."""
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, SystemExit):
        text = f"it ends the program as it is imported (SystemExit: {error.code})"
    if (
        isinstance(error, ModuleNotFoundError)
        and error.name
        and (name == error.name or name.startswith(error.name + "."))
    ):
        return diagnostics.Diagnostic(
            code="module-not-found",
            message=f"There is no module {name!r}.",
            remedy=f"Check `definitions` or -m; modules are looked for in {owned.root} and its src folder.",
        )
    return diagnostics.Diagnostic(
        code="import-failed",
        message=f"The module {name!r} cannot be imported: {text.rstrip('.')}.",
        remedy=_remedy(error),
        location=_location(error, owned),
    )


def _remedy(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"Install the package that has {error.name!r} into this environment, or correct the import."
    if isinstance(error, SyntaxError):
        return "Correct the syntax."
    return "Correct that line, or what it calls."


def _location(error: BaseException, owned: ownership.Ownership) -> diagnostics.SourceLocation | None:
    if isinstance(error, SyntaxError) and error.filename and error.lineno and owned.owns_file(error.filename):
        return diagnostics.SourceLocation(file=error.filename, line=error.lineno)
    innermost = None
    for frame, line in traceback.walk_tb(error.__traceback__):
        if owned.owns_file(frame.f_code.co_filename):
            innermost = diagnostics.SourceLocation(file=frame.f_code.co_filename, line=line)
    return innermost
